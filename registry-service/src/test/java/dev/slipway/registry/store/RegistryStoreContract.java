package dev.slipway.registry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.actor.RequestIdReusedException;
import dev.slipway.registry.event.ActivityFilter;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.AliasProtectedException;
import dev.slipway.registry.model.ModelAliasNotFoundException;
import dev.slipway.registry.model.ModelInProductionException;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.model.RegisteredModelChangedException;
import dev.slipway.registry.model.RegisteredModelExistsException;
import dev.slipway.registry.model.RegisteredModelNotFoundException;
import dev.slipway.registry.model.RegisteredModelUpdate;
import dev.slipway.registry.model.TooManyException;
import dev.slipway.registry.search.ModelField;
import dev.slipway.registry.search.ModelFieldRules;
import dev.slipway.registry.search.RegistrySearch;
import dev.slipway.registry.search.VersionField;
import dev.slipway.registry.search.VersionFieldRules;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.ModelVersionNotFoundException;
import dev.slipway.registry.version.ModelVersionState;
import dev.slipway.registry.version.ModelVersionUpdate;
import dev.slipway.registry.version.NewModelVersion;
import dev.slipway.registry.version.NoPreviousHolderException;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.RegistrationAbandonedException;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageChangedException;
import dev.slipway.registry.version.StageEmptyException;
import dev.slipway.registry.version.StageOccupiedException;
import dev.slipway.registry.version.StageTransition;
import dev.slipway.registry.version.VersionInProductionException;
import dev.slipway.registry.version.VersionNotReadyException;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionPackage;
import dev.slipway.registry.version.VersionSelector;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.paging.PageToken;
import dev.slipway.runtime.search.SearchParser;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Says what the stores promise, on whichever database. */
abstract class RegistryStoreContract {
  private static final SearchParser<ModelField> MODELS = new SearchParser<>(new ModelFieldRules());
  private static final SearchParser<VersionField> VERSIONS =
      new SearchParser<>(new VersionFieldRules());
  private static final ModelName DIGITS = new ModelName("digits");
  private static final Caller ANNA = new Caller("anna", Set.of());
  private static final Caller LEAD = new Caller("lead", Set.of("release"));
  private static final RunId RUN = new RunId("0123456789abcdef0123456789abcdef");
  private static final Sha256 DIGEST = new Sha256("a".repeat(64));

  /**
   * How often each of the promoters moves its version; {@code benchmarks/run promoters} has more.
   */
  private static final int PROMOTER_ROUNDS =
      Integer.getInteger("slipway.registry.promoter-rounds", 25);

  private static final ModelSignature SIGNATURE =
      new ModelSignature(
          Optional.of(
              ColumnSchema.of(
                  ColumnSpec.of("age", ScalarType.LONG), ColumnSpec.of("name", ScalarType.STRING))),
          Optional.empty(),
          List.of());

  private final AtomicLong holders = new AtomicLong();
  private Database database;
  private RegisteredModelStore models;
  private ModelVersionStore versions;
  private StageStore stages;
  private ModelAliasStore aliases;
  private RegistryEventStore events;
  private PackageHoldStore holds;

  abstract DatabaseConfig database();

  @BeforeEach
  void open() {
    database = Database.open(database(), "registry", "db/migration/registry", new MetricRegistry());
    open(Clock.fixed(Instant.parse("2026-02-03T04:05:06.789012Z"), ZoneOffset.UTC));
  }

  private void open(Clock clock) {
    RegistryTransactions transactions = new RegistryTransactions(database, clock, revision -> {});
    models = new RegisteredModelStore(transactions);
    versions = new ModelVersionStore(transactions);
    stages = new StageStore(transactions);
    aliases = new ModelAliasStore(transactions);
    events = new RegistryEventStore(transactions);
    holds = new PackageHoldStore(transactions);
  }

  @AfterEach
  void close() {
    database.close();
  }

  // Models.

  @Test
  void create_isReadBackWithStampAndTags() {
    RegisteredModel created =
        models.create(
            new NewRegisteredModel(
                DIGITS, "# Ziffern ✓", "job-7", Map.of("team", "vision", "a b/c", "")),
            Optional.empty(),
            ANNA);

    assertThat(models.get(DIGITS)).isEqualTo(created);
    assertThat(created.description()).isEqualTo("# Ziffern ✓");
    assertThat(created.deploymentJobId()).isEqualTo("job-7");
    assertThat(created.tags()).containsOnly(Map.entry("team", "vision"), Map.entry("a b/c", ""));
    assertThat(created.stamp().createdBy()).isEqualTo("anna");
    assertThat(created.stamp().createdAt()).isEqualTo(Instant.parse("2026-02-03T04:05:06.789012Z"));
    assertThat(created.stamp().revision()).isEqualTo(1);
    assertThat(created.lastVersion()).isZero();
  }

  @Test
  void create_takenName_isRefusedAndTakesNoRevision() {
    model("digits");

    assertThatThrownBy(() -> model("digits")).isInstanceOf(RegisteredModelExistsException.class);
    assertThat(events.revision()).isEqualTo(1);
  }

  @Test
  void create_sameRequestId_answersTheFirstResult() {
    Optional<IdempotencyKey> key = Optional.of(new IdempotencyKey("create", "r1", "f1"));
    NewRegisteredModel wanted = new NewRegisteredModel(DIGITS, "", "", Map.of());

    RegisteredModel first = models.create(wanted, key, ANNA);
    RegisteredModel second = models.create(wanted, key, ANNA);

    assertThat(second).isEqualTo(first);
    assertThat(events.revision()).isEqualTo(1);
    assertThatThrownBy(
            () ->
                models.create(wanted, Optional.of(new IdempotencyKey("create", "r1", "f2")), ANNA))
        .isInstanceOf(RequestIdReusedException.class);
    models.delete(DIGITS, false, ANNA);
    assertThatThrownBy(() -> models.create(wanted, key, ANNA))
        .isInstanceOf(RegisteredModelNotFoundException.class);
  }

  @Test
  void update_changesOnlyWhatIsGiven_andNothingWhenItIsTheSame() {
    model("digits");

    RegisteredModel updated =
        models.update(
            DIGITS, new RegisteredModelUpdate(Optional.of("new"), Optional.empty()), LEAD);
    models.update(DIGITS, new RegisteredModelUpdate(Optional.of("new"), Optional.empty()), ANNA);

    assertThat(updated.description()).isEqualTo("new");
    assertThat(updated.stamp().updatedBy()).isEqualTo("lead");
    assertThat(updated.stamp().createdBy()).isEqualTo("anna");
    assertThat(events.revision()).isEqualTo(2);
  }

  @Test
  void tags_areSetReplacedAndRemoved_inOneStepEach() {
    model("digits");

    models.setTags(DIGITS, Map.of("a", "1", "b", "2"), OptionalLong.empty(), ANNA);
    models.setTags(DIGITS, Map.of("b", "3"), OptionalLong.empty(), ANNA);
    models.setTags(DIGITS, Map.of("b", "3"), OptionalLong.empty(), ANNA);
    RegisteredModel after = models.deleteTags(DIGITS, Set.of("a", "absent"), ANNA);
    models.deleteTags(DIGITS, Set.of("absent"), ANNA);

    assertThat(after.tags()).containsOnly(Map.entry("b", "3"));
    assertThat(events.revision()).isEqualTo(4);
  }

  @Test
  void tagsForARevision_areNotSetWhenTheModelHasChanged() {
    model("digits");
    long seen =
        models.setTags(DIGITS, Map.of("a", "1"), OptionalLong.empty(), ANNA).stamp().revision();
    RegisteredModel changed = models.setTags(DIGITS, Map.of("a", "2"), OptionalLong.of(seen), ANNA);

    assertThatThrownBy(() -> models.setTags(DIGITS, Map.of("a", "3"), OptionalLong.of(seen), LEAD))
        .isInstanceOf(RegisteredModelChangedException.class);

    assertThat(changed.stamp().revision()).isGreaterThan(seen);
    assertThat(models.get(DIGITS).tags()).containsOnly(Map.entry("a", "2"));
    assertThat(events.revision()).isEqualTo(3);
  }

  @Test
  void rename_isFollowedByVersionsStagesAliasesTagsAndHistory() {
    model("digits");
    version("digits");
    move("digits", 1, Stage.PRODUCTION);
    aliases.set(DIGITS, new AliasName("champion"), number(1), Optional.empty(), ANNA);
    models.setTags(DIGITS, Map.of("k", "v"), OptionalLong.empty(), ANNA);

    ModelName ziffern = new ModelName("ziffern");
    RegisteredModel renamed = models.rename(DIGITS, ziffern, ANNA);

    assertThat(renamed.tags()).containsEntry("k", "v");
    assertThat(renamed.aliases()).hasSize(1);
    assertThat(resolve("ziffern", new VersionSelector.ByStage(Stage.PRODUCTION)).name())
        .isEqualTo(ziffern);
    assertThat(resolve("ziffern", new VersionSelector.ByAlias(new AliasName("champion"))).number())
        .isEqualTo(number(1));
    assertThatThrownBy(() -> models.get(DIGITS))
        .isInstanceOf(RegisteredModelNotFoundException.class);
    assertThat(activities(ziffern))
        .extracting(RegistryEvent::type)
        .containsExactly(
            RegistryEventType.REGISTERED_MODEL_CREATED,
            RegistryEventType.MODEL_VERSION_CREATED,
            RegistryEventType.STAGE_TRANSITIONED,
            RegistryEventType.ALIAS_SET,
            RegistryEventType.REGISTERED_MODEL_TAGS_SET,
            RegistryEventType.REGISTERED_MODEL_RENAMED);
    RegistryEvent last = activities(ziffern).get(5);
    assertThat(last.name()).contains(ziffern);
    assertThat(last.change().before())
        .get()
        .isInstanceOfSatisfying(
            RegistryState.OfModel.class, of -> assertThat(of.model().name()).isEqualTo(DIGITS));
    version("ziffern");
    assertThat(versions.get(ziffern, number(2)).name()).isEqualTo(ziffern);
  }

  @Test
  void rename_toATakenName_isRefused_andToItsOwnChangesNothing() {
    model("a");
    model("b");

    assertThatThrownBy(() -> models.rename(new ModelName("a"), new ModelName("b"), ANNA))
        .isInstanceOf(RegisteredModelExistsException.class);
    models.rename(new ModelName("a"), new ModelName("a"), ANNA);
    assertThat(events.revision()).isEqualTo(2);
  }

  @Test
  void delete_takesEverythingButHistory_andReleasesPackages() {
    model("digits");
    String holder = version("digits").holder().orElseThrow();
    move("digits", 1, Stage.PRODUCTION);

    assertThatThrownBy(() -> models.delete(DIGITS, false, ANNA))
        .isInstanceOf(ModelInProductionException.class);
    assertThat(models.delete(DIGITS, true, ANNA)).containsExactly(holder);

    assertThat(holds.listReleasing("", 10)).containsExactly(holder);
    assertThat(activities(DIGITS)).hasSize(4);
    model("digits");
    assertThat(version("digits").number()).isEqualTo(number(1));
    assertThat(activities(DIGITS)).hasSize(2);
  }

  @Test
  void search_filtersSortsAndPagesWithoutGapOrRepeat() {
    for (String name : List.of("alpha", "beta", "gamma", "delta", "Beta")) {
      model(name);
    }
    models.setTags(
        new ModelName("beta"), Map.of("team", "vision", "x.y", "it's"), OptionalLong.empty(), ANNA);
    models.setTags(new ModelName("gamma"), Map.of("team", "text"), OptionalLong.empty(), ANNA);
    models.setTags(
        new ModelName("delta"),
        Map.of("mlflow.prompt.is_prompt", "true"),
        OptionalLong.empty(),
        ANNA);

    assertThat(search("name LIKE '%eta'")).containsExactlyInAnyOrder("beta", "Beta");
    assertThat(search("name ILIKE 'BETA'")).containsExactlyInAnyOrder("beta", "Beta");
    assertThat(search("name != 'alpha' and tags.team = 'vision'")).containsExactly("beta");
    assertThat(search("tag.`x.y` = \"it's\"")).containsExactly("beta");
    assertThat(search("tags.team != 'vision'")).containsExactly("gamma");
    assertThat(search("tags.team = 'vision' OR tags.team = 'text'"))
        .containsExactlyInAnyOrder("beta", "gamma");
    assertThat(search("NOT (name = 'alpha' OR name ILIKE 'beta')"))
        .containsExactlyInAnyOrder("gamma", "delta");
    assertThat(search("tag.`mlflow.prompt.is_prompt` != 'true'"))
        .hasSize(4)
        .doesNotContain("delta");
    assertThat(search("name = '100%' OR name LIKE 'a\\%'")).isEmpty();

    for (String order : List.of("name", "name DESC", "last_updated_timestamp DESC", "timestamp")) {
      List<String> seen = new ArrayList<>();
      String token = "";
      do {
        Page<RegisteredModel> page =
            models.search(
                new RegistrySearch<>(MODELS.filter(""), MODELS.order(List.of(order), 4)),
                page(2, token));
        page.items().forEach(model -> seen.add(model.name().value()));
        token = page.nextPageToken();
      } while (!token.isEmpty());
      assertThat(seen).containsExactlyInAnyOrder("alpha", "beta", "gamma", "delta", "Beta");
    }
  }

  @Test
  void search_tokenWithForgedKeys_isRefused() {
    RegistrySearch<ModelField> byTime =
        new RegistrySearch<>(Optional.empty(), MODELS.order(List.of("timestamp"), 4));
    for (List<String> keys :
        List.of(
            List.of("yesterday", "a"),
            List.of("-1000000000-01-01T00:00:00Z", "a"),
            List.of("2026-11-21T00:00:00Z"),
            List.of("2026-11-21T00:00:00Z", "a", "b"))) {
      PageRequest page = page(2, PageToken.encode("test", keys));
      assertThatThrownBy(() -> models.search(byTime, page))
          .isInstanceOfSatisfying(
              InvalidRequestException.class,
              e -> assertThat(e.violations()).extracting("field").containsExactly("page_token"));
    }
  }

  // Versions.

  @Test
  void version_isReadBackWithItsPackage() {
    model("digits");

    ModelVersion created = version("digits");

    assertThat(versions.get(DIGITS, number(1))).isEqualTo(created);
    assertThat(created.state()).isEqualTo(ModelVersionState.READY);
    assertThat(created.stage()).isEqualTo(Stage.NONE);
    assertThat(created.signature()).contains(SIGNATURE);
    assertThat(created.flavors()).containsExactly(flavor());
    assertThat(created.packageDigest()).contains(DIGEST);
    assertThat(created.packageSizeBytes()).isEqualTo(4711);
    assertThat(created.origin().runId()).contains(RUN);
    assertThat(created.tags()).containsEntry("t", "1");
    assertThat(models.get(DIGITS).lastVersion()).isEqualTo(1);
  }

  @Test
  void version_numbersAreNeverReused() {
    model("digits");
    version("digits");
    version("digits");

    versions.delete(DIGITS, number(2), false, ANNA);

    assertThat(version("digits").number()).isEqualTo(number(3));
    assertThatThrownBy(() -> versions.get(DIGITS, number(2)))
        .isInstanceOf(ModelVersionNotFoundException.class);
    assertThatThrownBy(() -> versions.delete(DIGITS, number(2), false, ANNA))
        .isInstanceOf(ModelVersionNotFoundException.class);
  }

  @Test
  void version_withoutItsHold_isNotCreatedAndUsesUpNoNumber() {
    model("digits");
    VersionPackage contents = contents();
    holds.begin(contents.holder());
    assertThat(holds.abandonOlderThan(Duration.ofSeconds(-1))).isEqualTo(1);

    assertThatThrownBy(
            () -> versions.create(wanted("digits"), registration(contents), Optional.empty(), ANNA))
        .isInstanceOf(RegistrationAbandonedException.class);

    assertThat(holds.listReleasing("", 10)).containsExactly(contents.holder());
    holds.released(contents.holder());
    assertThat(holds.listReleasing("", 10)).isEmpty();
    assertThat(version("digits").number()).isEqualTo(number(1));
  }

  @Test
  void version_sameRequestId_answersTheFirstAndLetsTheSecondPackageGo() {
    model("digits");
    Optional<IdempotencyKey> key = Optional.of(new IdempotencyKey("version", "r1", "f1"));
    ModelVersion first = create("digits", contents(), key);
    VersionPackage second = contents();

    assertThat(create("digits", second, key)).isEqualTo(first);

    assertThat(versions.findEarlier(DIGITS, key)).contains(first);
    assertThat(holds.listReleasing("", 10)).containsExactly(second.holder());
    assertThat(models.get(DIGITS).lastVersion()).isEqualTo(1);
  }

  @Test
  void deferredVersion_isPendingUntilFinalized() {
    model("digits");
    NewModelVersion wanted = wanted("digits", true);
    ModelVersion pending =
        versions.create(
            wanted,
            new ModelVersionStore.Registration(
                Optional.of("1/x"), Optional.empty(), Optional.empty()),
            Optional.empty(),
            ANNA);
    assertThat(pending.state()).isEqualTo(ModelVersionState.PENDING);
    assertThatThrownBy(() -> move("digits", 1, Stage.STAGING))
        .isInstanceOf(VersionNotReadyException.class);
    assertThatThrownBy(() -> resolve("digits", new VersionSelector.Latest()))
        .isInstanceOf(ModelVersionNotFoundException.class);

    VersionPackage contents = contents();
    holds.begin(contents.holder());
    ModelVersion ready =
        versions.finalizeVersion(DIGITS, number(1), registration(contents), Optional.empty(), ANNA);
    assertThat(ready.state()).isEqualTo(ModelVersionState.READY);
    assertThat(ready.signature()).contains(SIGNATURE);

    versions.create(wanted, registration(Optional.empty()), Optional.empty(), ANNA);
    ModelVersion failed =
        versions.finalizeVersion(
            DIGITS, number(2), registration(Optional.empty()), Optional.of("no files"), ANNA);
    assertThat(failed.state()).isEqualTo(ModelVersionState.FAILED);
    assertThat(failed.stateReason()).isEqualTo("no files");
    assertThat(resolve("digits", new VersionSelector.Latest()).number()).isEqualTo(number(1));
    assertThat(versions.newest(DIGITS).number()).isEqualTo(number(2));
  }

  @Test
  void version_updateAndTags() {
    model("digits");
    version("digits");

    versions.update(
        DIGITS, number(1), new ModelVersionUpdate(Optional.of("d"), Optional.of("http://x")), ANNA);
    versions.setTags(DIGITS, number(1), Map.of("t", "2", "u", "3"), ANNA);
    ModelVersion after = versions.deleteTags(DIGITS, number(1), Set.of("u"), LEAD);

    assertThat(after.description()).isEqualTo("d");
    assertThat(after.origin().runLink()).isEqualTo("http://x");
    assertThat(after.tags()).containsOnly(Map.entry("t", "2"));
    assertThat(after.signature()).contains(SIGNATURE);
    assertThat(after.stamp().updatedBy()).isEqualTo("lead");
    assertThat(models.get(DIGITS).stamp().revision()).isEqualTo(after.stamp().revision());
  }

  @Test
  void versions_listsPageByNumberAndStage() {
    model("digits");
    IntStream.rangeClosed(1, 5).forEach(i -> version("digits"));
    move("digits", 2, Stage.STAGING);
    move("digits", 3, Stage.ARCHIVED);
    move("digits", 4, Stage.ARCHIVED);

    Page<ModelVersion> first = versions.list(DIGITS, Optional.empty(), page(2, ""));
    Page<ModelVersion> second =
        versions.list(DIGITS, Optional.empty(), page(4, first.nextPageToken()));

    assertThat(numbers(first.items())).containsExactly(5L, 4L);
    assertThat(numbers(second.items())).containsExactly(3L, 2L, 1L);
    assertThat(second.nextPageToken()).isEmpty();
    assertThat(numbers(versions.list(DIGITS, Optional.of(Stage.ARCHIVED), page(9, "")).items()))
        .containsExactly(4L, 3L);
    assertThat(numbers(versions.list(DIGITS, Optional.of(Stage.STAGING), page(9, "")).items()))
        .containsExactly(2L);
    assertThat(numbers(versions.list(DIGITS, Optional.of(Stage.NONE), page(9, "")).items()))
        .containsExactly(5L, 1L);
    assertThat(numbers(versions.latest(DIGITS, Set.of(Stage.values()))))
        .containsExactly(5L, 2L, 4L);
    assertThat(numbers(versions.latest(DIGITS, Set.of(Stage.PRODUCTION)))).isEmpty();
    assertThat(models.get(DIGITS).latestVersions())
        .extracting(RegisteredModel.StageVersion::stage)
        .containsExactly(Stage.NONE, Stage.STAGING, Stage.ARCHIVED);
  }

  @Test
  void versions_searchOverModels() {
    model("digits");
    model("words");
    version("digits");
    version("digits");
    version("words");
    versions.setTags(new ModelName("words"), number(1), Map.of("best", "yes"), ANNA);

    assertThat(searchVersions("")).containsExactlyInAnyOrder("digits/1", "digits/2", "words/1");
    assertThat(searchVersions("name = 'digits' AND version_number > 1"))
        .containsExactly("digits/2");
    assertThat(searchVersions("run_id IN ('" + RUN + "', 'x') and tags.best = 'yes'"))
        .containsExactly("words/1");
    assertThat(searchVersions("source_path LIKE 'mlflow-artifacts:%' and not name='digits'"))
        .containsExactly("words/1");
    assertThat(searchVersions("version_number = '2' AND")).containsExactly("digits/2");
    assertThat(searchVersions("run_id NOT IN ('" + RUN + "')")).isEmpty();
    assertThat(searchVersions("tags.`mlflow.prompt.is_prompt` != 'true' and tags.best != 'no'"))
        .containsExactly("words/1");
    List<String> seen = new ArrayList<>();
    String token = "";
    do {
      Page<ModelVersion> page =
          versions.search(
              new RegistrySearch<>(
                  VERSIONS.filter(""), VERSIONS.order(List.of("version_number DESC"), 4)),
              page(1, token));
      page.items().forEach(version -> seen.add(version.name() + "/" + version.number()));
      token = page.nextPageToken();
    } while (!token.isEmpty());
    assertThat(seen).containsExactly("digits/2", "digits/1", "words/1");
  }

  @Test
  void deletedVersion_releasesItsPackageAndTakesItsAliases() {
    model("digits");
    ModelVersion version = version("digits");
    aliases.set(DIGITS, new AliasName("champion"), number(1), Optional.empty(), ANNA);
    move("digits", 1, Stage.PRODUCTION);

    assertThatThrownBy(() -> versions.delete(DIGITS, number(1), false, ANNA))
        .isInstanceOf(VersionInProductionException.class);
    assertThat(versions.delete(DIGITS, number(1), true, ANNA)).isEqualTo(version.holder());

    assertThat(holds.listReleasing("", 10)).containsExactly(version.holder().orElseThrow());
    assertThat(models.get(DIGITS).aliases()).isEmpty();
    assertThat(models.get(DIGITS).latestVersions()).isEmpty();
  }

  // Stages.

  @Test
  void transition_toAnOccupiedStage_isRefusedUntilTheHolderIsArchived() {
    model("digits");
    version("digits");
    version("digits");
    move("digits", 1, Stage.PRODUCTION);

    assertThatThrownBy(() -> move("digits", 2, Stage.PRODUCTION))
        .isInstanceOf(StageOccupiedException.class)
        .hasMessageContaining("version 1")
        .hasMessageContaining("archive_existing_versions");

    var result =
        stages.transition(
            new StageTransition(
                DIGITS,
                number(2),
                Stage.PRODUCTION,
                true,
                Optional.of(Stage.NONE),
                false,
                false,
                "better"),
            Optional.empty(),
            LEAD);

    assertThat(result.version().stage()).isEqualTo(Stage.PRODUCTION);
    assertThat(numbers(result.archived())).containsExactly(1L);
    assertThat(versions.get(DIGITS, number(1)).stage()).isEqualTo(Stage.ARCHIVED);
    RegistryEvent event = events.listAfter(result.revision() - 1, 10).get(0);
    assertThat(event.actor()).isEqualTo("lead");
    assertThat(event.comment()).isEqualTo("better");
    assertThat(event.version()).contains(number(2));
    assertThat(stage(event.change().before())).isEqualTo(Stage.NONE);
    assertThat(stage(event.change().after())).isEqualTo(Stage.PRODUCTION);
    assertThat(event.alsoChanged()).hasSize(1);
    assertThat(stage(event.alsoChanged().get(0).before())).isEqualTo(Stage.PRODUCTION);
    assertThat(stage(event.alsoChanged().get(0).after())).isEqualTo(Stage.ARCHIVED);
  }

  @Test
  void transition_toItsOwnStage_changesNothing_andAnotherExpectationIsAborted() {
    model("digits");
    version("digits");
    move("digits", 1, Stage.STAGING);
    long revision = events.revision();

    assertThat(move("digits", 1, Stage.STAGING)).isEqualTo(revision);
    assertThat(events.revision()).isEqualTo(revision);
    assertThatThrownBy(
            () ->
                stages.transition(
                    new StageTransition(
                        DIGITS,
                        number(1),
                        Stage.PRODUCTION,
                        false,
                        Optional.of(Stage.NONE),
                        false,
                        false,
                        ""),
                    Optional.empty(),
                    ANNA))
        .isInstanceOf(StageChangedException.class);
    move("digits", 1, Stage.PRODUCTION);
    move("digits", 1, Stage.NONE);
    assertThat(versions.get(DIGITS, number(1)).stage()).isEqualTo(Stage.NONE);
    assertThatThrownBy(() -> resolve("digits", new VersionSelector.ByStage(Stage.PRODUCTION)))
        .isInstanceOf(StageEmptyException.class)
        .hasMessageContaining("version 1 in None");
  }

  @Test
  void rollback_returnsTheStageToThePreviousHolder() {
    model("digits");
    version("digits");
    version("digits");
    move("digits", 1, Stage.PRODUCTION);
    assertThatThrownBy(() -> stages.rollback(DIGITS, Stage.PRODUCTION, Optional.empty(), "", ANNA))
        .isInstanceOf(NoPreviousHolderException.class);
    stages.transition(
        new StageTransition(
            DIGITS, number(2), Stage.PRODUCTION, true, Optional.empty(), false, false, ""),
        Optional.empty(),
        ANNA);

    assertThatThrownBy(
            () -> stages.rollback(DIGITS, Stage.PRODUCTION, Optional.of(number(1)), "", ANNA))
        .isInstanceOf(StageChangedException.class);
    var result =
        stages.rollback(DIGITS, Stage.PRODUCTION, Optional.of(number(2)), "errors rise", ANNA);

    assertThat(result.version().number()).isEqualTo(number(1));
    assertThat(numbers(result.archived())).containsExactly(2L);
    assertThat(resolve("digits", new VersionSelector.ByStage(Stage.PRODUCTION)).number())
        .isEqualTo(number(1));
    versions.delete(DIGITS, number(2), false, ANNA);
    assertThatThrownBy(() -> stages.rollback(DIGITS, Stage.PRODUCTION, Optional.empty(), "", ANNA))
        .isInstanceOf(NoPreviousHolderException.class);
  }

  @Test
  void eightPromoters_neverLeaveTwoHolders_andRevisionsAreGapless() throws Exception {
    int promoters = 8;
    model("digits");
    IntStream.range(0, promoters).forEach(i -> version("digits"));
    long before = events.revision();

    List<Callable<Integer>> tasks = new ArrayList<>();
    for (int promoter = 1; promoter <= promoters; promoter++) {
      VersionNumber mine = number(promoter);
      tasks.add(
          () -> {
            for (int round = 0; round < PROMOTER_ROUNDS; round++) {
              stages.transition(
                  new StageTransition(
                      DIGITS,
                      mine,
                      round % 3 == 0 ? Stage.STAGING : Stage.PRODUCTION,
                      true,
                      Optional.empty(),
                      false,
                      false,
                      ""),
                  Optional.empty(),
                  ANNA);
              Page<ModelVersion> holders =
                  versions.list(DIGITS, Optional.of(Stage.PRODUCTION), page(10, ""));
              assertThat(holders.items()).hasSizeLessThanOrEqualTo(1);
            }
            return 0;
          });
    }
    runAll(tasks, promoters);

    List<RegistryEvent> all = new ArrayList<>();
    for (List<RegistryEvent> page = events.listAfter(0, 100);
        !page.isEmpty();
        page = events.listAfter(all.get(all.size() - 1).revision(), 100)) {
      all.addAll(page);
    }
    assertThat(events.revision()).isGreaterThan(before);
    assertThat(all)
        .extracting(RegistryEvent::revision)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, events.revision()).boxed().toList());

    // Whoever replays the events sees what every reader saw: each move displaces the holder that
    // there was, in the same event.
    Map<VersionNumber, Stage> replayed = new HashMap<>();
    for (RegistryEvent event : all) {
      if (event.type() != RegistryEventType.STAGE_TRANSITIONED) {
        continue;
      }
      VersionNumber mover = event.version().orElseThrow();
      Stage to = stage(event.change().after());
      assertThat(stage(event.change().before()))
          .isEqualTo(replayed.getOrDefault(mover, Stage.NONE));
      List<VersionNumber> displaced =
          replayed.entrySet().stream()
              .filter(at -> at.getValue() == to)
              .map(Map.Entry::getKey)
              .toList();
      assertThat(event.alsoChanged())
          .extracting(also -> number(also.before()))
          .containsExactlyElementsOf(displaced);
      assertThat(event.alsoChanged()).allMatch(also -> stage(also.before()) == to);
      assertThat(event.alsoChanged()).allMatch(also -> stage(also.after()) == Stage.ARCHIVED);
      displaced.forEach(version -> replayed.put(version, Stage.ARCHIVED));
      replayed.put(mover, to);
    }
    replayed.forEach(
        (version, stage) -> assertThat(versions.get(DIGITS, version).stage()).isEqualTo(stage));
  }

  @Test
  void promotion_neverShowsAnEmptyStage() throws Exception {
    model("digits");
    version("digits");
    version("digits");
    move("digits", 1, Stage.PRODUCTION);
    AtomicBoolean done = new AtomicBoolean();

    List<Callable<Void>> tasks = new ArrayList<>();
    tasks.add(
        () -> {
          try {
            for (int round = 0; round < 60; round++) {
              VersionNumber next = number(2 - round % 2);
              stages.transition(
                  new StageTransition(
                      DIGITS, next, Stage.PRODUCTION, true, Optional.empty(), false, false, ""),
                  Optional.empty(),
                  ANNA);
            }
          } finally {
            done.set(true);
          }
          return null;
        });
    tasks.add(
        () -> {
          do {
            // Throws when no version holds the stage.
            resolve("digits", new VersionSelector.ByStage(Stage.PRODUCTION));
          } while (!done.get());
          return null;
        });

    runAll(tasks, 2);
  }

  @Test
  void stages_haveOnePlace_andRoomForMoreInStagingAlone() {
    model("digits");
    version("digits");
    version("digits");
    version("digits");
    move("digits", 1, Stage.STAGING);
    move("digits", 2, Stage.PRODUCTION);

    assertThatThrownBy(() -> assign("STAGING", 0)).hasMessageContaining("stage_assignment");
    assertThatThrownBy(() -> assign("PRODUCTION", 1)).isInstanceOf(RuntimeException.class);
    assign("STAGING", 1);

    assertThat(models.get(DIGITS).latestVersions())
        .containsExactly(
            new RegisteredModel.StageVersion(Stage.STAGING, number(3)),
            new RegisteredModel.StageVersion(Stage.PRODUCTION, number(2)));
  }

  private void assign(String stage, int slot) {
    var unused =
        database.write(
            handle ->
                handle.execute(
                    "INSERT INTO stage_assignment (model_id, stage, slot, version) VALUES (1, ?, ?,"
                        + " 3)",
                    stage,
                    slot));
  }

  @Test
  void concurrentCallsWithOneRequestId_makeOneVersion_andLetTheOtherPackagesGo() throws Exception {
    model("digits");
    Optional<IdempotencyKey> key = Optional.of(new IdempotencyKey("version", "r1", "f1"));
    List<Callable<Long>> tasks = new ArrayList<>();
    IntStream.range(0, 8)
        .forEach(i -> tasks.add(() -> create("digits", contents(), key).number().value()));

    assertThat(runAll(tasks, 8)).containsOnly(1L);

    assertThat(models.get(DIGITS).lastVersion()).isEqualTo(1);
    assertThat(holds.listReleasing("", 10))
        .hasSize(7)
        .doesNotContain(versions.get(DIGITS, number(1)).holder().orElseThrow());
  }

  @Test
  void concurrentRegistrations_getDistinctNumbers() throws Exception {
    model("digits");
    List<Callable<Long>> tasks = new ArrayList<>();
    IntStream.range(0, 24).forEach(i -> tasks.add(() -> version("digits").number().value()));

    List<Long> numbers = runAll(tasks, 8);

    assertThat(numbers)
        .containsExactlyInAnyOrderElementsOf(LongStream.rangeClosed(1, 24).boxed().toList());
  }

  // Aliases.

  @Test
  void alias_movesAndIsDeleted() {
    model("digits");
    version("digits");
    version("digits");
    AliasName champion = new AliasName("champion");

    assertThat(aliases.set(DIGITS, champion, number(1), Optional.empty(), ANNA).previous())
        .isEmpty();
    var moved = aliases.set(DIGITS, champion, number(2), Optional.empty(), ANNA);
    aliases.set(DIGITS, champion, number(2), Optional.empty(), ANNA);

    assertThat(moved.previous()).contains(number(1));
    assertThat(events.revision()).isEqualTo(moved.revision());
    RegistryEvent event = events.listAfter(moved.revision() - 1, 1).get(0);
    assertThat(event.alsoChanged()).hasSize(1);
    assertThat(versions.get(DIGITS, number(2)).aliases()).containsExactly(champion);
    assertThat(versions.get(DIGITS, number(1)).aliases()).isEmpty();
    aliases.delete(DIGITS, champion, ANNA);
    aliases.delete(DIGITS, champion, ANNA);
    assertThat(events.revision()).isEqualTo(moved.revision() + 1);
    assertThatThrownBy(() -> resolve("digits", new VersionSelector.ByAlias(champion)))
        .isInstanceOf(ModelAliasNotFoundException.class);
  }

  @Test
  void protectedAlias_isMovedOnlyWithTheRole() {
    model("digits");
    version("digits");
    version("digits");
    AliasName champion = new AliasName("champion");

    assertThatThrownBy(() -> aliases.set(DIGITS, champion, number(1), Optional.of("release"), ANNA))
        .isInstanceOf(AliasProtectedException.class);
    aliases.set(DIGITS, champion, number(1), Optional.of("release"), LEAD);

    assertThatThrownBy(() -> aliases.set(DIGITS, champion, number(2), Optional.empty(), ANNA))
        .isInstanceOf(AliasProtectedException.class);
    assertThatThrownBy(() -> aliases.delete(DIGITS, champion, ANNA))
        .isInstanceOf(AliasProtectedException.class);
    assertThatThrownBy(() -> versions.delete(DIGITS, number(1), false, ANNA))
        .isInstanceOf(AliasProtectedException.class);
    assertThat(
            aliases
                .set(DIGITS, champion, number(2), Optional.empty(), LEAD)
                .alias()
                .protectedByRole())
        .contains("release");
    aliases.set(DIGITS, champion, number(2), Optional.of(""), LEAD);
    aliases.set(DIGITS, champion, number(1), Optional.empty(), ANNA);
  }

  // Feed and audit.

  @Test
  void events_carryTheStateBeforeAndAfterAsItWas() {
    model("digits");
    ModelVersion version = version("digits");
    models.update(DIGITS, new RegisteredModelUpdate(Optional.of("d"), Optional.empty()), ANNA);

    List<RegistryEvent> all = events.listAfter(0, 10);

    assertThat(all.get(0).change().before()).isEmpty();
    assertThat(all.get(1).change().after())
        .get()
        .isInstanceOfSatisfying(
            RegistryState.OfVersion.class,
            of -> {
              assertThat(of.version().packageDigest()).isEqualTo(version.packageDigest());
              assertThat(of.version().stamp()).isEqualTo(version.stamp());
              assertThat(of.version().tags()).isEqualTo(version.tags());
              assertThat(of.version().origin()).isEqualTo(version.origin());
              assertThat(of.version().flavors()).containsExactly(new Flavor("xgboost", Map.of()));
            });
    assertThat(all.get(2).change().after()).contains(new RegistryState.OfModel(models.get(DIGITS)));
  }

  @Test
  void activities_areFilteredAndPaged() {
    model("digits");
    model("words");
    version("digits");
    move("digits", 1, Stage.STAGING);
    models.setTags(DIGITS, Map.of("a", "b"), OptionalLong.empty(), LEAD);

    ActivityFilter digits =
        filter(Optional.of(DIGITS), Optional.empty(), Optional.empty(), Set.of());
    Page<RegistryEvent> first = events.list(digits, page(3, ""));
    Page<RegistryEvent> second = events.list(digits, page(3, first.nextPageToken()));

    assertThat(first.items()).extracting(RegistryEvent::revision).containsExactly(5L, 4L, 3L);
    assertThat(second.items()).extracting(RegistryEvent::revision).containsExactly(1L);
    assertThat(
            events
                .list(
                    filter(Optional.of(DIGITS), Optional.of(number(1)), Optional.empty(), Set.of()),
                    page(9, ""))
                .items())
        .hasSize(2);
    assertThat(
            events
                .list(
                    filter(Optional.empty(), Optional.empty(), Optional.of("lead"), Set.of()),
                    page(9, ""))
                .items())
        .hasSize(1);
    assertThat(
            events
                .list(
                    filter(
                        Optional.empty(),
                        Optional.empty(),
                        Optional.empty(),
                        Set.of(
                            RegistryEventType.STAGE_TRANSITIONED,
                            RegistryEventType.REGISTERED_MODEL_CREATED)),
                    page(9, ""))
                .items())
        .hasSize(3);
    Instant now = Instant.parse("2026-02-03T04:05:06.789012Z");
    ActivityFilter before =
        new ActivityFilter(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Set.of(),
            Optional.of(now),
            Optional.of(now),
            true);
    assertThat(events.list(before, page(9, "")).items()).isEmpty();
    assertThat(
            events
                .list(
                    filter(
                        Optional.of(new ModelName("nobody")),
                        Optional.empty(),
                        Optional.empty(),
                        Set.of()),
                    page(9, ""))
                .items())
        .isEmpty();
  }

  @Test
  void snapshot_showsOneRevision_whileCommandsRun() {
    model("a");
    model("b");
    version("a");
    List<String> seen = new ArrayList<>();
    long[] revisions = new long[3];

    long revision =
        events.snapshot(
            Set.of(),
            new RegistryEventStore.SnapshotReceiver() {
              @Override
              public void models(long at, List<RegisteredModel> part) {
                revisions[0] = at;
                part.forEach(model -> seen.add(model.name().value()));
                // A command beside the snapshot, on a thread and so a connection of its own: what
                // it
                // makes must not show.
                CompletableFuture.runAsync(() -> version("b")).join();
              }

              @Override
              public void versions(long at, List<ModelVersion> part) {
                revisions[1] = at;
                part.forEach(version -> seen.add(version.name() + "/" + version.number()));
              }
            });

    assertThat(seen).containsExactly("a", "b", "a/1");
    assertThat(revision).isEqualTo(3).isEqualTo(revisions[0]).isEqualTo(revisions[1]);
    assertThat(events.revision()).isEqualTo(4);
  }

  @Test
  void forgedPageTokens_areTheCallersMistake() {
    model("digits");
    ActivityFilter all = filter(Optional.empty(), Optional.empty(), Optional.empty(), Set.of());

    for (List<String> keys : List.of(List.<String>of(), List.of("x"), List.of(""))) {
      String token = PageToken.encode("test", keys);
      assertThatThrownBy(() -> versions.list(DIGITS, Optional.empty(), page(10, token)))
          .isInstanceOf(InvalidRequestException.class)
          .hasMessageContaining("page_token");
      assertThatThrownBy(() -> events.list(all, page(10, token)))
          .isInstanceOf(InvalidRequestException.class)
          .hasMessageContaining("page_token");
    }
  }

  @Test
  void tags_haveALimitInBytesTogether() {
    model("digits");
    version("digits");
    String large = "é".repeat(200_000);
    models.setTags(DIGITS, Map.of("a", large, "b", large), OptionalLong.empty(), ANNA);
    versions.setTags(DIGITS, number(1), Map.of("a", large, "b", large), ANNA);
    long revision = events.revision();

    assertThatThrownBy(() -> models.setTags(DIGITS, Map.of("c", large), OptionalLong.empty(), ANNA))
        .isInstanceOf(TooManyException.class)
        .hasMessageContaining("1048576 bytes");
    assertThatThrownBy(() -> versions.setTags(DIGITS, number(1), Map.of("c", large), ANNA))
        .isInstanceOf(TooManyException.class);

    assertThat(events.revision()).isEqualTo(revision);
    models.setTags(DIGITS, Map.of("a", "", "c", large), OptionalLong.empty(), ANNA);
  }

  @Test
  void pages_endEarlyWhenTheirItemsAreLarge_andMissNothing() {
    model("digits");
    IntStream.range(0, 40).forEach(i -> version("digits"));
    String large = "x".repeat(400_000);
    IntStream.rangeClosed(18, 23)
        .forEach(i -> versions.setTags(DIGITS, number(i), Map.of("large", large), ANNA));

    List<Long> seen = new ArrayList<>();
    String token = "";
    int pages = 0;
    do {
      Page<ModelVersion> page = versions.list(DIGITS, Optional.empty(), page(30, token));
      assertThat(page.items().stream().mapToLong(ModelVersion::weight).sum())
          .isLessThanOrEqualTo(1 << 20);
      seen.addAll(numbers(page.items()));
      token = page.nextPageToken();
      pages++;
    } while (!token.isEmpty());

    assertThat(seen)
        .hasSize(40)
        .isSortedAccordingTo(Comparator.reverseOrder())
        .doesNotHaveDuplicates();
    assertThat(pages).isEqualTo(3);
    List<Long> revisions = new ArrayList<>();
    for (List<RegistryEvent> page = events.listAfter(0, 100);
        !page.isEmpty();
        page = events.listAfter(revisions.get(revisions.size() - 1), 100)) {
      assertThat(page.stream().mapToLong(RegistryEvent::weight).sum()).isLessThan(1 << 20);
      page.forEach(event -> revisions.add(event.revision()));
    }
    assertThat(revisions).containsExactlyElementsOf(LongStream.rangeClosed(1, 47).boxed().toList());
  }

  @Test
  void oldRequestIds_areForgotten() {
    models.create(
        new NewRegisteredModel(DIGITS, "", "", Map.of()),
        Optional.of(new IdempotencyKey("create", "r1", "f1")),
        ANNA);

    assertThat(holds.forgetRequestsOlderThan(Duration.ofHours(1))).isZero();
    assertThat(holds.forgetRequestsOlderThan(Duration.ofSeconds(-1))).isEqualTo(1);
  }

  private void model(String name) {
    var unused =
        models.create(
            new NewRegisteredModel(new ModelName(name), "", "", Map.of()), Optional.empty(), ANNA);
  }

  private ModelVersion version(String name) {
    return create(name, contents(), Optional.empty());
  }

  private ModelVersion create(String name, VersionPackage contents, Optional<IdempotencyKey> key) {
    holds.begin(contents.holder());
    return versions.create(wanted(name), registration(contents), key, ANNA);
  }

  private VersionPackage contents() {
    return new VersionPackage(
        "registry/registrations/" + holders.incrementAndGet(),
        DIGEST,
        4711,
        Optional.of(
            new VersionPackage.ModelFile(
                List.of(flavor()), Optional.of(SIGNATURE), Optional.of(RUN))));
  }

  private static Flavor flavor() {
    return new Flavor(
        "xgboost", Map.of("data", "model.ubj", "n", 3L, "deep", Map.of("l", List.of(true))));
  }

  private static ModelVersionStore.Registration registration(VersionPackage contents) {
    return registration(Optional.of(contents));
  }

  private static ModelVersionStore.Registration registration(Optional<VersionPackage> contents) {
    return new ModelVersionStore.Registration(
        Optional.of("1/run/artifacts/model"), Optional.of(RUN), contents);
  }

  private static NewModelVersion wanted(String name) {
    return wanted(name, false);
  }

  private static NewModelVersion wanted(String name, boolean deferred) {
    return new NewModelVersion(
        new ModelName(name),
        PackageSource.parse("mlflow-artifacts:/1/run/artifacts/model"),
        Optional.empty(),
        "",
        "",
        Map.of("t", "1"),
        "",
        false,
        deferred);
  }

  private long move(String name, long number, Stage stage) {
    return stages
        .transition(
            new StageTransition(
                new ModelName(name),
                number(number),
                stage,
                false,
                Optional.empty(),
                false,
                false,
                ""),
            Optional.empty(),
            ANNA)
        .revision();
  }

  private ModelVersion resolve(String name, VersionSelector selector) {
    return versions.resolve(new ModelName(name), selector).version();
  }

  private List<RegistryEvent> activities(ModelName name) {
    return events
        .list(
            new ActivityFilter(
                Optional.of(name),
                Optional.empty(),
                Optional.empty(),
                Set.of(),
                Optional.empty(),
                Optional.empty(),
                true),
            page(100, ""))
        .items();
  }

  private static ActivityFilter filter(
      Optional<ModelName> name,
      Optional<VersionNumber> version,
      Optional<String> actor,
      Set<RegistryEventType> types) {
    return new ActivityFilter(
        name, version, actor, types, Optional.empty(), Optional.empty(), false);
  }

  private List<String> search(String filter) {
    return models
        .search(new RegistrySearch<>(MODELS.filter(filter), List.of()), page(100, ""))
        .items()
        .stream()
        .map(model -> model.name().value())
        .toList();
  }

  private List<String> searchVersions(String filter) {
    return versions
        .search(new RegistrySearch<>(VERSIONS.filter(filter), List.of()), page(100, ""))
        .items()
        .stream()
        .map(version -> version.name() + "/" + version.number())
        .toList();
  }

  private static Stage stage(Optional<RegistryState> state) {
    return ((RegistryState.OfVersion) state.orElseThrow()).version().stage();
  }

  private static VersionNumber number(Optional<RegistryState> state) {
    return ((RegistryState.OfVersion) state.orElseThrow()).version().number();
  }

  private static List<Long> numbers(List<ModelVersion> versions) {
    return versions.stream().map(version -> version.number().value()).toList();
  }

  private static VersionNumber number(long number) {
    return new VersionNumber(number);
  }

  private static PageRequest page(int size, String token) {
    return PageRequest.of(size, token, 100, 1000, "test", new Violations());
  }

  private static <T> List<T> runAll(List<Callable<T>> tasks, int threads) throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(threads);
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
