package dev.slipway.registry.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.check.Check;
import dev.slipway.registry.check.CheckComparison;
import dev.slipway.registry.check.CheckCondition;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.check.NewCheckResult;
import dev.slipway.registry.check.Predecessor;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.store.ModelVersionStore;
import dev.slipway.registry.store.PackageHoldStore;
import dev.slipway.registry.store.RegisteredModelStore;
import dev.slipway.registry.store.RegistryTransactions;
import dev.slipway.registry.store.ReportedCheckStore;
import dev.slipway.registry.upstream.RunLookup;
import dev.slipway.registry.upstream.ServingLookup;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.NewModelVersion;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.VersionPackage;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.error.ErrorInterceptor;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.serving.v1.GoldenResult;
import dev.slipway.serving.v1.OutputDeviation;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.ValidateVersionRequest;
import dev.slipway.serving.v1.ValidateVersionResponse;
import dev.slipway.serving.v1.ValidationCheck;
import dev.slipway.tracking.TrackingConfig;
import dev.slipway.tracking.TrackingModule;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.SynchronousQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * Runs checks against a real tracking service, and a serving service that answers as it is told.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
final class CheckRunnerTest {
  private static final ModelName DIGITS = new ModelName("digits");
  private static final Caller ANNA = new Caller("anna", Set.of("audit"));
  private static final CheckName NAME = new CheckName("gate");
  private static final Sha256 DIGEST = new Sha256("a".repeat(64));

  private final ScriptedServing serving = new ScriptedServing();
  private final AtomicInteger holders = new AtomicInteger();
  private TrackingModule tracking;
  private Server server;
  private ManagedChannel channel;
  private ManagedChannel nobody;
  private Database database;
  private RegisteredModelStore models;
  private ModelVersionStore versions;
  private PackageHoldStore holds;
  private ReportedCheckStore reported;
  private CheckRunner runner;

  @BeforeAll
  void open(@TempDir Path folder) throws IOException {
    tracking =
        TrackingModule.open(
            new TrackingConfig(TestDatabases.h2(folder), TrackingConfig.DEFAULT_ARTIFACT_ROOT),
            new MetricRegistry(),
            Clock.systemUTC());
    String name = UUID.randomUUID().toString();
    InProcessServerBuilder builder =
        InProcessServerBuilder.forName(name).intercept(new ErrorInterceptor()).addService(serving);
    tracking.services().forEach(builder::addService);
    server = builder.build().start();
    tracking.start();
    channel = InProcessChannelBuilder.forName(name).build();
    nobody = InProcessChannelBuilder.forName(UUID.randomUUID().toString()).build();
    database =
        Database.open(
            TestDatabases.h2(folder), "registry", "db/migration/registry", new MetricRegistry());
    RegistryTransactions transactions =
        new RegistryTransactions(database, Clock.systemUTC(), revision -> {});
    models = new RegisteredModelStore(transactions);
    versions = new ModelVersionStore(transactions);
    holds = new PackageHoldStore(transactions);
    reported = new ReportedCheckStore(transactions);
    runner = runner(channel, channel);
    var unused =
        models.create(new NewRegisteredModel(DIGITS, "", "", Map.of()), Optional.empty(), ANNA);
  }

  private CheckRunner runner(ManagedChannel runs, ManagedChannel validations) {
    return new CheckRunner(
        reported,
        new RunLookup(runs),
        new ServingLookup(validations, Duration.ofMinutes(1)),
        Clock.systemUTC());
  }

  @BeforeEach
  void forget() {
    serving.answers.clear();
  }

  @AfterAll
  void close() {
    runner.close();
    channel.shutdownNow();
    nobody.shutdownNow();
    server.shutdownNow();
    tracking.close();
    database.close();
  }

  /** Registers a version; without an id its run is not known. */
  private ModelVersion version(Optional<RunId> runId) {
    String holder = "registry/registrations/" + holders.incrementAndGet();
    holds.begin(holder);
    ModelSignature signature =
        ModelSignature.parse(
            Optional.of("[{\"name\": \"age\", \"type\": \"long\"}]"),
            Optional.empty(),
            Optional.empty());
    return versions.create(
        new NewModelVersion(
            DIGITS,
            PackageSource.parse("mlflow-artifacts:/1/run/model"),
            runId,
            "",
            "",
            Map.of(),
            "",
            false,
            false),
        new ModelVersionStore.Registration(
            Optional.of("1/run/model"),
            runId,
            Optional.of(
                new VersionPackage(
                    holder,
                    DIGEST,
                    1,
                    Optional.of(
                        new VersionPackage.ModelFile(
                            List.of(), Optional.of(signature), Optional.empty()))))),
        Optional.empty(),
        ANNA);
  }

  private RunId run(Map<String, Double> metrics) {
    var stub = TrackingServiceGrpc.newBlockingStub(channel);
    String runId = stub.createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
    LogBatchRequest.Builder batch =
        LogBatchRequest.newBuilder()
            .setRunId(runId)
            .addParams(Param.newBuilder().setKey("lr").setValue("0.1"))
            .addParams(Param.newBuilder().setKey("my key").setValue("it's"))
            .addTags(Tag.newBuilder().setKey("team").setValue("vision"));
    metrics.forEach(
        (key, value) ->
            batch.addMetrics(Metric.newBuilder().setKey(key).setValue(value).setTimestampMs(1)));
    var unused = stub.logBatch(batch.build());
    return new RunId(runId);
  }

  private static List<Check> only(CheckCondition condition) {
    return List.of(new Check(NAME, condition));
  }

  private CheckResult check(CheckCondition condition, ModelVersion version) {
    return runner.run(only(condition), version, Optional.empty()).results().get(0);
  }

  private CheckResult checkFilter(String filter, Map<String, Double> metrics) {
    return check(new CheckCondition.Metrics(filter), version(Optional.of(run(metrics))));
  }

  @Test
  void metrics_tellOfEveryClauseWhatWasFound() {
    CheckResult result =
        checkFilter(
            "metrics.val_accuracy >= 0.95 and metrics.latency_ms < 20 and tags.team = 'vision'",
            Map.of("val_accuracy", 0.942, "latency_ms", 12.0));

    assertThat(result.outcome()).isEqualTo(CheckOutcome.FAILED);
    assertThat(result.reportedBy()).isEqualTo("slipway");
    assertThat(result.summary()).isEqualTo("metrics.val_accuracy 0.942 is not >= 0.95");
    assertThat(result.comparisons())
        .containsExactly(
            new CheckComparison("metrics.val_accuracy", ">= 0.95", "0.942", false),
            new CheckComparison("metrics.latency_ms", "< 20", "12", true),
            new CheckComparison("tags.team", "= 'vision'", "'vision'", true));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "metrics.a > 0.5                                      | PASSED",
        "metrics.a >= 1 and metrics.a <= 1                    | PASSED",
        "metrics.a != 1                                       | FAILED",
        "metrics.a > 5 or metrics.a = 1                       | PASSED",
        "not metrics.a > 5                                    | PASSED",
        "not (metrics.a = 1 and params.lr = '0.1')            | FAILED",
        "metrics.gone > 0                                     | FAILED",
        "metrics.a = 1 or metrics.gone > 0                    | FAILED",
        "metrics.a = 1 and not metrics.gone > 0               | FAILED",
        "metrics.nan > 0                                      | FAILED",
        "metrics.nan != 0                                     | FAILED",
        "not metrics.nan > 0                                  | FAILED",
        "metrics.`b c/d` < 2.5e-3                             | PASSED",
        "metrics.huge > 1e300                                 | PASSED",
        "params.lr < 0.2 and params.lr = '0.1'                | PASSED",
        "params.`my key` = \"it's\"                           | PASSED",
        "params.gone IS NULL and params.lr IS NOT NULL        | PASSED",
        "tags.team IN ('speech', 'vision')                    | PASSED",
        "tags.team NOT IN ('vision')                          | FAILED",
        "tags.team LIKE 'vis%' and tags.team ILIKE 'VISION'   | PASSED",
        "tags.gone != 'x'                                     | FAILED",
      })
  void metrics_meanWhatASearchForThemMeans(String filter, CheckOutcome outcome) {
    CheckResult result =
        checkFilter(
            filter, Map.of("a", 1.0, "nan", Double.NaN, "b c/d", 0.001, "huge", Double.MAX_VALUE));

    assertThat(result.outcome()).as(result.summary()).isEqualTo(outcome);
  }

  @Test
  void metrics_ofARunThatIsNotKnown_areMissing() {
    CheckCondition condition = new CheckCondition.Metrics("metrics.a > 1");

    CheckResult none = check(condition, version(Optional.empty()));
    CheckResult unknown = check(condition, version(Optional.of(new RunId("f".repeat(32)))));

    assertThat(none.outcome()).isEqualTo(CheckOutcome.MISSING);
    assertThat(unknown.outcome()).isEqualTo(CheckOutcome.MISSING);
    assertThat(unknown.summary()).contains("f".repeat(32));
  }

  @Test
  void comparison_isWithTheHoldersRun() {
    ModelVersion holder = version(Optional.of(run(Map.of("auc", 0.9))));
    ModelVersion better = version(Optional.of(run(Map.of("auc", 0.95))));
    ModelVersion worse = version(Optional.of(run(Map.of("auc", 0.85))));
    ModelVersion without = version(Optional.of(run(Map.of())));
    ModelVersion runless = version(Optional.empty());
    List<Check> checks =
        only(new CheckCondition.Comparison("auc", CheckCondition.Comparison.Goal.MAXIMIZE, 0.01));

    assertThat(compare(checks, better, holder)).isEqualTo(CheckOutcome.PASSED);
    assertThat(compare(checks, worse, holder)).isEqualTo(CheckOutcome.FAILED);
    assertThat(compare(checks, without, holder)).isEqualTo(CheckOutcome.FAILED);
    assertThat(compare(checks, better, without)).isEqualTo(CheckOutcome.MISSING);
    assertThat(compare(checks, better, runless)).isEqualTo(CheckOutcome.MISSING);
    assertThat(compare(checks, runless, holder)).isEqualTo(CheckOutcome.MISSING);
    assertThat(runner.run(checks, worse, Optional.empty()).passed()).isTrue();
  }

  private CheckOutcome compare(List<Check> checks, ModelVersion version, ModelVersion holder) {
    return runner.run(checks, version, holding(holder)).results().get(0).outcome();
  }

  private static Optional<Predecessor> holding(ModelVersion version) {
    return Optional.of(new Predecessor(version, false));
  }

  private static ValidateVersionResponse.Builder validated(GoldenResult... requests) {
    return ValidateVersionResponse.newBuilder()
        .setPackageDigest(DIGEST.hex())
        .addChecks(
            dev.slipway.serving.v1.CheckResult.newBuilder()
                .setCheck(ValidationCheck.VALIDATION_CHECK_LOAD)
                .setPassed(true))
        .addChecks(
            dev.slipway.serving.v1.CheckResult.newBuilder()
                .setCheck(ValidationCheck.VALIDATION_CHECK_GOLDEN)
                .setPassed(true)
                .addAllGolden(List.of(requests)));
  }

  private static GoldenResult golden(String name, boolean passed) {
    return GoldenResult.newBuilder()
        .setName(name)
        .setPassed(passed)
        .addOutputs(
            OutputDeviation.newBuilder()
                .setOutput("y")
                .setElements(10)
                .setMismatches(passed ? 0 : 3)
                .setMaxAbsolute(0.5))
        .build();
  }

  @Test
  void goldenRequests_areToldWithTheirDeviations() {
    serving.answers.add(validated(golden("seven", true), golden("nine", false)).build());
    ModelVersion version = version(Optional.empty());

    CheckResult result = check(new CheckCondition.GoldenRequests(false), version);

    assertThat(result.outcome()).isEqualTo(CheckOutcome.FAILED);
    assertThat(result.summary()).startsWith("1 of 2 golden requests failed: nine (y: 3 of 10");
    assertThat(result.comparisons())
        .extracting(CheckComparison::subject, CheckComparison::passed)
        .containsExactly(tuple("seven", true), tuple("nine", false));
    assertThat(serving.last.getModel()).isEqualTo("digits");
    assertThat(serving.last.getVersion()).isEqualTo(version.number().value());
  }

  @Test
  void goldenRequestsThatPass_pass() {
    serving.answers.add(validated(golden("seven", true)).build());

    CheckResult result = check(new CheckCondition.GoldenRequests(false), version(Optional.empty()));

    assertThat(result.passed()).as(result.summary()).isTrue();
  }

  @Test
  void packageWithoutGoldenRequests_passesWhereThatIsAllowed() {
    serving.answers.add(validated().build());
    serving.answers.add(validated().build());
    ModelVersion version = version(Optional.empty());

    assertThat(check(new CheckCondition.GoldenRequests(false), version).outcome())
        .isEqualTo(CheckOutcome.FAILED);
    assertThat(check(new CheckCondition.GoldenRequests(true), version).outcome())
        .isEqualTo(CheckOutcome.PASSED);
  }

  @Test
  void versionThatCannotBeLoaded_fails() {
    ValidateVersionResponse.Builder response = validated();
    response.getChecksBuilder(0).setPassed(false).setMessage("no engine opens it");
    serving.answers.add(response.build());

    CheckResult result = check(new CheckCondition.GoldenRequests(true), version(Optional.empty()));

    assertThat(result.outcome()).isEqualTo(CheckOutcome.FAILED);
    assertThat(result.summary()).contains("no engine opens it");
  }

  @Test
  void versionThatServingHasNotHeardOfYet_isWaitedFor() {
    serving.answers.add(Status.NOT_FOUND);
    serving.answers.add(validated().setPackageDigest("b".repeat(64)).build());
    serving.answers.add(validated(golden("seven", true)).build());

    CheckResult result = check(new CheckCondition.GoldenRequests(false), version(Optional.empty()));

    assertThat(result.passed()).as(result.summary()).isTrue();
  }

  @Test
  void servingThatHasNoRoom_isAnErrorThatSaysSo() {
    serving.answers.add(Status.RESOURCE_EXHAUSTED);

    CheckResult result = check(new CheckCondition.GoldenRequests(false), version(Optional.empty()));

    assertThat(result.outcome()).isEqualTo(CheckOutcome.ERROR);
    assertThat(result.summary()).contains("no room");
  }

  @Test
  void checkThatFailsUnexpectedly_isAnErrorOfItsOwn() {
    ModelVersion version = version(Optional.of(run(Map.of("a", 1.0))));
    Optional<Predecessor> unreadable = Optional.of(new Predecessor(null, false));
    CheckCondition signature = new CheckCondition.Signature(CheckCondition.Signature.Mode.FULL);

    CheckReport report =
        runner.run(
            List.of(
                new Check(new CheckName("signature"), signature),
                new Check(new CheckName("metrics"), new CheckCondition.Metrics("metrics.a = 1"))),
            version,
            unreadable);

    assertThat(report.results())
        .extracting(CheckResult::outcome)
        .containsExactly(CheckOutcome.ERROR, CheckOutcome.PASSED);
    assertThat(report.results().get(0).summary()).contains("the registry's log has the details");
  }

  @Test
  void servicesThatAreAway_areErrorsOfTheirOwnChecksAlone() {
    ModelVersion version = version(Optional.of(run(Map.of("a", 1.0))));
    List<Check> checks =
        List.of(
            new Check(new CheckName("metrics"), new CheckCondition.Metrics("metrics.a = 1")),
            new Check(new CheckName("golden"), new CheckCondition.GoldenRequests(false)),
            new Check(
                new CheckName("signature"),
                new CheckCondition.Signature(CheckCondition.Signature.Mode.FULL)));

    CheckReport servingAway;
    CheckReport allAway;
    try (CheckRunner first = runner(channel, nobody);
        CheckRunner second = runner(nobody, nobody)) {
      servingAway = first.run(checks, version, holding(version));
      allAway = second.run(checks, version, holding(version));
    }

    assertThat(servingAway.results())
        .extracting(CheckResult::outcome)
        .containsExactly(CheckOutcome.PASSED, CheckOutcome.ERROR, CheckOutcome.PASSED);
    assertThat(servingAway.results().get(1).summary()).contains("the serving service");
    assertThat(servingAway.passed()).isFalse();
    assertThat(allAway.results())
        .extracting(CheckResult::outcome)
        .containsExactly(CheckOutcome.ERROR, CheckOutcome.ERROR, CheckOutcome.PASSED);
  }

  @Test
  void externalCheck_isWhatWasReported() {
    ModelVersion version = version(Optional.empty());
    CheckCondition audited = new CheckCondition.External(Optional.empty(), List.of("audit"));
    CheckOutcome before = check(audited, version).outcome();

    var unused =
        reported.report(
            new NewCheckResult(
                DIGITS, version.number(), NAME, CheckOutcome.PASSED, "fine", "", List.of()),
            ANNA);

    assertThat(before).isEqualTo(CheckOutcome.MISSING);
    assertThat(check(audited, version).passed()).isTrue();
    assertThat(check(audited, version).reportedBy()).isEqualTo("anna");
    assertThat(
            check(new CheckCondition.External(Optional.empty(), List.of("lead")), version)
                .outcome())
        .isEqualTo(CheckOutcome.MISSING);
  }

  @Test
  void moreChecksThanThreads_allGetTheirVerdictsInOrder() {
    ModelVersion version = version(Optional.of(run(Map.of("a", 1.0))));
    List<Check> checks =
        IntStream.range(0, 32)
            .mapToObj(
                i ->
                    new Check(
                        new CheckName("c" + i),
                        new CheckCondition.Metrics("metrics.a " + (i % 2 == 0 ? "=" : ">") + " 1")))
            .toList();

    CheckReport report = runner.run(checks, version, Optional.empty());

    assertThat(report.results())
        .extracting(CheckResult::name)
        .isEqualTo(checks.stream().map(Check::name).toList());
    assertThat(report.results().stream().filter(CheckResult::passed)).hasSize(16);
  }

  @Test
  void checksThatAskTheSame_shareOneAnswer() {
    serving.answers.add(validated().build());
    List<Check> checks =
        IntStream.range(0, 32)
            .mapToObj(
                i ->
                    new Check(
                        new CheckName("g" + i), new CheckCondition.GoldenRequests(i % 2 == 0)))
            .toList();

    CheckReport report = runner.run(checks, version(Optional.empty()), Optional.empty());

    assertThat(report.results())
        .extracting(CheckResult::outcome)
        .startsWith(CheckOutcome.PASSED, CheckOutcome.FAILED, CheckOutcome.PASSED)
        .containsOnly(CheckOutcome.PASSED, CheckOutcome.FAILED);
    assertThat(serving.answers).isEmpty();
  }

  @Test
  void checksForWhichThereIsNoThread_areErrorsAtOnce_andThoseThatNeedNoneAreDecided() {
    CountDownLatch release = new CountDownLatch(1);
    ThreadPoolExecutor full =
        new ThreadPoolExecutor(1, 1, 1, TimeUnit.MINUTES, new SynchronousQueue<>());
    full.execute(() -> hold(release));
    ModelVersion version = version(Optional.empty());
    List<Check> checks =
        List.of(
            new Check(new CheckName("golden"), new CheckCondition.GoldenRequests(false)),
            new Check(
                new CheckName("signature"),
                new CheckCondition.Signature(CheckCondition.Signature.Mode.FULL)));

    CheckReport report;
    try (CheckRunner busy =
        new CheckRunner(
            reported,
            new RunLookup(channel),
            new ServingLookup(channel),
            Clock.systemUTC(),
            full)) {
      report = busy.run(checks, version, holding(version));
    } finally {
      release.countDown();
    }

    assertThat(report.results())
        .extracting(CheckResult::outcome)
        .containsExactly(CheckOutcome.ERROR, CheckOutcome.PASSED);
    assertThat(report.results().get(0).summary()).contains("too many checks");
  }

  private static void hold(CountDownLatch release) {
    try {
      release.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  @Test
  void noChecks_pass() {
    assertThat(runner.run(List.of(), version(Optional.empty()), Optional.empty()).passed())
        .isTrue();
  }

  /** Answers one call after the other: with a response, or with a failure. */
  private static final class ScriptedServing extends ServingServiceGrpc.ServingServiceImplBase {
    private final ConcurrentLinkedQueue<Object> answers = new ConcurrentLinkedQueue<>();
    private volatile ValidateVersionRequest last;

    @Override
    public void validateVersion(
        ValidateVersionRequest request, StreamObserver<ValidateVersionResponse> observer) {
      last = request;
      Object answer = answers.remove();
      if (answer instanceof Status failure) {
        observer.onError(failure.asRuntimeException());
        return;
      }
      observer.onNext((ValidateVersionResponse) answer);
      observer.onCompleted();
    }
  }
}
