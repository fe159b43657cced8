package dev.slipway.registry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.RoleRequiredException;
import dev.slipway.registry.check.Check;
import dev.slipway.registry.check.CheckComparison;
import dev.slipway.registry.check.CheckCondition;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.check.NewCheckResult;
import dev.slipway.registry.check.ReportedCheck;
import dev.slipway.registry.check.TooManyCheckResultsException;
import dev.slipway.registry.event.ActivityFilter;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.model.RegisteredModelNotFoundException;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.version.ModelVersionNotFoundException;
import dev.slipway.registry.version.NewModelVersion;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import java.time.Clock;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Says what the store of reported checks promises, on whichever database. */
abstract class ReportedCheckStoreContract {
  private static final ModelName DIGITS = new ModelName("digits");
  private static final VersionNumber ONE = new VersionNumber(1);
  private static final Caller ANNA = new Caller("anna", Set.of());
  private static final Caller CI = new Caller("ci", Set.of("ci", "audit"));
  private static final Instant NOW = Instant.parse("2026-02-03T04:05:06.789012Z");
  private static final CheckName FAIRNESS = new CheckName("fairness");

  private Database database;
  private RegisteredModelStore models;
  private ModelVersionStore versions;
  private RegistryEventStore events;
  private ReportedCheckStore reported;
  private StagePolicyStore policies;

  abstract DatabaseConfig database();

  @BeforeEach
  void open() {
    database = Database.open(database(), "registry", "db/migration/registry", new MetricRegistry());
    RegistryTransactions transactions =
        new RegistryTransactions(database, Clock.fixed(NOW, ZoneOffset.UTC), revision -> {});
    models = new RegisteredModelStore(transactions);
    versions = new ModelVersionStore(transactions);
    events = new RegistryEventStore(transactions);
    reported = new ReportedCheckStore(transactions);
    policies = new StagePolicyStore(transactions, List.of());
    var model =
        models.create(new NewRegisteredModel(DIGITS, "", "", Map.of()), Optional.empty(), ANNA);
    assertThat(model.stamp().revision()).isEqualTo(1);
    register();
  }

  @AfterEach
  void close() {
    database.close();
  }

  private void register() {
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
                false,
                true),
            new ModelVersionStore.Registration(
                Optional.empty(), Optional.empty(), Optional.empty()),
            Optional.empty(),
            ANNA);
  }

  private static NewCheckResult verdict(CheckName name, CheckOutcome outcome, String summary) {
    return new NewCheckResult(
        DIGITS,
        ONE,
        name,
        outcome,
        summary,
        "https://ci.example/1",
        List.of(new CheckComparison("groups", "<= 0.1", "0.05 \u00b5", true)));
  }

  private CheckResult report(CheckName name, CheckOutcome outcome, String summary, Caller caller) {
    return reported.report(verdict(name, outcome, summary), caller);
  }

  private List<RegistryEvent> events() {
    return events
        .list(
            new ActivityFilter(
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Set.of(RegistryEventType.CHECK_REPORTED),
                Optional.empty(),
                Optional.empty(),
                true),
            PageRequest.of(0, "", 1000, 1000, "events", new Violations()))
        .items();
  }

  @Test
  void report_isKeptWithReporterTimeAndRoles() {
    CheckResult result = report(FAIRNESS, CheckOutcome.PASSED, "0.05 in 42 groups", CI);

    assertThat(result)
        .isEqualTo(
            new CheckResult(
                FAIRNESS,
                CheckOutcome.PASSED,
                "0.05 in 42 groups",
                NOW,
                "ci",
                Optional.empty(),
                Optional.empty(),
                verdict(FAIRNESS, CheckOutcome.PASSED, "").comparisons(),
                "https://ci.example/1"));
    assertThat(reported.list(DIGITS, ONE))
        .containsExactly(Map.entry(FAIRNESS, new ReportedCheck(result, Set.of("ci", "audit"))));
  }

  @Test
  void laterReport_replacesTheEarlierAndItsRoles() {
    CheckResult first = report(FAIRNESS, CheckOutcome.PASSED, "fine", CI);
    CheckResult second = report(FAIRNESS, CheckOutcome.FAILED, "not fine", ANNA);

    assertThat(reported.list(DIGITS, ONE).values())
        .containsExactly(new ReportedCheck(second, Set.of()));
    List<RegistryEvent> events = events();
    assertThat(events).extracting(RegistryEvent::revision).containsExactly(3L, 4L);
    assertThat(events).extracting(RegistryEvent::actor).containsExactly("ci", "anna");
    assertThat(events.get(0).change().before()).isEmpty();
    assertThat(events.get(1).change().before())
        .contains(new RegistryState.OfCheckResult(DIGITS, ONE, first));
    assertThat(events.get(1).change().after())
        .contains(new RegistryState.OfCheckResult(DIGITS, ONE, second));
    assertThat(events.get(1).name()).contains(DIGITS);
    assertThat(events.get(1).version()).contains(ONE);
  }

  @Test
  void checkThatCountsForRolesOnly_isReportedByThemOnly() {
    policies.set(Optional.of(DIGITS), Stage.PRODUCTION, rulesOf(FAIRNESS, "audit", "lead"), ANNA);
    policies.set(Optional.of(DIGITS), Stage.STAGING, rulesOf(FAIRNESS), ANNA);
    CheckResult pass = report(FAIRNESS, CheckOutcome.PASSED, "", CI);

    assertThatThrownBy(() -> report(FAIRNESS, CheckOutcome.FAILED, "", ANNA))
        .isInstanceOf(RoleRequiredException.class)
        .hasMessageContaining("audit, lead");

    assertThat(reported.list(DIGITS, ONE).get(FAIRNESS).result()).isEqualTo(pass);
    assertThat(events()).hasSize(1);
    CheckResult other = report(new CheckName("drift"), CheckOutcome.FAILED, "", ANNA);
    assertThat(other.reportedBy()).isEqualTo("anna");
  }

  private static PolicyRules rulesOf(CheckName name, String... reporterRoles) {
    return new PolicyRules(
        List.of(),
        0,
        List.of(),
        false,
        List.of(),
        List.of(
            new Check(name, new CheckCondition.External(Optional.empty(), List.of(reporterRoles)))),
        PolicyRules.DEFAULT_LIFETIME,
        false);
  }

  @Test
  void checks_areOrderedByNameAndOfTheirVersion() {
    register();
    for (String name : List.of("b", "a", "B", "_")) {
      var unused = report(new CheckName(name), CheckOutcome.ERROR, "", CI);
    }

    assertThat(reported.list(DIGITS, ONE).keySet())
        .extracting(CheckName::value)
        .containsExactly("B", "_", "a", "b");
    assertThat(reported.list(DIGITS, new VersionNumber(2))).isEmpty();
  }

  @Test
  void rename_isFollowedAndDeletesTakeTheVerdictsAlong() {
    ModelName renamed = new ModelName("numbers");
    CheckResult result = report(FAIRNESS, CheckOutcome.PASSED, "", CI);
    var unused = models.rename(DIGITS, renamed, ANNA);
    assertThat(reported.list(renamed, ONE).values())
        .extracting(ReportedCheck::result)
        .containsExactly(result);
    assertThatThrownBy(() -> reported.list(DIGITS, ONE))
        .isInstanceOf(RegisteredModelNotFoundException.class);

    var holder = versions.delete(renamed, ONE, false, ANNA);
    assertThat(holder).isEmpty();

    assertThatThrownBy(() -> reported.list(renamed, ONE))
        .isInstanceOf(ModelVersionNotFoundException.class);
    assertThat(events()).hasSize(1);
  }

  @Test
  void whatDoesNotExist_isRefusedAndMakesNoEvent() {
    NewCheckResult ofNoVersion =
        new NewCheckResult(
            DIGITS, new VersionNumber(9), FAIRNESS, CheckOutcome.PASSED, "", "", List.of());
    NewCheckResult ofNoModel =
        new NewCheckResult(
            new ModelName("nothing"), ONE, FAIRNESS, CheckOutcome.PASSED, "", "", List.of());

    assertThatThrownBy(() -> reported.report(ofNoVersion, CI))
        .isInstanceOf(ModelVersionNotFoundException.class);
    assertThatThrownBy(() -> reported.report(ofNoModel, CI))
        .isInstanceOf(RegisteredModelNotFoundException.class);
    assertThat(events()).isEmpty();
  }

  @Test
  void checksOfAVersion_areBounded() {
    for (int i = 0; i < ReportedCheckStore.MAX_RESULTS; i++) {
      var unused = report(new CheckName("c" + i), CheckOutcome.PASSED, "", CI);
    }

    assertThatThrownBy(() -> report(FAIRNESS, CheckOutcome.PASSED, "", CI))
        .isInstanceOf(TooManyCheckResultsException.class);

    CheckResult again = report(new CheckName("c0"), CheckOutcome.FAILED, "", CI);
    assertThat(reported.list(DIGITS, ONE))
        .hasSize(ReportedCheckStore.MAX_RESULTS)
        .containsEntry(new CheckName("c0"), new ReportedCheck(again, CI.roles()));
  }

  @Test
  void reportersAtTheSameTime_leaveOneVerdictAndGaplessRevisions() throws Exception {
    ExecutorService reporters = Executors.newFixedThreadPool(4);
    List<Callable<CheckResult>> reports = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      String summary = "report " + i;
      reports.add(() -> report(FAIRNESS, CheckOutcome.PASSED, summary, CI));
    }

    for (Future<CheckResult> done : reporters.invokeAll(reports)) {
      assertThat(done.get().outcome()).isEqualTo(CheckOutcome.PASSED);
    }
    reporters.shutdown();

    List<RegistryEvent> events = events();
    assertThat(events).hasSize(40);
    assertThat(events.get(39).revision()).isEqualTo(42);
    RegistryState last = events.get(39).change().after().orElseThrow();
    assertThat(reported.list(DIGITS, ONE).get(FAIRNESS).result())
        .isEqualTo(((RegistryState.OfCheckResult) last).result());
  }
}
