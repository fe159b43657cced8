package dev.slipway.registry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.actor.RequestIdReusedException;
import dev.slipway.registry.actor.RoleRequiredException;
import dev.slipway.registry.check.Check;
import dev.slipway.registry.check.CheckCondition;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.check.Predecessor;
import dev.slipway.registry.check.SignatureVerdict;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.model.RegisteredModelNotFoundException;
import dev.slipway.registry.model.TooManyException;
import dev.slipway.registry.policy.ApprovalRequiredException;
import dev.slipway.registry.policy.CheckBasis;
import dev.slipway.registry.policy.CheckedBasis;
import dev.slipway.registry.policy.ChecksNotPassedException;
import dev.slipway.registry.policy.ChecksOutdatedException;
import dev.slipway.registry.policy.NoChecksException;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.policy.StagePolicy;
import dev.slipway.registry.policy.StagePolicyNotFoundException;
import dev.slipway.registry.request.NewTransitionRequest;
import dev.slipway.registry.request.NotTheRequesterException;
import dev.slipway.registry.request.TransitionDecision;
import dev.slipway.registry.request.TransitionRequest;
import dev.slipway.registry.request.TransitionRequestClosedException;
import dev.slipway.registry.request.TransitionRequestExistsException;
import dev.slipway.registry.request.TransitionRequestFilter;
import dev.slipway.registry.request.TransitionRequestId;
import dev.slipway.registry.request.TransitionRequestNotFoundException;
import dev.slipway.registry.request.TransitionRequestState;
import dev.slipway.registry.version.NewModelVersion;
import dev.slipway.registry.version.NoPreviousHolderException;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageChangedException;
import dev.slipway.registry.version.StageOccupiedException;
import dev.slipway.registry.version.StageTransition;
import dev.slipway.registry.version.StageTransitionResult;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionPackage;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Says how policies and transition requests govern moves, on whichever database. */
abstract class StageGovernanceContract {
  private static final ModelName DIGITS = new ModelName("digits");
  private static final Optional<ModelName> OF_DIGITS = Optional.of(DIGITS);
  private static final Optional<ModelName> OF_ALL = Optional.empty();
  private static final Caller ANNA = new Caller("anna", Set.of());
  private static final Caller BEN = new Caller("ben", Set.of("review"));
  private static final Caller CARA = new Caller("cara", Set.of("review"));
  private static final Caller LEAD = new Caller("lead", Set.of("release", "review"));
  private static final Instant START = Instant.parse("2026-02-03T04:05:06.789012Z");
  private static final Check SMOKE =
      new Check(new CheckName("smoke"), new CheckCondition.GoldenRequests(false));
  private static final Check COMPATIBLE =
      new Check(
          new CheckName("compatible"),
          new CheckCondition.Signature(CheckCondition.Signature.Mode.BACKWARD));

  private Database database;
  private RegistryTransactions transactions;
  private RegisteredModelStore models;
  private ModelVersionStore versions;
  private StageStore stages;
  private StagePolicyStore policies;
  private TransitionRequestStore requests;
  private RegistryEventStore events;
  private long ids;

  abstract DatabaseConfig database();

  @BeforeEach
  void open() {
    database = Database.open(database(), "registry", "db/migration/registry", new MetricRegistry());
    at(START);
    model("digits");
    version("digits");
    version("digits");
    version("digits");
  }

  /** Opens the stores with another time. */
  private void at(Instant now) {
    transactions =
        new RegistryTransactions(database, Clock.fixed(now, ZoneOffset.UTC), revision -> {});
    models = new RegisteredModelStore(transactions);
    versions = new ModelVersionStore(transactions);
    stages = new StageStore(transactions);
    policies = new StagePolicyStore(transactions, List.of());
    requests = new TransitionRequestStore(transactions);
    events = new RegistryEventStore(transactions);
  }

  @AfterEach
  void close() {
    database.close();
  }

  // Policies.

  @Test
  void policy_isSetReplacedReadAndDeleted_withAnEventEach() {
    PolicyRules rules =
        new PolicyRules(
            List.of("release", "ops"),
            2,
            List.of("review"),
            true,
            List.of("chief"),
            List.of(SMOKE),
            Duration.ofHours(3),
            false);

    StagePolicy set = policies.set(OF_DIGITS, Stage.PRODUCTION, rules, LEAD);

    assertThat(set)
        .isEqualTo(
            new StagePolicy(OF_DIGITS, Stage.PRODUCTION, rules, START, "lead", events.revision()));
    assertThat(policies.get(OF_DIGITS, Stage.PRODUCTION)).isEqualTo(set);
    long revision = events.revision();
    assertThat(policies.set(OF_DIGITS, Stage.PRODUCTION, rules, ANNA)).isEqualTo(set);
    assertThat(events.revision()).isEqualTo(revision);

    StagePolicy replaced = policies.set(OF_DIGITS, Stage.PRODUCTION, approvals(1), ANNA);
    policies.delete(OF_DIGITS, Stage.PRODUCTION, ANNA);

    assertThatThrownBy(() -> policies.get(OF_DIGITS, Stage.PRODUCTION))
        .isInstanceOf(StagePolicyNotFoundException.class);
    assertThatThrownBy(() -> policies.delete(OF_DIGITS, Stage.PRODUCTION, ANNA))
        .isInstanceOf(StagePolicyNotFoundException.class);
    List<RegistryEvent> all = events.listAfter(revision - 1, 10);
    assertThat(all)
        .extracting(RegistryEvent::type)
        .containsExactly(
            RegistryEventType.STAGE_POLICY_SET,
            RegistryEventType.STAGE_POLICY_SET,
            RegistryEventType.STAGE_POLICY_DELETED);
    assertThat(policy(all.get(0).change().after())).contains(set);
    assertThat(all.get(0).change().before()).isEmpty();
    assertThat(policy(all.get(1).change().before())).contains(set);
    assertThat(policy(all.get(1).change().after())).contains(replaced);
    assertThat(policy(all.get(2).change().before())).contains(replaced);
    assertThat(all.get(2).change().after()).isEmpty();
    assertThat(all).allSatisfy(event -> assertThat(event.name()).contains(DIGITS));
  }

  @Test
  void generalPolicy_governsModelsWithoutTheirOwn_andBelongsToNoModel() {
    policies.set(OF_ALL, Stage.PRODUCTION, approvals(1), LEAD);
    RegistryEvent event = events.listAfter(events.revision() - 1, 1).get(0);
    assertThat(event.name()).isEmpty();
    assertThat(event.modelId()).isEmpty();

    assertThat(policies.get(OF_DIGITS, Stage.PRODUCTION).name()).isEmpty();
    assertThatThrownBy(() -> move(1, Stage.PRODUCTION, ANNA))
        .isInstanceOf(ApprovalRequiredException.class)
        .hasMessageContaining("1 approval;");
    policies.set(OF_DIGITS, Stage.PRODUCTION, rules(List.of(), 0), LEAD);
    move(1, Stage.PRODUCTION, ANNA);

    assertThat(policies.get(OF_DIGITS, Stage.PRODUCTION).name()).isEqualTo(OF_DIGITS);
    assertThatThrownBy(() -> policies.get(Optional.of(new ModelName("none")), Stage.PRODUCTION))
        .isInstanceOf(RegisteredModelNotFoundException.class);
    assertThatThrownBy(
            () ->
                policies.set(Optional.of(new ModelName("none")), Stage.STAGING, approvals(1), LEAD))
        .isInstanceOf(RegisteredModelNotFoundException.class);
    assertThatThrownBy(
            () -> policies.delete(Optional.of(new ModelName("none")), Stage.STAGING, LEAD))
        .isInstanceOf(StagePolicyNotFoundException.class);
  }

  @Test
  void policies_followARename_andGoWithTheirModel() {
    policies.set(OF_DIGITS, Stage.PRODUCTION, approvals(1), LEAD);
    ModelName ziffern = new ModelName("ziffern");
    models.rename(DIGITS, ziffern, ANNA);
    assertThat(policies.get(Optional.of(ziffern), Stage.PRODUCTION).name()).contains(ziffern);

    models.delete(ziffern, false, ANNA);
    model("ziffern");
    assertThatThrownBy(() -> policies.get(Optional.of(ziffern), Stage.PRODUCTION))
        .isInstanceOf(StagePolicyNotFoundException.class);
    assertThat(policies.list(OF_ALL, page(10, "")).items()).isEmpty();
  }

  @Test
  void policies_areListedGeneralOnesFirst_inPages() {
    model("apples");
    policies.set(OF_DIGITS, Stage.ARCHIVED, approvals(1), LEAD);
    policies.set(OF_DIGITS, Stage.STAGING, approvals(1), LEAD);
    policies.set(Optional.of(new ModelName("apples")), Stage.NONE, approvals(1), LEAD);
    policies.set(OF_ALL, Stage.PRODUCTION, approvals(1), LEAD);
    policies.set(OF_ALL, Stage.STAGING, approvals(1), LEAD);

    List<String> seen = new ArrayList<>();
    String token = "";
    do {
      Page<StagePolicy> page = policies.list(OF_ALL, page(2, token));
      page.items().forEach(policy -> seen.add(place(policy)));
      token = page.nextPageToken();
    } while (!token.isEmpty());

    assertThat(seen)
        .containsExactly(
            "*/Staging", "*/Production", "apples/None", "digits/Staging", "digits/Archived");
    assertThat(policies.list(OF_DIGITS, page(10, "")).items())
        .extracting(StageGovernanceContract::place)
        .containsExactly("*/Staging", "*/Production", "digits/Staging", "digits/Archived");
  }

  @Test
  void policies_areChangedByAdministratorsAlone_whereThereAreSome() {
    RegistryTransactions transactions =
        new RegistryTransactions(database, Clock.systemUTC(), revision -> {});
    StagePolicyStore guarded = new StagePolicyStore(transactions, List.of("admin", "release"));

    assertThatThrownBy(() -> guarded.set(OF_ALL, Stage.STAGING, approvals(1), BEN))
        .isInstanceOf(RoleRequiredException.class)
        .hasMessageContaining("admin, release");
    guarded.set(OF_ALL, Stage.STAGING, approvals(1), LEAD);
    assertThatThrownBy(() -> guarded.delete(OF_ALL, Stage.STAGING, BEN))
        .isInstanceOf(RoleRequiredException.class);
    guarded.delete(OF_ALL, Stage.STAGING, LEAD);
  }

  // Several versions in Staging.

  @Test
  void staging_hasRoomForSeveral_whereThePolicySaysSo() {
    policies.set(OF_DIGITS, Stage.STAGING, several(), LEAD);
    move(3, Stage.STAGING, ANNA);
    move(1, Stage.STAGING, ANNA);
    move(2, Stage.STAGING, ANNA);
    move(1, Stage.NONE, ANNA);
    move(1, Stage.STAGING, ANNA);

    assertThat(in(Stage.STAGING)).containsExactly(1L, 2L, 3L);
    assertThatThrownBy(() -> policies.set(OF_DIGITS, Stage.STAGING, rules(List.of(), 0), LEAD))
        .isInstanceOf(StageOccupiedException.class)
        .hasMessageContaining("versions 1, 2, 3");
    assertThatThrownBy(() -> policies.delete(OF_DIGITS, Stage.STAGING, LEAD))
        .isInstanceOf(StageOccupiedException.class);
    policies.set(OF_ALL, Stage.STAGING, several(), LEAD);
    policies.delete(OF_DIGITS, Stage.STAGING, LEAD);
    assertThatThrownBy(() -> policies.set(OF_ALL, Stage.STAGING, rules(List.of(), 0), LEAD))
        .isInstanceOf(StageOccupiedException.class);
    assertThatThrownBy(() -> policies.delete(OF_ALL, Stage.STAGING, LEAD))
        .isInstanceOf(StageOccupiedException.class);

    version("digits");
    StageTransitionResult result =
        stages.transition(
            new StageTransition(
                DIGITS, number(4), Stage.STAGING, true, Optional.empty(), false, false, ""),
            Optional.empty(),
            ANNA);

    assertThat(result.archived()).extracting(v -> v.number().value()).containsExactly(1L, 2L, 3L);
    assertThat(in(Stage.STAGING)).containsExactly(4L);
    RegistryEvent event = events.listAfter(result.revision() - 1, 1).get(0);
    assertThat(event.alsoChanged()).hasSize(3);
    policies.delete(OF_ALL, Stage.STAGING, LEAD);
    assertThatThrownBy(() -> move(1, Stage.STAGING, ANNA))
        .isInstanceOf(StageOccupiedException.class);
  }

  @Test
  void staging_hasRoomForSoManyAndNoMore() {
    policies.set(OF_DIGITS, Stage.STAGING, several(), LEAD);
    for (int i = 1; i <= Stage.MAX_VERSIONS + 1; i++) {
      if (i > 3) {
        version("digits");
      }
      if (i <= Stage.MAX_VERSIONS) {
        move(i, Stage.STAGING, ANNA);
      }
    }

    assertThatThrownBy(() -> move(Stage.MAX_VERSIONS + 1, Stage.STAGING, ANNA))
        .isInstanceOf(TooManyException.class);
    assertThat(in(Stage.STAGING)).hasSize(Stage.MAX_VERSIONS);
  }

  @Test
  void rollback_ofSeveral_takesTheLastComerBack() {
    policies.set(OF_DIGITS, Stage.STAGING, several(), LEAD);
    move(1, Stage.STAGING, ANNA);
    move(3, Stage.STAGING, ANNA);
    move(2, Stage.STAGING, ANNA);
    assertThatThrownBy(() -> stages.rollback(DIGITS, Stage.STAGING, Optional.empty(), "", ANNA))
        .isInstanceOf(NoPreviousHolderException.class);
    move(3, Stage.NONE, ANNA);

    assertThatThrownBy(
            () -> stages.rollback(DIGITS, Stage.STAGING, Optional.of(number(1)), "", ANNA))
        .isInstanceOf(StageChangedException.class);
    StageTransitionResult result =
        stages.rollback(DIGITS, Stage.STAGING, Optional.of(number(2)), "", ANNA);

    assertThat(result.version().number()).isEqualTo(number(3));
    assertThat(result.archived()).extracting(v -> v.number().value()).containsExactly(2L);
    assertThat(in(Stage.STAGING)).containsExactly(1L, 3L);
  }

  @Test
  void rollback_neverTakesAVersionOutOfProduction() {
    move(1, Stage.STAGING, ANNA);
    move(1, Stage.PRODUCTION, ANNA);
    move(2, Stage.STAGING, ANNA);

    assertThatThrownBy(() -> stages.rollback(DIGITS, Stage.STAGING, Optional.empty(), "", ANNA))
        .isInstanceOf(NoPreviousHolderException.class);
    assertThat(in(Stage.PRODUCTION)).containsExactly(1L);
  }

  @Test
  void rollback_takesTheTransitionRole_andNoApprovals() {
    move(1, Stage.PRODUCTION, ANNA);
    archiveInto(2, Stage.PRODUCTION, ANNA);
    policies.set(OF_DIGITS, Stage.PRODUCTION, rules(List.of("release"), 2), LEAD);

    assertThatThrownBy(() -> stages.rollback(DIGITS, Stage.PRODUCTION, Optional.empty(), "", BEN))
        .isInstanceOf(RoleRequiredException.class);
    stages.rollback(DIGITS, Stage.PRODUCTION, Optional.empty(), "", LEAD);

    assertThat(in(Stage.PRODUCTION)).containsExactly(1L);
  }

  // Checks.

  @Test
  void move_takesChecksThatPassed_andThatLookedAtWhatIsThere() {
    move(1, Stage.PRODUCTION, ANNA);
    policies.set(OF_DIGITS, Stage.PRODUCTION, withCheck(), LEAD);
    StageTransition wanted =
        new StageTransition(
            DIGITS, number(2), Stage.PRODUCTION, true, Optional.empty(), false, false, "");
    CheckBasis basis = stages.basis(wanted, ANNA).orElseThrow();
    assertThat(basis.checks()).containsExactly(SMOKE);
    assertThat(basis.version().number()).isEqualTo(number(2));
    assertThat(basis.predecessor().orElseThrow().number()).isEqualTo(number(1));
    long revision = events.revision();

    assertThatThrownBy(() -> stages.transition(wanted, Optional.empty(), ANNA))
        .isInstanceOf(ChecksOutdatedException.class);
    assertThatThrownBy(() -> stages.transition(wanted, checked(basis, CheckOutcome.FAILED), ANNA))
        .isInstanceOf(ChecksNotPassedException.class)
        .hasMessageContaining("smoke (it burns)");
    assertThat(events.revision()).isEqualTo(revision);
    archiveInto(3, Stage.STAGING, ANNA);
    StageTransitionResult result =
        stages.transition(wanted, checked(basis, CheckOutcome.PASSED), ANNA);

    assertThat(result.checks().orElseThrow().passed()).isTrue();
    assertThat(in(Stage.PRODUCTION)).containsExactly(2L);
  }

  @Test
  void checks_areOutdated_whenHolderOrPolicyHaveChanged() {
    policies.set(OF_DIGITS, Stage.PRODUCTION, withCheck(), LEAD);
    StageTransition wanted =
        new StageTransition(
            DIGITS, number(2), Stage.PRODUCTION, true, Optional.empty(), false, false, "");
    CheckBasis empty = stages.basis(wanted, ANNA).orElseThrow();
    stages.transition(
        new StageTransition(
            DIGITS, number(1), Stage.PRODUCTION, false, Optional.empty(), false, false, ""),
        checked(basis(1), CheckOutcome.PASSED),
        ANNA);
    assertThatThrownBy(() -> stages.transition(wanted, checked(empty, CheckOutcome.PASSED), ANNA))
        .isInstanceOf(ChecksOutdatedException.class);

    CheckBasis held = stages.basis(wanted, ANNA).orElseThrow();
    policies.set(
        OF_DIGITS,
        Stage.PRODUCTION,
        new PolicyRules(
            List.of(), 0, List.of(), true, List.of(), List.of(SMOKE), Duration.ofDays(1), false),
        LEAD);
    assertThatThrownBy(() -> stages.transition(wanted, checked(held, CheckOutcome.PASSED), ANNA))
        .isInstanceOf(ChecksOutdatedException.class);
    assertThat(in(Stage.PRODUCTION)).containsExactly(1L);
  }

  @Test
  void comparison_isWithTheLastHolder_alsoOnceTheStageIsEmpty() {
    versionTaking("long");
    versionTaking("integer");
    policies.set(OF_DIGITS, Stage.PRODUCTION, withCheck(COMPATIBLE), LEAD);
    assertThat(basis(4).predecessor()).as("first entry").isEmpty();
    stages.transition(toProduction(4), compared(basis(4)), ANNA);
    move(4, Stage.ARCHIVED, ANNA);
    long revision = events.revision();

    CheckBasis basis = stages.basis(toProduction(5), ANNA).orElseThrow();
    assertThat(basis.predecessor().orElseThrow().number()).isEqualTo(number(4));
    assertThat(basis.predecessor().orElseThrow().left()).isTrue();
    assertThat(basis(5)).as("dry run").isEqualTo(basis);
    assertThat(
            requests.basis(
                new NewTransitionRequest(DIGITS, number(5), Stage.PRODUCTION, false, ""),
                Optional.empty()))
        .contains(basis);
    assertThatThrownBy(() -> stages.transition(toProduction(5), compared(basis), ANNA))
        .isInstanceOf(ChecksNotPassedException.class)
        .hasMessageContaining("version 4, which has left the stage");
    assertThat(events.revision()).isEqualTo(revision);

    assertThat(basis(4).predecessor()).as("what comes back as it left").isEmpty();
    stages.transition(toProduction(4), compared(basis(4)), ANNA);
    assertThatThrownBy(() -> stages.transition(toProduction(5), compared(basis), ANNA))
        .isInstanceOf(ChecksOutdatedException.class);
    assertThat(basis(5).predecessor().orElseThrow().left()).isFalse();
    assertThat(in(Stage.PRODUCTION)).containsExactly(4L);
  }

  @Test
  void comparison_isWithTheHolderBefore_whenTheLastOneIsDeleted() {
    move(1, Stage.PRODUCTION, ANNA);
    archiveInto(2, Stage.PRODUCTION, ANNA);
    policies.set(OF_DIGITS, Stage.PRODUCTION, withCheck(), LEAD);

    versions.delete(DIGITS, number(2), true, LEAD);
    assertThat(basis(3).predecessor().orElseThrow().number()).isEqualTo(number(1));
    assertThat(basis(3).predecessor().orElseThrow().left()).isTrue();
    versions.delete(DIGITS, number(1), false, LEAD);
    assertThat(basis(3).predecessor()).isEmpty();
  }

  @Test
  void delete_ofWhatChecksCompareWith_takesARoleThatForces() {
    move(1, Stage.PRODUCTION, ANNA);
    versions.delete(DIGITS, number(3), false, ANNA);
    policies.set(OF_DIGITS, Stage.PRODUCTION, withCheck(), LEAD);
    long revision = events.revision();

    assertThatThrownBy(() -> versions.delete(DIGITS, number(1), true, BEN))
        .isInstanceOf(RoleRequiredException.class)
        .hasMessageContaining("the checks of Production")
        .hasMessageContaining("release");
    assertThatThrownBy(() -> models.delete(DIGITS, true, BEN))
        .isInstanceOf(RoleRequiredException.class);
    assertThat(events.revision()).isEqualTo(revision);
    move(1, Stage.ARCHIVED, ANNA);
    assertThatThrownBy(() -> versions.delete(DIGITS, number(1), false, BEN))
        .as("leaving first")
        .isInstanceOf(RoleRequiredException.class);
    versions.delete(DIGITS, number(2), false, BEN);
    assertThat(lastEvent().forced()).isFalse();

    versions.delete(DIGITS, number(1), false, LEAD);
    assertThat(lastEvent().type()).isEqualTo(RegistryEventType.MODEL_VERSION_DELETED);
    assertThat(lastEvent().forced()).isTrue();
    models.delete(DIGITS, false, BEN);
    assertThat(lastEvent().forced()).as("nothing is left to compare with").isFalse();
  }

  @Test
  void delete_ofAModel_takesTheRolesOfEveryStageWithChecks() {
    policies.set(OF_ALL, Stage.STAGING, withCheck(), LEAD);
    forceInto(1, Stage.STAGING);

    assertThatThrownBy(() -> models.delete(DIGITS, false, ANNA))
        .isInstanceOf(RoleRequiredException.class)
        .hasMessageContaining("the checks of Staging");
    models.delete(DIGITS, false, LEAD);
    assertThat(lastEvent().type()).isEqualTo(RegistryEventType.REGISTERED_MODEL_DELETED);
    assertThat(lastEvent().forced()).isTrue();
  }

  private RegistryEvent lastEvent() {
    return events.listAfter(events.revision() - 1, 1).get(0);
  }

  private void forceInto(long number, Stage stage) {
    stages.transition(
        new StageTransition(
            DIGITS, number(number), stage, false, Optional.empty(), true, false, ""),
        Optional.empty(),
        LEAD);
  }

  @Test
  void comparison_ofSeveralHolders_isWithTheOneThatCallersOfTheStageGet() {
    policies.set(OF_DIGITS, Stage.STAGING, several(), LEAD);
    move(3, Stage.STAGING, ANNA);
    move(1, Stage.STAGING, ANNA);
    policies.set(
        OF_DIGITS,
        Stage.STAGING,
        new PolicyRules(
            List.of(),
            0,
            List.of(),
            true,
            List.of("release"),
            List.of(SMOKE),
            Duration.ofDays(1),
            true),
        LEAD);

    assertThat(inStaging(2)).contains("version 3");
    assertThat(inStaging(3)).contains("version 1");
    move(3, Stage.NONE, ANNA);
    assertThat(inStaging(2))
        .as("the best has left")
        .contains("version 3, which has left the stage");
    assertThat(inStaging(3)).contains("version 1");
    move(1, Stage.NONE, ANNA);
    assertThat(inStaging(2)).contains("version 3, which has left the stage");
    assertThat(inStaging(1)).contains("version 3, which has left the stage");

    forceInto(2, Stage.STAGING);
    assertThat(inStaging(1)).as("who came has been compared").contains("version 2");
    assertThat(inStaging(3)).contains("version 2");
    move(2, Stage.NONE, ANNA);
    assertThat(inStaging(2)).as("what comes back as it left").isEmpty();
  }

  /** Says with what a version is compared that enters Staging. */
  private Optional<String> inStaging(long number) {
    return stages
        .basis(DIGITS, number(number), Stage.STAGING)
        .orElseThrow()
        .predecessor()
        .map(Predecessor::toString);
  }

  @Test
  void move_thatIsMade_isAnsweredAgain_whereverTheVersionWasExpected() {
    policies.set(OF_DIGITS, Stage.PRODUCTION, withCheck(), LEAD);
    StageTransition wanted =
        new StageTransition(
            DIGITS, number(1), Stage.PRODUCTION, true, Optional.of(Stage.NONE), false, false, "");
    StageTransitionResult made =
        stages.transition(wanted, checked(basis(1), CheckOutcome.PASSED), ANNA);

    assertThat(stages.basis(wanted, ANNA)).isEmpty();
    assertThat(stages.transition(wanted, Optional.empty(), ANNA))
        .isEqualTo(
            new StageTransitionResult(
                made.version(), List.of(), Optional.empty(), made.revision()));

    move(1, Stage.ARCHIVED, ANNA);
    assertThatThrownBy(() -> stages.basis(wanted, ANNA)).isInstanceOf(StageChangedException.class);
    assertThatThrownBy(() -> stages.transition(wanted, Optional.empty(), ANNA))
        .isInstanceOf(StageChangedException.class);
  }

  @Test
  void requiredChecks_areMissed_alsoWhenThePolicyGoesWhileTheyRun() {
    StageTransition wanted = guarded(1);
    assertThatThrownBy(() -> stages.basis(wanted, ANNA)).isInstanceOf(NoChecksException.class);
    policies.set(OF_DIGITS, Stage.PRODUCTION, withCheck(), LEAD);
    CheckBasis basis = stages.basis(wanted, ANNA).orElseThrow();
    policies.delete(OF_DIGITS, Stage.PRODUCTION, LEAD);
    long revision = events.revision();

    assertThatThrownBy(() -> stages.transition(wanted, checked(basis, CheckOutcome.PASSED), ANNA))
        .isInstanceOf(NoChecksException.class)
        .hasMessageContaining("Production of digits");
    assertThat(events.revision()).isEqualTo(revision);
    policies.set(OF_DIGITS, Stage.PRODUCTION, withCheck(), LEAD);
    stages.transition(wanted, checked(basis(1), CheckOutcome.PASSED), ANNA);
    policies.delete(OF_DIGITS, Stage.PRODUCTION, LEAD);

    assertThat(stages.transition(wanted, Optional.empty(), ANNA).version().stage())
        .as("moved by an earlier call")
        .isEqualTo(Stage.PRODUCTION);
    assertThat(in(Stage.PRODUCTION)).containsExactly(1L);
  }

  private static StageTransition guarded(long number) {
    return new StageTransition(
        DIGITS, number(number), Stage.PRODUCTION, false, Optional.empty(), false, true, "");
  }

  @Test
  void force_passesByApprovalsAndChecks_andTheAuditShowsIt() {
    policies.set(
        OF_DIGITS,
        Stage.PRODUCTION,
        new PolicyRules(
            List.of("release"),
            2,
            List.of(),
            false,
            List.of("chief"),
            List.of(SMOKE),
            Duration.ofDays(7),
            false),
        LEAD);
    StageTransition forced =
        new StageTransition(
            DIGITS, number(1), Stage.PRODUCTION, false, Optional.empty(), true, false, "it burns");
    assertThatThrownBy(() -> stages.transition(forced, Optional.empty(), LEAD))
        .isInstanceOf(RoleRequiredException.class)
        .hasMessageContaining("chief");

    Caller chief = new Caller("chief", Set.of("chief"));
    assertThat(stages.basis(forced, chief)).isEmpty();
    StageTransitionResult result = stages.transition(forced, Optional.empty(), chief);

    RegistryEvent event = events.listAfter(result.revision() - 1, 1).get(0);
    assertThat(event.forced()).isTrue();
    assertThat(event.comment()).isEqualTo("it burns");
    StageTransition free =
        new StageTransition(
            DIGITS, number(2), Stage.STAGING, false, Optional.empty(), true, false, "");
    long revision = stages.transition(free, Optional.empty(), ANNA).revision();
    assertThat(events.listAfter(revision - 1, 1).get(0).forced()).isFalse();
  }

  // Transition requests.

  @Test
  void request_isMadeApprovedAndExecuted_inOneEventEach() {
    policies.set(OF_DIGITS, Stage.PRODUCTION, approvals(2), LEAD);
    move(2, Stage.PRODUCTION, LEAD, true);
    long before = events.revision();

    TransitionRequest made = request(1, Stage.PRODUCTION, true, ANNA);
    assertThat(made.state()).isEqualTo(TransitionRequestState.OPEN);
    assertThat(made.from()).isEqualTo(Stage.NONE);
    assertThat(made.expiresAt()).isEqualTo(START.plus(Duration.ofDays(7)));
    assertThat(made.requiredApprovals()).isEqualTo(2);
    TransitionRequest once = requests.approve(made.id(), "good", Optional.empty(), BEN);
    assertThat(once.state()).isEqualTo(TransitionRequestState.OPEN);
    long revision = events.revision();
    assertThat(requests.approve(made.id(), "again", Optional.empty(), BEN)).isEqualTo(once);
    assertThat(events.revision()).isEqualTo(revision);
    TransitionRequest done = requests.approve(made.id(), "fine", Optional.empty(), CARA);

    assertThat(done.state()).isEqualTo(TransitionRequestState.EXECUTED);
    assertThat(done.closedAt()).contains(START);
    assertThat(done.decisions())
        .containsExactly(
            new TransitionDecision(BEN, true, "good", START),
            new TransitionDecision(CARA, true, "fine", START));
    assertThat(requests.get(made.id())).isEqualTo(done);
    assertThat(in(Stage.PRODUCTION)).containsExactly(1L);
    List<RegistryEvent> all = events.listAfter(before, 10);
    assertThat(all)
        .extracting(RegistryEvent::type)
        .containsExactly(
            RegistryEventType.TRANSITION_REQUEST_CREATED,
            RegistryEventType.TRANSITION_REQUEST_APPROVED,
            RegistryEventType.STAGE_TRANSITIONED);
    assertThat(request(all.get(0).change().after())).contains(made);
    assertThat(request(all.get(1).change().before())).contains(made);
    assertThat(request(all.get(1).change().after())).contains(once);
    RegistryEvent last = all.get(2);
    assertThat(last.actor()).isEqualTo("cara");
    assertThat(last.comment()).isEqualTo("fine");
    assertThat(last.version()).contains(number(1));
    assertThat(last.alsoChanged()).hasSize(2);
    assertThat(request(last.alsoChanged().get(1).before())).contains(once);
    assertThat(request(last.alsoChanged().get(1).after())).contains(done);
    assertThat(requests.approve(made.id(), "late", Optional.empty(), CARA)).isEqualTo(done);
    assertThatThrownBy(() -> requests.approve(made.id(), "late", Optional.empty(), LEAD))
        .isInstanceOf(TransitionRequestClosedException.class)
        .hasMessageContaining("executed");
  }

  @Test
  void lastOfTheApprovalsAskedFor_movesTheVersion_andNoneBefore() {
    for (int asked = 1; asked <= 3; asked++) {
      policies.set(OF_DIGITS, Stage.PRODUCTION, approvals(asked), LEAD);
      TransitionRequest made = request(asked, Stage.PRODUCTION, true, ANNA);

      for (int approver = 1; approver < asked; approver++) {
        assertThat(approve(made, "reviewer-" + approver)).isEqualTo(TransitionRequestState.OPEN);
        assertThat(approve(made, "reviewer-" + approver))
            .as("the same person again")
            .isEqualTo(TransitionRequestState.OPEN);
        assertThat(in(Stage.PRODUCTION)).doesNotContain((long) asked);
      }
      assertThat(approve(made, "reviewer-" + asked)).isEqualTo(TransitionRequestState.EXECUTED);
      assertThat(in(Stage.PRODUCTION)).containsExactly((long) asked);
    }
  }

  @Test
  void request_ofAnEarlierCall_isAnsweredAsItIs() {
    Optional<IdempotencyKey> key =
        Optional.of(new IdempotencyKey("CreateTransitionRequest", "once", "aa"));
    NewTransitionRequest wanted =
        new NewTransitionRequest(DIGITS, number(1), Stage.STAGING, false, "");
    TransitionRequest made = requests.create(id(), wanted, key, Optional.empty(), ANNA);
    TransitionRequest cancelled = requests.cancel(made.id(), "", ANNA);
    long revision = events.revision();

    assertThat(requests.basis(wanted, key)).isEmpty();
    assertThat(requests.create(id(), wanted, key, Optional.empty(), ANNA)).isEqualTo(cancelled);
    assertThat(events.revision()).isEqualTo(revision);
    assertThatThrownBy(
            () ->
                requests.create(
                    id(),
                    wanted,
                    Optional.of(new IdempotencyKey("CreateTransitionRequest", "once", "bb")),
                    Optional.empty(),
                    ANNA))
        .isInstanceOf(RequestIdReusedException.class);
  }

  @Test
  void request_isOpenOnceForAVersionAndAStage() {
    TransitionRequest made = request(1, Stage.PRODUCTION, false, ANNA);

    assertThatThrownBy(() -> request(1, Stage.PRODUCTION, true, BEN))
        .isInstanceOf(TransitionRequestExistsException.class)
        .hasMessageContaining(made.id().value());
    request(1, Stage.STAGING, false, ANNA);
    request(2, Stage.PRODUCTION, false, ANNA);
    requests.cancel(made.id(), "", ANNA);
    TransitionRequest second = request(1, Stage.PRODUCTION, false, ANNA);
    requests.reject(second.id(), "no", BEN);
    request(1, Stage.PRODUCTION, false, ANNA);

    assertThatThrownBy(() -> request(1, Stage.NONE, false, ANNA))
        .isInstanceOf(InvalidRequestException.class);
  }

  @Test
  void request_thatIsOpenAlready_takesNoChecks() {
    policies.set(OF_DIGITS, Stage.PRODUCTION, withCheck(), LEAD);
    NewTransitionRequest wanted =
        new NewTransitionRequest(DIGITS, number(1), Stage.PRODUCTION, false, "");
    assertThat(requests.basis(wanted, Optional.empty())).isPresent();
    TransitionRequest made = request(1, Stage.PRODUCTION, false, ANNA);

    assertThatThrownBy(() -> requests.basis(wanted, Optional.empty()))
        .isInstanceOf(TransitionRequestExistsException.class)
        .hasMessageContaining(made.id().value());
  }

  @Test
  void request_isRejectedByApprovers_andCancelledByItsMaker() {
    policies.set(
        OF_DIGITS,
        Stage.PRODUCTION,
        new PolicyRules(
            List.of(),
            2,
            List.of("review"),
            false,
            List.of(),
            List.of(),
            Duration.ofDays(7),
            false),
        LEAD);
    TransitionRequest first = request(1, Stage.PRODUCTION, false, ANNA);
    TransitionRequest second = request(2, Stage.PRODUCTION, false, ANNA);
    requests.approve(first.id(), "", Optional.empty(), BEN);

    assertThatThrownBy(() -> requests.reject(first.id(), "no", ANNA))
        .isInstanceOf(RoleRequiredException.class);
    assertThatThrownBy(() -> requests.cancel(second.id(), "", BEN))
        .isInstanceOf(NotTheRequesterException.class)
        .hasMessageContaining("anna");
    TransitionRequest rejected = requests.reject(first.id(), "wait", BEN);
    TransitionRequest cancelled = requests.cancel(second.id(), "never mind", ANNA);

    assertThat(rejected.state()).isEqualTo(TransitionRequestState.REJECTED);
    assertThat(rejected.decisions())
        .containsExactly(new TransitionDecision(BEN, false, "wait", START));
    assertThat(requests.get(first.id())).isEqualTo(rejected);
    assertThat(cancelled.state()).isEqualTo(TransitionRequestState.CANCELLED);
    for (TransitionRequest closed : List.of(rejected, cancelled)) {
      assertThatThrownBy(() -> requests.reject(closed.id(), "", BEN))
          .isInstanceOf(TransitionRequestClosedException.class);
      assertThatThrownBy(() -> requests.cancel(closed.id(), "", ANNA))
          .isInstanceOf(TransitionRequestClosedException.class);
      assertThatThrownBy(() -> requests.approve(closed.id(), "", Optional.empty(), CARA))
          .isInstanceOf(TransitionRequestClosedException.class);
    }
    assertThat(events.listAfter(events.revision() - 2, 2))
        .extracting(RegistryEvent::type)
        .containsExactly(
            RegistryEventType.TRANSITION_REQUEST_REJECTED,
            RegistryEventType.TRANSITION_REQUEST_CANCELLED);
    assertThatThrownBy(() -> requests.get(id()))
        .isInstanceOf(TransitionRequestNotFoundException.class);
  }

  @Test
  void request_whoseTimeIsUp_isNeverExecuted_andIsClosedByTheRegistry() {
    TransitionRequest made = request(1, Stage.PRODUCTION, false, ANNA);
    at(made.expiresAt());

    assertThatThrownBy(() -> requests.approve(made.id(), "", Optional.empty(), BEN))
        .isInstanceOf(TransitionRequestClosedException.class)
        .hasMessageContaining("expired");
    assertThatThrownBy(() -> requests.approvalBasis(made.id(), BEN))
        .isInstanceOf(TransitionRequestClosedException.class);
    assertThat(requests.expireDue(10)).isEqualTo(1);
    assertThat(requests.expireDue(10)).isZero();

    TransitionRequest expired = requests.get(made.id());
    assertThat(expired.state()).isEqualTo(TransitionRequestState.EXPIRED);
    assertThat(expired.closedAt()).contains(made.expiresAt());
    RegistryEvent event = events.listAfter(events.revision() - 1, 1).get(0);
    assertThat(event.type()).isEqualTo(RegistryEventType.TRANSITION_REQUEST_EXPIRED);
    assertThat(event.actor()).isEqualTo("slipway");

    TransitionRequest next = request(1, Stage.PRODUCTION, false, ANNA);
    at(next.expiresAt());
    requests.expireDue(new NewTransitionRequest(DIGITS, number(2), Stage.PRODUCTION, false, ""));
    assertThat(requests.get(next.id()).state()).isEqualTo(TransitionRequestState.OPEN);
    requests.expireDue(new NewTransitionRequest(DIGITS, number(1), Stage.PRODUCTION, false, ""));
    assertThat(requests.get(next.id()).state()).isEqualTo(TransitionRequestState.EXPIRED);
  }

  @Test
  void requestThatCannotBeExpired_holdsUpNoOther() {
    TransitionRequest broken = request(1, Stage.PRODUCTION, false, ANNA);
    TransitionRequest second = request(2, Stage.PRODUCTION, false, ANNA);
    TransitionRequest third = request(3, Stage.PRODUCTION, false, ANNA);
    int changed = checkReport(broken.id(), "{");
    assertThat(changed).isEqualTo(1);
    at(third.expiresAt());

    assertThat(requests.expireDue(1)).isEqualTo(2);
    assertThat(requests.get(second.id()).state()).isEqualTo(TransitionRequestState.EXPIRED);
    assertThat(requests.get(third.id()).state()).isEqualTo(TransitionRequestState.EXPIRED);
    assertThat(requests.expireDue(1)).isZero();
    assertThat(checkReport(broken.id(), "{\"name\": \"digits\", \"version\": 1}")).isEqualTo(1);
    assertThat(requests.expireDue(1)).isEqualTo(1);
  }

  @Test
  void requestWhoseReportCannotBeRead_keepsNothingFromBeingDeleted() {
    TransitionRequest first = request(1, Stage.PRODUCTION, false, ANNA);
    TransitionRequest second = request(2, Stage.PRODUCTION, false, ANNA);
    assertThat(checkReport(first.id(), "{")).isEqualTo(1);
    assertThat(checkReport(second.id(), "{")).isEqualTo(1);

    versions.delete(DIGITS, number(1), false, ANNA);
    assertThat(lastEvent().alsoChanged()).hasSize(1);
    models.delete(DIGITS, false, ANNA);
    assertThat(lastEvent().alsoChanged()).hasSize(1);
  }

  private int checkReport(TransitionRequestId id, String text) {
    return database.write(
        handle ->
            handle.execute(
                "UPDATE transition_request SET check_report = ? WHERE transition_request_id = ?",
                text,
                id.value()));
  }

  @Test
  void request_isNotExecuted_whenTheVersionHasMoved_orTheStageIsTaken() {
    TransitionRequest made = request(1, Stage.PRODUCTION, false, ANNA);
    move(1, Stage.STAGING, ANNA);
    long revision = events.revision();
    assertThatThrownBy(() -> requests.approve(made.id(), "", Optional.empty(), BEN))
        .isInstanceOf(StageChangedException.class);
    move(1, Stage.NONE, ANNA);
    move(2, Stage.PRODUCTION, ANNA);
    assertThatThrownBy(() -> requests.approve(made.id(), "", Optional.empty(), BEN))
        .isInstanceOf(StageOccupiedException.class);

    move(2, Stage.NONE, ANNA);
    move(1, Stage.PRODUCTION, ANNA);
    assertThatThrownBy(() -> requests.approve(made.id(), "", Optional.empty(), BEN))
        .as("moved by somebody else")
        .isInstanceOf(StageChangedException.class);

    assertThat(requests.get(made.id())).isEqualTo(made);
    assertThat(events.revision()).isEqualTo(revision + 4);
    move(1, Stage.NONE, ANNA);
    requests.approve(made.id(), "", Optional.empty(), BEN);
    assertThat(in(Stage.PRODUCTION)).containsExactly(1L);
  }

  @Test
  void lastApproval_takesChecksThatPassed_andTheyAreKeptWithTheRequest() {
    policies.set(
        OF_DIGITS,
        Stage.PRODUCTION,
        new PolicyRules(
            List.of(), 2, List.of(), false, List.of(), List.of(SMOKE), Duration.ofDays(7), false),
        LEAD);
    NewTransitionRequest wanted =
        new NewTransitionRequest(DIGITS, number(1), Stage.PRODUCTION, false, "");
    CheckBasis asked = requests.basis(wanted, Optional.empty()).orElseThrow();
    CheckReport failed = report(asked, CheckOutcome.FAILED);
    TransitionRequest made =
        requests.create(id(), wanted, Optional.empty(), Optional.of(failed), ANNA);
    assertThat(made.checks()).contains(failed);
    assertThat(requests.approvalBasis(made.id(), BEN)).isEmpty();
    TransitionRequest once = requests.approve(made.id(), "", Optional.empty(), BEN);

    CheckBasis basis = requests.approvalBasis(made.id(), CARA).orElseThrow();
    assertThatThrownBy(() -> requests.approve(made.id(), "", Optional.empty(), CARA))
        .isInstanceOf(ChecksOutdatedException.class);
    assertThatThrownBy(
            () -> requests.approve(made.id(), "", checked(basis, CheckOutcome.MISSING), CARA))
        .isInstanceOf(ChecksNotPassedException.class);
    assertThat(requests.get(made.id())).isEqualTo(once);
    TransitionRequest done =
        requests.approve(made.id(), "", checked(basis, CheckOutcome.PASSED), CARA);

    assertThat(done.state()).isEqualTo(TransitionRequestState.EXECUTED);
    assertThat(requests.get(made.id()).checks()).contains(report(basis, CheckOutcome.PASSED));
  }

  @Test
  void approvals_countByThePolicyOfTheMoment_andTheRolesOfTheirTime() {
    PolicyRules byReviewers =
        new PolicyRules(
            List.of(),
            2,
            List.of("review"),
            false,
            List.of(),
            List.of(),
            Duration.ofDays(7),
            false);
    policies.set(OF_DIGITS, Stage.PRODUCTION, byReviewers, LEAD);
    TransitionRequest made = request(1, Stage.PRODUCTION, false, ANNA);
    requests.approve(made.id(), "", Optional.empty(), BEN);
    policies.set(
        OF_DIGITS,
        Stage.PRODUCTION,
        new PolicyRules(
            List.of(),
            2,
            List.of("release"),
            false,
            List.of(),
            List.of(),
            Duration.ofDays(7),
            false),
        LEAD);

    TransitionRequest after = requests.approve(made.id(), "", Optional.empty(), LEAD);
    assertThat(after.state()).isEqualTo(TransitionRequestState.OPEN);
    assertThat(after.decisions()).hasSize(2);
    assertThatThrownBy(() -> requests.approve(made.id(), "", Optional.empty(), CARA))
        .isInstanceOf(RoleRequiredException.class);
    TransitionRequest done =
        requests.approve(
            made.id(), "", Optional.empty(), new Caller("ben", Set.of("review", "release")));
    assertThat(done.state()).isEqualTo(TransitionRequestState.EXECUTED);
    assertThat(done.decisions()).hasSize(2);

    policies.set(OF_DIGITS, Stage.STAGING, approvals(2), LEAD);
    TransitionRequest second = request(2, Stage.STAGING, false, ANNA);
    requests.approve(second.id(), "", Optional.empty(), BEN);
    policies.set(OF_DIGITS, Stage.STAGING, approvals(1), LEAD);
    assertThat(requests.approve(second.id(), "", Optional.empty(), BEN).state())
        .as("an approval again, once the policy asks for no more")
        .isEqualTo(TransitionRequestState.EXECUTED);
  }

  @Test
  void requests_followARename_andGoWithTheirVersion() {
    TransitionRequest first = request(1, Stage.PRODUCTION, false, ANNA);
    TransitionRequest second = request(2, Stage.PRODUCTION, false, ANNA);
    ModelName ziffern = new ModelName("ziffern");
    models.rename(DIGITS, ziffern, ANNA);
    assertThat(requests.get(first.id()).name()).isEqualTo(ziffern);

    versions.delete(ziffern, number(1), false, ANNA);
    RegistryEvent event = events.listAfter(events.revision() - 1, 1).get(0);
    assertThat(event.alsoChanged()).hasSize(1);
    assertThat(request(event.alsoChanged().get(0).before()).orElseThrow().id())
        .isEqualTo(first.id());
    assertThat(event.alsoChanged().get(0).after()).isEmpty();
    assertThatThrownBy(() -> requests.get(first.id()))
        .isInstanceOf(TransitionRequestNotFoundException.class);
    TransitionRequest third = request(ziffern, 3, Stage.STAGING);
    TransitionRequest closed = request(ziffern, 3, Stage.ARCHIVED);
    requests.cancel(closed.id(), "", ANNA);

    models.delete(ziffern, false, ANNA);
    assertThat(events.listAfter(events.revision() - 1, 1).get(0).alsoChanged())
        .allSatisfy(change -> assertThat(change.after()).isEmpty())
        .extracting(change -> request(change.before()).orElseThrow().id())
        .containsExactly(third.id(), second.id());
    assertThatThrownBy(() -> requests.approve(second.id(), "", Optional.empty(), BEN))
        .isInstanceOf(TransitionRequestNotFoundException.class);
  }

  @Test
  void requestsOfADeletedModel_areListedUpToALimit() {
    for (int i = 0; i < RegisteredModelStore.MAX_WITHDRAWN / 3; i++) {
      version("digits");
    }
    for (int i = 1; i <= RegisteredModelStore.MAX_WITHDRAWN / 3 + 3; i++) {
      request(DIGITS, i, Stage.STAGING);
      request(DIGITS, i, Stage.PRODUCTION);
      request(DIGITS, i, Stage.ARCHIVED);
    }

    models.delete(DIGITS, false, ANNA);

    assertThat(events.listAfter(events.revision() - 1, 1).get(0).alsoChanged())
        .hasSize(RegisteredModelStore.MAX_WITHDRAWN);
  }

  private TransitionRequest request(ModelName name, long number, Stage stage) {
    return requests.create(
        id(),
        new NewTransitionRequest(name, number(number), stage, false, ""),
        Optional.empty(),
        Optional.empty(),
        ANNA);
  }

  @Test
  void requests_areListedNewestFirst_inPages_byFilter() {
    model("apples");
    version("apples");
    TransitionRequest first = request(1, Stage.PRODUCTION, false, ANNA);
    TransitionRequest second = request(2, Stage.PRODUCTION, false, BEN);
    TransitionRequest third = request(1, Stage.STAGING, false, ANNA);
    TransitionRequest other =
        requests.create(
            id(),
            new NewTransitionRequest(new ModelName("apples"), number(1), Stage.STAGING, false, ""),
            Optional.empty(),
            Optional.empty(),
            ANNA);
    requests.reject(second.id(), "no", CARA);

    List<TransitionRequestId> seen = new ArrayList<>();
    String token = "";
    do {
      Page<TransitionRequest> page =
          requests.list(
              filter(Optional.empty(), Optional.empty(), Optional.empty(), Optional.empty()),
              page(3, token));
      page.items().forEach(request -> seen.add(request.id()));
      token = page.nextPageToken();
    } while (!token.isEmpty());
    assertThat(seen).containsExactly(other.id(), third.id(), second.id(), first.id());
    assertThat(list(filter(OF_DIGITS, Optional.of(number(1)), Optional.empty(), Optional.empty())))
        .containsExactly(third.id(), first.id());
    assertThat(
            list(
                filter(
                    Optional.empty(),
                    Optional.empty(),
                    Optional.of(TransitionRequestState.REJECTED),
                    Optional.of("ben"))))
        .containsExactly(second.id());
    assertThat(
            list(
                filter(
                    OF_DIGITS,
                    Optional.empty(),
                    Optional.of(TransitionRequestState.OPEN),
                    Optional.of("anna"))))
        .containsExactly(third.id(), first.id());
    assertThat(
            list(
                filter(
                    Optional.of(new ModelName("none")),
                    Optional.empty(),
                    Optional.empty(),
                    Optional.empty())))
        .isEmpty();
  }

  @Test
  void lastApprovalsAtOnce_moveTheVersionOnce() throws Exception {
    policies.set(OF_DIGITS, Stage.PRODUCTION, approvals(3), LEAD);
    TransitionRequest made = request(1, Stage.PRODUCTION, false, ANNA);
    List<Callable<String>> tasks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      Caller reviewer = new Caller("reviewer-" + i, Set.of());
      tasks.add(() -> outcome(() -> requests.approve(made.id(), "", Optional.empty(), reviewer)));
    }

    List<String> outcomes = runAll(tasks);

    assertThat(outcomes).filteredOn("OPEN"::equals).hasSize(2);
    assertThat(outcomes).filteredOn("EXECUTED"::equals).hasSize(1);
    assertThat(outcomes).filteredOn("TRANSITION_REQUEST_CLOSED"::equals).hasSize(5);
    assertThat(requests.get(made.id()).decisions()).hasSize(3);
    assertThat(moves()).isEqualTo(1);
  }

  @Test
  void approvalAgainstCancel_endsInOneOfThem() throws Exception {
    for (int round = 0; round < 10; round++) {
      TransitionRequest made = request(1, Stage.PRODUCTION, false, ANNA);
      long moves = moves();
      List<Callable<String>> tasks = new ArrayList<>();
      tasks.add(() -> outcome(() -> requests.approve(made.id(), "", Optional.empty(), BEN)));
      tasks.add(() -> outcome(() -> requests.cancel(made.id(), "", ANNA)));
      Collections.rotate(tasks, round);

      List<String> outcomes = runAll(tasks);

      TransitionRequestState state = requests.get(made.id()).state();
      assertThat(outcomes).containsExactlyInAnyOrder(state.name(), "TRANSITION_REQUEST_CLOSED");
      assertThat(moves() - moves).isEqualTo(state == TransitionRequestState.EXECUTED ? 1 : 0);
      if (state == TransitionRequestState.EXECUTED) {
        move(1, Stage.NONE, ANNA);
      }
    }
    assertThat(events.listAfter(0, 1000))
        .extracting(RegistryEvent::revision)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, events.revision()).boxed().toList());
  }

  // Helpers.

  private static PolicyRules rules(List<String> transitionRoles, int approvals) {
    return new PolicyRules(
        transitionRoles,
        approvals,
        List.of(),
        false,
        List.of("release"),
        List.of(),
        PolicyRules.DEFAULT_LIFETIME,
        false);
  }

  private static PolicyRules approvals(int approvals) {
    return rules(List.of(), approvals);
  }

  private static PolicyRules several() {
    return new PolicyRules(
        List.of(), 0, List.of(), true, List.of(), List.of(), PolicyRules.DEFAULT_LIFETIME, true);
  }

  private static PolicyRules withCheck() {
    return withCheck(SMOKE);
  }

  private static PolicyRules withCheck(Check check) {
    return new PolicyRules(
        List.of(),
        0,
        List.of(),
        true,
        List.of("release"),
        List.of(check),
        PolicyRules.DEFAULT_LIFETIME,
        false);
  }

  private CheckBasis basis(long number) {
    return stages.basis(DIGITS, number(number), Stage.PRODUCTION).orElseThrow();
  }

  private static Optional<CheckedBasis> checked(CheckBasis basis, CheckOutcome outcome) {
    return Optional.of(new CheckedBasis(basis, report(basis, outcome)));
  }

  /** Compares signatures as the check of a policy does. */
  private static Optional<CheckedBasis> compared(CheckBasis basis) {
    return Optional.of(
        new CheckedBasis(
            basis,
            new CheckReport(
                DIGITS,
                basis.version().number(),
                List.of(
                    SignatureVerdict.of(
                            CheckCondition.Signature.Mode.BACKWARD,
                            basis.version(),
                            basis.predecessor())
                        .result(COMPATIBLE.name(), START)))));
  }

  private static StageTransition toProduction(long number) {
    return new StageTransition(
        DIGITS, number(number), Stage.PRODUCTION, true, Optional.empty(), false, false, "");
  }

  private static CheckReport report(CheckBasis basis, CheckOutcome outcome) {
    return new CheckReport(
        basis.version().name(),
        basis.version().number(),
        List.of(
            new CheckResult(
                SMOKE.name(),
                outcome,
                "it burns",
                START,
                "ci",
                Optional.empty(),
                Optional.empty(),
                List.of(),
                "")));
  }

  private void model(String name) {
    var unused =
        models.create(
            new NewRegisteredModel(new ModelName(name), "", "", Map.of()), Optional.empty(), ANNA);
  }

  /** Registers a version whose files lie elsewhere; it is READY. */
  private void version(String name) {
    register(name, "s3://elsewhere/model", Optional.empty());
  }

  /** Registers a version of digits that takes a column of some type. */
  private void versionTaking(String type) {
    String holder = "registry/registrations/" + id().value();
    new PackageHoldStore(transactions).begin(holder);
    ModelSignature signature =
        ModelSignature.parse(
            Optional.of("[{\"name\": \"age\", \"type\": \"" + type + "\"}]"),
            Optional.empty(),
            Optional.empty());
    register(
        "digits",
        "mlflow-artifacts:/1/run/model",
        Optional.of(
            new VersionPackage(
                holder,
                new Sha256("a".repeat(64)),
                1,
                Optional.of(
                    new VersionPackage.ModelFile(
                        List.of(), Optional.of(signature), Optional.empty())))));
  }

  private void register(String name, String source, Optional<VersionPackage> contents) {
    var unused =
        versions.create(
            new NewModelVersion(
                new ModelName(name),
                PackageSource.parse(source),
                Optional.empty(),
                "",
                "",
                Map.of(),
                "",
                contents.isEmpty(),
                false),
            new ModelVersionStore.Registration(
                contents.map(c -> "1/run/model"), Optional.empty(), contents),
            Optional.empty(),
            ANNA);
  }

  private void move(long number, Stage stage, Caller caller) {
    move(number, stage, caller, false);
  }

  private void move(long number, Stage stage, Caller caller, boolean force) {
    var unused =
        stages.transition(
            new StageTransition(
                DIGITS, number(number), stage, false, Optional.empty(), force, false, ""),
            Optional.empty(),
            caller);
  }

  private void archiveInto(long number, Stage stage, Caller caller) {
    var unused =
        stages.transition(
            new StageTransition(
                DIGITS, number(number), stage, true, Optional.empty(), false, false, ""),
            Optional.empty(),
            caller);
  }

  private TransitionRequest request(long number, Stage stage, boolean archive, Caller caller) {
    return requests.create(
        id(),
        new NewTransitionRequest(DIGITS, number(number), stage, archive, "please"),
        Optional.empty(),
        Optional.empty(),
        caller);
  }

  private TransitionRequestState approve(TransitionRequest request, String approver) {
    return requests
        .approve(request.id(), "", Optional.empty(), new Caller(approver, Set.of()))
        .state();
  }

  private TransitionRequestId id() {
    ids++;
    return new TransitionRequestId("%032x".formatted(ids));
  }

  private List<Long> in(Stage stage) {
    return versions.list(DIGITS, Optional.of(stage), page(100, "")).items().stream()
        .map(version -> version.number().value())
        .sorted()
        .toList();
  }

  private long moves() {
    return events.listAfter(0, 1000).stream()
        .filter(event -> event.type() == RegistryEventType.STAGE_TRANSITIONED)
        .filter(event -> stage(event) == Stage.PRODUCTION)
        .count();
  }

  private static Stage stage(RegistryEvent event) {
    return ((RegistryState.OfVersion) event.change().after().orElseThrow()).version().stage();
  }

  private static TransitionRequestFilter filter(
      Optional<ModelName> name,
      Optional<VersionNumber> version,
      Optional<TransitionRequestState> state,
      Optional<String> requestedBy) {
    return new TransitionRequestFilter(name, version, state, requestedBy);
  }

  private List<TransitionRequestId> list(TransitionRequestFilter filter) {
    return requests.list(filter, page(100, "")).items().stream()
        .map(TransitionRequest::id)
        .toList();
  }

  private static Optional<StagePolicy> policy(Optional<RegistryState> state) {
    return state.map(of -> ((RegistryState.OfPolicy) of).policy());
  }

  private static Optional<TransitionRequest> request(Optional<RegistryState> state) {
    return state.map(of -> ((RegistryState.OfRequest) of).request());
  }

  private static String place(StagePolicy policy) {
    return policy.name().map(ModelName::value).orElse("*") + "/" + policy.stage();
  }

  private static VersionNumber number(long number) {
    return new VersionNumber(number);
  }

  private static PageRequest page(int size, String token) {
    return PageRequest.of(size, token, 100, 1000, "test", new Violations());
  }

  /** Says in what state a request ended, or why it was refused. */
  private static String outcome(Callable<TransitionRequest> call) throws Exception {
    try {
      return call.call().state().name();
    } catch (ServiceException e) {
      return e.reason();
    }
  }

  private static <T> List<T> runAll(List<Callable<T>> tasks) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(tasks.size());
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> future : pool.invokeAll(tasks)) {
        results.add(future.get());
      }
      return results;
    } finally {
      pool.shutdownNow();
    }
  }
}
