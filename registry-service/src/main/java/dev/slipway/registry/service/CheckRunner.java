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
import dev.slipway.registry.upstream.ServingLookup.GoldenOutcome;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.RunId;
import dev.slipway.runtime.error.ServiceException;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
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
  private final ExecutorService threads;

  /** Creates a runner. */
  public CheckRunner(
      ReportedCheckStore reported, RunLookup runs, ServingLookup serving, Clock clock) {
    this(reported, runs, serving, clock, threads());
  }

  /** Creates a runner that asks on given threads, and ends them. */
  CheckRunner(
      ReportedCheckStore reported,
      RunLookup runs,
      ServingLookup serving,
      Clock clock,
      ExecutorService threads) {
    this.reported = reported;
    this.runs = runs;
    this.serving = serving;
    this.clock = clock;
    this.threads = threads;
  }

  /**
   * Runs checks, and returns when all have a verdict or {@link #LIMIT} has passed. Checks that ask
   * the same share one answer.
   *
   * @param version read with its signature
   * @param predecessor what it is compared with; absent when there is nothing to compare with
   */
  public CheckReport run(
      List<Check> checks, ModelVersion version, Optional<Predecessor> predecessor) {
    if (checks.isEmpty()) {
      return new CheckReport(version.name(), version.number(), List.of());
    }
    long end = System.nanoTime() + LIMIT.toNanos();
    Map<CheckName, ReportedCheck> verdicts = reported.list(version.name(), version.number());
    Map<Object, Future<Answer>> asked = new HashMap<>();
    for (Check check : checks) {
      question(check.condition())
          .ifPresent(
              question ->
                  asked.computeIfAbsent(
                      question, same -> ask(check.condition(), version, predecessor)));
    }
    try {
      List<CheckResult> results = new ArrayList<>();
      for (Check check : checks) {
        Optional<Future<Answer>> answer = question(check.condition()).map(asked::get);
        results.add(
            answer.isPresent()
                ? answered(check, version, answer.get(), end)
                : decided(check, version, predecessor, verdicts));
      }
      return new CheckReport(version.name(), version.number(), results);
    } catch (InterruptedException e) {
      // The server stops; nobody will hear of it.
      Thread.currentThread().interrupt();
      return new CheckReport(
          version.name(),
          version.number(),
          checks.stream().map(check -> error(check, "was interrupted")).toList());
    } finally {
      asked.values().forEach(answer -> answer.cancel(true));
    }
  }

  /** Is what another service has answered; decides every check that has asked for it. */
  private interface Answer {
    Verdict decide(CheckCondition condition);
  }

  /** Returns what a check asks other services, equal for the same; absent: it asks none. */
  private static Optional<Object> question(CheckCondition condition) {
    if (condition instanceof CheckCondition.External
        || condition instanceof CheckCondition.Signature) {
      return Optional.empty();
    }
    return Optional.of(
        condition instanceof CheckCondition.GoldenRequests
            ? CheckCondition.GoldenRequests.class
            : condition);
  }

  private Future<Answer> ask(
      CheckCondition condition, ModelVersion version, Optional<Predecessor> predecessor) {
    try {
      return threads.submit(CallContext.carry(() -> answer(condition, version, predecessor)));
    } catch (RejectedExecutionException e) {
      return CompletableFuture.completedFuture(
          any -> Verdict.of(CheckOutcome.ERROR, "too many checks are waiting; try again later"));
    }
  }

  private Answer answer(
      CheckCondition condition, ModelVersion version, Optional<Predecessor> predecessor) {
    if (condition instanceof CheckCondition.GoldenRequests) {
      Optional<GoldenOutcome> outcome =
          version
              .packageDigest()
              .map(digest -> serving.runGolden(version.name(), version.number(), digest));
      return asked -> golden((CheckCondition.GoldenRequests) asked, outcome);
    }
    Verdict verdict =
        condition instanceof CheckCondition.Metrics metrics
            ? version
                .origin()
                .runId()
                .map(runId -> MetricVerdict.of(metrics.filter(), runId, runs))
                .orElseGet(() -> noRun(version))
            : compare((CheckCondition.Comparison) condition, version, predecessor);
    return asked -> verdict;
  }

  private static Verdict golden(
      CheckCondition.GoldenRequests condition, Optional<GoldenOutcome> outcome) {
    return outcome
        .map(found -> GoldenVerdict.of(condition, found))
        .orElseGet(
            () ->
                Verdict.of(
                    CheckOutcome.FAILED, "the version has no package in the artifact service"));
  }

  /**
   * Waits for an answer.
   *
   * @param end by {@link System#nanoTime}, when it is waited for no longer
   */
  private CheckResult answered(Check check, ModelVersion version, Future<Answer> answer, long end)
      throws InterruptedException {
    try {
      Answer found = answer.get(end - System.nanoTime(), TimeUnit.NANOSECONDS);
      return found.decide(check.condition()).result(check.name(), now());
    } catch (TimeoutException e) {
      return error(check, "did not end within " + LIMIT.toSeconds() + " seconds");
    } catch (ExecutionException e) {
      return failed(check, version, e.getCause());
    } catch (RuntimeException e) {
      return failed(check, version, e);
    }
  }

  /** Decides a check by what the registry has. */
  private CheckResult decided(
      Check check,
      ModelVersion version,
      Optional<Predecessor> predecessor,
      Map<CheckName, ReportedCheck> verdicts) {
    try {
      return check.condition() instanceof CheckCondition.External external
          ? ReportedCheck.decide(
              check.name(), external, Optional.ofNullable(verdicts.get(check.name())), now())
          : SignatureVerdict.of(
                  ((CheckCondition.Signature) check.condition()).mode(), version, predecessor)
              .result(check.name(), now());
    } catch (RuntimeException e) {
      return failed(check, version, e);
    }
  }

  /** Makes an error of a check that could not be run; unexpected ones are told in the log. */
  private CheckResult failed(Check check, ModelVersion version, Throwable cause) {
    if (cause instanceof ServiceException failure) {
      log.debug("check {} of {} {}", check.name(), version.name(), version.number(), failure);
      return error(check, failure.getMessage());
    }
    log.error("check {} of {} {}", check.name(), version.name(), version.number(), cause);
    return error(check, "failed unexpectedly; the registry's log has the details");
  }

  private CheckResult error(Check check, String summary) {
    return Verdict.of(CheckOutcome.ERROR, summary).result(check.name(), now());
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

  /** Refuses what is more than fits, so that nobody waits for longer than all may take. */
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
            });
    threads.allowCoreThreadTimeOut(true);
    return threads;
  }

  /** Ends the threads, and interrupts what they still wait for; none uses the database. */
  @Override
  public void close() {
    var unused = threads.shutdownNow();
  }
}
