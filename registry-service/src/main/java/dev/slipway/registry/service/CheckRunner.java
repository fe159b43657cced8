package dev.slipway.registry.service;

import dev.slipway.registry.check.Check;
import dev.slipway.registry.check.CheckCondition;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.check.ComparisonVerdict;
import dev.slipway.registry.check.Predecessor;
import dev.slipway.registry.check.ReportedCheck;
import dev.slipway.registry.check.RunField;
import dev.slipway.registry.check.SignatureVerdict;
import dev.slipway.registry.check.Verdict;
import dev.slipway.registry.store.ReportedCheckStore;
import dev.slipway.registry.upstream.CallContext;
import dev.slipway.registry.upstream.RunLookup;
import dev.slipway.registry.upstream.RunValues;
import dev.slipway.registry.upstream.ServingLookup;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.RunId;
import dev.slipway.runtime.error.ServiceException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.Callable;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs the checks of a policy for a version. Asks the tracking and the serving service, so no
 * transaction may be open. A check that cannot be run is an {@link CheckOutcome#ERROR} of its own
 * and no failure of the others. Thread-safe.
 */
public final class CheckRunner implements AutoCloseable {
  /** How long all checks of one version may take together. */
  static final Duration LIMIT = Duration.ofSeconds(90);

  /** Checks that run at a time, over all calls; each mostly waits for another service. */
  private static final int THREADS = 16;

  private static final int MAX_WAITING = 1024;

  private static final Logger log = LoggerFactory.getLogger(CheckRunner.class);

  private final ReportedCheckStore reported;
  private final RunLookup runs;
  private final ServingLookup serving;
  private final Clock clock;
  private final ExecutorService threads = threads();

  /** Creates a runner. */
  public CheckRunner(
      ReportedCheckStore reported, RunLookup runs, ServingLookup serving, Clock clock) {
    this.reported = reported;
    this.runs = runs;
    this.serving = serving;
    this.clock = clock;
  }

  /**
   * Runs checks, and returns when all have a verdict or {@link #LIMIT} has passed.
   *
   * @param version read with its signature
   * @param predecessor what it is compared with; absent when there is nothing to compare with
   */
  public CheckReport run(
      List<Check> checks, ModelVersion version, Optional<Predecessor> predecessor) {
    if (checks.isEmpty()) {
      return new CheckReport(version.name(), version.number(), List.of());
    }
    Map<CheckName, ReportedCheck> verdicts = reported.list(version.name(), version.number());
    List<Callable<CheckResult>> tasks = new ArrayList<>();
    for (Check check : checks) {
      tasks.add(CallContext.carry(() -> result(check, version, predecessor, verdicts)));
    }
    List<CheckResult> results = new ArrayList<>();
    try {
      List<Future<CheckResult>> futures =
          threads.invokeAll(tasks, LIMIT.toMillis(), TimeUnit.MILLISECONDS);
      for (int i = 0; i < checks.size(); i++) {
        results.add(ended(checks.get(i), futures.get(i)));
      }
    } catch (InterruptedException e) {
      // The server stops; nobody will hear of it.
      Thread.currentThread().interrupt();
      return new CheckReport(
          version.name(),
          version.number(),
          checks.stream().map(check -> error(check, "was interrupted")).toList());
    }
    return new CheckReport(version.name(), version.number(), results);
  }

  private CheckResult ended(Check check, Future<CheckResult> future) throws InterruptedException {
    try {
      return future.get();
    } catch (CancellationException e) {
      return error(check, "did not end within " + LIMIT.toSeconds() + " seconds");
    } catch (ExecutionException e) {
      throw new IllegalStateException("a check ends with a verdict", e.getCause());
    }
  }

  private CheckResult result(
      Check check,
      ModelVersion version,
      Optional<Predecessor> predecessor,
      Map<CheckName, ReportedCheck> verdicts) {
    try {
      if (check.condition() instanceof CheckCondition.External external) {
        return ReportedCheck.decide(
            check.name(), external, Optional.ofNullable(verdicts.get(check.name())), now());
      }
      return verdict(check.condition(), version, predecessor).result(check.name(), now());
    } catch (ServiceException e) {
      log.debug("check {} of {} {}", check.name(), version.name(), version.number(), e);
      return error(check, e.getMessage());
    } catch (RuntimeException e) {
      log.error("check {} of {} {}", check.name(), version.name(), version.number(), e);
      return error(check, "failed unexpectedly; the registry's log has the details");
    }
  }

  private CheckResult error(Check check, String summary) {
    return Verdict.of(CheckOutcome.ERROR, summary).result(check.name(), now());
  }

  private Verdict verdict(
      CheckCondition condition, ModelVersion version, Optional<Predecessor> predecessor) {
    if (condition instanceof CheckCondition.Signature signature) {
      return SignatureVerdict.of(signature.mode(), version, predecessor);
    }
    if (condition instanceof CheckCondition.GoldenRequests golden) {
      return version
          .packageDigest()
          .map(digest -> serving.runGolden(version.name(), version.number(), digest))
          .map(outcome -> GoldenVerdict.of(golden, outcome))
          .orElseGet(
              () ->
                  Verdict.of(
                      CheckOutcome.FAILED, "the version has no package in the artifact service"));
    }
    if (condition instanceof CheckCondition.Metrics metrics) {
      return version
          .origin()
          .runId()
          .map(runId -> MetricVerdict.of(metrics.filter(), runId, runs))
          .orElseGet(() -> noRun(version));
    }
    return compare((CheckCondition.Comparison) condition, version, predecessor);
  }

  private Verdict compare(
      CheckCondition.Comparison condition,
      ModelVersion version,
      Optional<Predecessor> predecessor) {
    if (predecessor.isEmpty()) {
      return Verdict.of(CheckOutcome.PASSED, ComparisonVerdict.NOBODY);
    }
    ModelVersion before = predecessor.get().version();
    if (version.origin().runId().isEmpty()) {
      return noRun(version);
    }
    if (before.origin().runId().isEmpty()) {
      return noRun(before);
    }
    RunId own = version.origin().runId().get();
    RunId other = before.origin().runId().get();
    Optional<RunValues> values = find(own, condition);
    Optional<RunValues> others = find(other, condition);
    if (values.isEmpty() || others.isEmpty()) {
      return Verdict.of(
          CheckOutcome.MISSING,
          "the run " + (values.isEmpty() ? own : other).value() + " is not known");
    }
    return ComparisonVerdict.of(
        condition,
        value(values.get(), condition),
        predecessor.get(),
        value(others.get(), condition));
  }

  private Optional<RunValues> find(RunId runId, CheckCondition.Comparison condition) {
    return runs.find(runId, List.of(new RunField.Metric(condition.metricKey())));
  }

  private static OptionalDouble value(RunValues values, CheckCondition.Comparison condition) {
    Double value = values.metrics().get(condition.metricKey());
    return value == null ? OptionalDouble.empty() : OptionalDouble.of(value);
  }

  private static Verdict noRun(ModelVersion version) {
    return Verdict.of(
        CheckOutcome.MISSING, "version " + version.number() + " does not say which run made it");
  }

  private Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  /** With more checks than fit, whoever asks runs them by itself. */
  private static ExecutorService threads() {
    ThreadPoolExecutor threads =
        new ThreadPoolExecutor(
            THREADS,
            THREADS,
            1,
            TimeUnit.MINUTES,
            new ArrayBlockingQueue<>(MAX_WAITING),
            task -> {
              Thread thread = new Thread(task, "registry-checks");
              thread.setDaemon(true);
              return thread;
            },
            new ThreadPoolExecutor.CallerRunsPolicy());
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /** Ends the threads, and interrupts what they still wait for; none uses the database. */
  @Override
  public void close() {
    var unused = threads.shutdownNow();
  }
}
