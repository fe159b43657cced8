package dev.slipway.registry.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.check.Check;
import dev.slipway.registry.check.CheckCondition;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.check.NewCheckResult;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.policy.ChecksOutdatedException;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.request.NewTransitionRequest;
import dev.slipway.registry.request.TransitionRequest;
import dev.slipway.registry.request.TransitionRequestState;
import dev.slipway.registry.store.ModelVersionStore;
import dev.slipway.registry.store.PackageHoldStore;
import dev.slipway.registry.store.RegisteredModelStore;
import dev.slipway.registry.store.RegistryTransactions;
import dev.slipway.registry.store.ReportedCheckStore;
import dev.slipway.registry.store.StagePolicyStore;
import dev.slipway.registry.store.StageStore;
import dev.slipway.registry.store.TransitionRequestStore;
import dev.slipway.registry.upstream.CallEndedException;
import dev.slipway.registry.upstream.RunLookup;
import dev.slipway.registry.upstream.ServingLookup;
import dev.slipway.registry.version.NewModelVersion;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageTransition;
import dev.slipway.registry.version.StageTransitionResult;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionPackage;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.serving.v1.GoldenResult;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.ValidateVersionRequest;
import dev.slipway.serving.v1.ValidateVersionResponse;
import dev.slipway.serving.v1.ValidationCheck;
import io.grpc.Context;
import io.grpc.ManagedChannel;
import io.grpc.Server;
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
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntConsumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Changes what checks look at while they run. */
final class StageServiceTest {
  private static final ModelName DIGITS = new ModelName("digits");
  private static final VersionNumber FIRST = new VersionNumber(1);
  private static final Caller ANNA = new Caller("anna", Set.of());
  private static final Caller BEN = new Caller("ben", Set.of());
  private static final Sha256 DIGEST = new Sha256("a".repeat(64));
  private static final StageTransition TO_PRODUCTION =
      new StageTransition(
          DIGITS, FIRST, Stage.PRODUCTION, false, Optional.empty(), false, false, "");

  private final PassingServing serving = new PassingServing();
  private Server server;
  private ManagedChannel channel;
  private Database database;
  private ModelVersionStore versions;
  private StagePolicyStore policies;
  private TransitionRequestStore requests;
  private ReportedCheckStore reported;
  private CheckRunner runner;
  private StageService service;

  @BeforeEach
  void open(@TempDir Path folder) throws IOException {
    String name = UUID.randomUUID().toString();
    server = InProcessServerBuilder.forName(name).addService(serving).build().start();
    channel = InProcessChannelBuilder.forName(name).build();
    database =
        Database.open(
            TestDatabases.h2(folder), "registry", "db/migration/registry", new MetricRegistry());
    RegistryTransactions transactions =
        new RegistryTransactions(database, Clock.systemUTC(), revision -> {});
    versions = new ModelVersionStore(transactions);
    policies = new StagePolicyStore(transactions, List.of());
    requests = new TransitionRequestStore(transactions);
    reported = new ReportedCheckStore(transactions);
    runner =
        new CheckRunner(
            reported, new RunLookup(channel), new ServingLookup(channel), Clock.systemUTC());
    service =
        new StageService(
            new StageStore(transactions),
            requests,
            runner,
            () -> UUID.randomUUID().toString().replace("-", ""));
    var unused =
        new RegisteredModelStore(transactions)
            .create(new NewRegisteredModel(DIGITS, "", "", Map.of()), Optional.empty(), ANNA);
    register(new PackageHoldStore(transactions));
  }

  private void register(PackageHoldStore holds) {
    String holder = "registry/registrations/1";
    holds.begin(holder);
    var unused =
        versions.create(
            new NewModelVersion(
                DIGITS,
                PackageSource.parse("mlflow-artifacts:/1/run/model"),
                Optional.empty(),
                "",
                "",
                Map.of(),
                "",
                true,
                false),
            new ModelVersionStore.Registration(
                Optional.of("1/run/model"),
                Optional.empty(),
                Optional.of(new VersionPackage(holder, DIGEST, 1, Optional.empty()))),
            Optional.empty(),
            ANNA);
  }

  @AfterEach
  void close() {
    runner.close();
    channel.shutdownNow();
    server.shutdownNow();
    database.close();
  }

  @Test
  void move_isCheckedAgain_whenThePolicyChangedMeanwhile() {
    setPolicy(0, golden("first"));
    serving.meanwhile =
        call -> {
          if (call == 1) {
            setPolicy(0, golden("second"));
          }
        };

    StageTransitionResult result = service.transition(TO_PRODUCTION, ANNA);

    assertThat(names(result.checks())).containsExactly("second");
    assertThat(serving.calls).hasValue(2);
    assertThat(stage()).isEqualTo(Stage.PRODUCTION);
  }

  @Test
  void move_isGivenUp_whenThePolicyChangesAgainAndAgain() {
    setPolicy(0, golden("check-0"));
    serving.meanwhile = call -> setPolicy(0, golden("check-" + call));

    assertThatThrownBy(() -> service.transition(TO_PRODUCTION, ANNA))
        .isInstanceOf(ChecksOutdatedException.class);

    assertThat(serving.calls).hasValue(3);
    assertThat(stage()).isEqualTo(Stage.NONE);
  }

  @Test
  void lastApproval_isCheckedAgain_whenThePolicyChangedMeanwhile() {
    setPolicy(1, golden("first"));
    TransitionRequest made = request();
    serving.meanwhile =
        call -> {
          if (call == 1) {
            setPolicy(1, golden("second"));
          }
        };

    TransitionRequest done = service.approve(made.id(), "", BEN);

    assertThat(done.state()).isEqualTo(TransitionRequestState.EXECUTED);
    assertThat(names(done.checks())).containsExactly("second");
    assertThat(serving.calls).hasValue(2);
    assertThat(stage()).isEqualTo(Stage.PRODUCTION);
  }

  @Test
  void lastApproval_isNotKept_whenThePolicyChangesAgainAndAgain() {
    setPolicy(1, golden("check-0"));
    TransitionRequest made = request();
    serving.meanwhile = call -> setPolicy(1, golden("check-" + call));

    assertThatThrownBy(() -> service.approve(made.id(), "", BEN))
        .isInstanceOf(ChecksOutdatedException.class);

    assertThat(serving.calls).hasValue(3);
    assertThat(requests.get(made.id())).isEqualTo(made);
    assertThat(stage()).isEqualTo(Stage.NONE);
  }

  @Test
  void move_isNotMade_whenNobodyWaitsForIt() {
    Check audit =
        new Check(new CheckName("audit"), new CheckCondition.External(Optional.empty(), List.of()));
    setPolicy(0, audit);
    var unused =
        reported.report(
            new NewCheckResult(DIGITS, FIRST, audit.name(), CheckOutcome.PASSED, "", "", List.of()),
            ANNA);
    Runnable move = () -> service.transition(TO_PRODUCTION, ANNA);

    assertThatThrownBy(() -> ended(new CancellationException()).run(move))
        .isInstanceOf(CallEndedException.class)
        .hasMessageContaining("went away");
    assertThatThrownBy(() -> ended(new TimeoutException()).run(move))
        .isInstanceOf(CallEndedException.class)
        .hasMessageContaining("deadline");
    assertThat(stage()).isEqualTo(Stage.NONE);
    move.run();
    assertThat(stage()).isEqualTo(Stage.PRODUCTION);
  }

  /** Makes the context of a call that has ended. */
  private static Context ended(Exception why) {
    Context.CancellableContext call = Context.current().withCancellation();
    call.cancel(why);
    return call;
  }

  /** Makes a request, and forgets that its checks ran. */
  private TransitionRequest request() {
    TransitionRequest made =
        service.request(
            new NewTransitionRequest(DIGITS, FIRST, Stage.PRODUCTION, false, ""),
            Optional.empty(),
            ANNA);
    serving.calls.set(0);
    return made;
  }

  private void setPolicy(int approvals, Check check) {
    var unused =
        policies.set(
            Optional.of(DIGITS),
            Stage.PRODUCTION,
            new PolicyRules(
                List.of(),
                approvals,
                List.of(),
                false,
                List.of(),
                List.of(check),
                Duration.ofDays(1),
                false),
            ANNA);
  }

  private static Check golden(String name) {
    return new Check(new CheckName(name), new CheckCondition.GoldenRequests(false));
  }

  private static List<String> names(Optional<CheckReport> report) {
    return report.orElseThrow().results().stream()
        .map(CheckResult::name)
        .map(CheckName::value)
        .toList();
  }

  private Stage stage() {
    return versions.get(DIGITS, FIRST).stage();
  }

  /** Lets every version pass, after something has happened. */
  private static final class PassingServing extends ServingServiceGrpc.ServingServiceImplBase {
    private final AtomicInteger calls = new AtomicInteger();
    private volatile IntConsumer meanwhile = call -> {};

    @Override
    public void validateVersion(
        ValidateVersionRequest request, StreamObserver<ValidateVersionResponse> observer) {
      meanwhile.accept(calls.incrementAndGet());
      observer.onNext(
          ValidateVersionResponse.newBuilder()
              .setPackageDigest(DIGEST.hex())
              .addChecks(
                  dev.slipway.serving.v1.CheckResult.newBuilder()
                      .setCheck(ValidationCheck.VALIDATION_CHECK_LOAD)
                      .setPassed(true))
              .addChecks(
                  dev.slipway.serving.v1.CheckResult.newBuilder()
                      .setCheck(ValidationCheck.VALIDATION_CHECK_GOLDEN)
                      .setPassed(true)
                      .addGolden(GoldenResult.newBuilder().setName("seven").setPassed(true)))
              .build());
      observer.onCompleted();
    }
  }
}
