package dev.slipway.registry.rpc;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.event.ActivityFilter;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.model.RegisteredModelUpdate;
import dev.slipway.registry.rpc.RequestFields.NameAndVersion;
import dev.slipway.registry.search.ModelField;
import dev.slipway.registry.search.ModelFieldRules;
import dev.slipway.registry.search.RegistrySearch;
import dev.slipway.registry.search.VersionField;
import dev.slipway.registry.search.VersionFieldRules;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.ListModelVersionsRequest;
import dev.slipway.registry.v1.ResolveVersionRequest;
import dev.slipway.registry.v1.RollbackStageRequest;
import dev.slipway.registry.v1.SearchModelVersionsRequest;
import dev.slipway.registry.v1.SearchRegisteredModelsRequest;
import dev.slipway.registry.v1.SetModelAliasRequest;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.registry.v1.UpdateModelVersionRequest;
import dev.slipway.registry.v1.UpdateRegisteredModelRequest;
import dev.slipway.registry.v1.WatchRegistryRequest;
import dev.slipway.registry.version.ModelVersionUpdate;
import dev.slipway.registry.version.NewModelVersion;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageTransition;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionSelector;
import dev.slipway.runtime.error.FieldViolation;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.runtime.search.SearchParser;
import java.time.Duration;
import java.time.Instant;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;

/**
 * Reads request messages into domain values. Each method gathers every violation and throws them
 * together as {@code InvalidRequestException}.
 */
final class RegistryRequests {
  private static final int MAX_DESCRIPTION = 65_536;
  private static final int MAX_ID = 256;
  private static final int MAX_WATCHED_NAMES = 1000;
  private static final int MAX_TYPES = 32;
  private static final int MAX_ORDER_TERMS = 4;
  private static final Duration DEFAULT_HEARTBEAT = Duration.ofSeconds(10);
  private static final Duration MIN_HEARTBEAT = Duration.ofMillis(100);
  private static final Duration MAX_HEARTBEAT = Duration.ofMinutes(10);

  private static final SearchParser<ModelField> MODELS = new SearchParser<>(new ModelFieldRules());
  private static final SearchParser<VersionField> VERSIONS =
      new SearchParser<>(new VersionFieldRules());

  private RegistryRequests() {}

  record Create<T>(T wanted, Optional<IdempotencyKey> key) {}

  record Change<K, T>(K target, T value) {}

  record VersionId(ModelName name, VersionNumber number) {}

  record Search<F>(RegistrySearch<F> search, PageRequest page) {}

  record VersionList(ModelName name, Optional<Stage> stage, PageRequest page) {}

  record AliasId(ModelName name, AliasName alias) {}

  record AliasChange(
      ModelName name, AliasName alias, VersionNumber number, Optional<String> protection) {}

  record Resolve(ModelName name, VersionSelector selector) {}

  record Rollback(ModelName name, Stage stage, Optional<VersionNumber> expected, String comment) {}

  record StageOfVersion(ModelName name, VersionNumber number, Stage stage) {}

  record Watch(long fromRevision, Set<ModelName> names, Duration heartbeat) {}

  record Activities(ActivityFilter filter, PageRequest page) {}

  static Create<NewRegisteredModel> createModel(CreateRegisteredModelRequest request) {
    RequestFields in = new RequestFields();
    Optional<ModelName> name = in.name("name", request.getName());
    in.text("description", request.getDescription(), MAX_DESCRIPTION);
    in.text("deployment_job_id", request.getDeploymentJobId(), MAX_ID);
    in.tags("tags", request.getTagsMap());
    Optional<IdempotencyKey> key =
        in.key(
            "CreateRegisteredModel",
            request.getRequestId(),
            request.toBuilder().clearRequestId().build());
    in.violations().throwIfAny();
    return new Create<>(
        new NewRegisteredModel(
            name.orElseThrow(),
            request.getDescription(),
            request.getDeploymentJobId(),
            request.getTagsMap()),
        key);
  }

  static ModelName name(String name) {
    RequestFields in = new RequestFields();
    Optional<ModelName> parsed = in.name("name", name);
    in.violations().throwIfAny();
    return parsed.orElseThrow();
  }

  static Change<ModelName, ModelName> rename(String name, String newName) {
    RequestFields in = new RequestFields();
    Optional<ModelName> from = in.name("name", name);
    Optional<ModelName> to = in.name("new_name", newName);
    in.violations().throwIfAny();
    return new Change<>(from.orElseThrow(), to.orElseThrow());
  }

  static Change<ModelName, RegisteredModelUpdate> updateModel(
      UpdateRegisteredModelRequest request) {
    RequestFields in = new RequestFields();
    var given = request.getRegisteredModel();
    Optional<ModelName> name = in.name("registered_model.name", given.getName());
    Set<String> paths =
        in.mask(request.getUpdateMask(), Set.of("description", "deployment_job_id"));
    if (paths.contains("description")) {
      in.text("registered_model.description", given.getDescription(), MAX_DESCRIPTION);
    }
    if (paths.contains("deployment_job_id")) {
      in.text("registered_model.deployment_job_id", given.getDeploymentJobId(), MAX_ID);
    }
    in.violations().throwIfAny();
    return new Change<>(
        name.orElseThrow(),
        new RegisteredModelUpdate(
            RequestFields.when(paths.contains("description"), given.getDescription()),
            RequestFields.when(paths.contains("deployment_job_id"), given.getDeploymentJobId())));
  }

  /**
   * Tags to set.
   *
   * @param expectedRevision the revision that the model must have; absent for any
   */
  record SetTags(ModelName target, Map<String, String> value, OptionalLong expectedRevision) {}

  static SetTags modelTags(SetRegisteredModelTagsRequest request) {
    RequestFields in = new RequestFields();
    Optional<ModelName> parsed = in.name("name", request.getName());
    in.requiredTags(request.getTagsMap());
    long expected = request.getExpectedRevision();
    if (expected < 0) {
      in.violations().add("expected_revision", "must be at least 0");
    }
    in.violations().throwIfAny();
    return new SetTags(
        parsed.orElseThrow(),
        request.getTagsMap(),
        expected == 0 ? OptionalLong.empty() : OptionalLong.of(expected));
  }

  static Change<ModelName, Set<String>> modelTagKeys(String name, List<String> keys) {
    RequestFields in = new RequestFields();
    Optional<ModelName> parsed = in.name("name", name);
    in.tagKeys(keys);
    in.violations().throwIfAny();
    return new Change<>(parsed.orElseThrow(), Set.copyOf(new HashSet<>(keys)));
  }

  static Create<NewModelVersion> createVersion(CreateModelVersionRequest request) {
    RequestFields in = new RequestFields();
    Optional<ModelName> name = in.name("name", request.getName());
    Optional<PackageSource> source =
        in.violations()
            .parse(
                "source",
                request.getSource(),
                text -> PackageSource.of(text, request.getTagsMap()));
    in.text("source", request.getSource(), PackageSource.MAX_LENGTH);
    Optional<RunId> runId =
        request.getRunId().isEmpty()
            ? Optional.empty()
            : in.violations().parse("run_id", request.getRunId(), RunId::new);
    in.link("run_link", request.getRunLink());
    in.text("description", request.getDescription(), MAX_DESCRIPTION);
    in.tags("tags", request.getTagsMap());
    String loggedModel = loggedModel(request.getLoggedModelId(), source, in);
    Optional<IdempotencyKey> key =
        in.key(
            "CreateModelVersion",
            request.getRequestId(),
            request.toBuilder().clearRequestId().build());
    in.violations().throwIfAny();
    return new Create<>(
        new NewModelVersion(
            name.orElseThrow(),
            source.orElseThrow(),
            runId,
            request.getRunLink(),
            request.getDescription(),
            request.getTagsMap(),
            loggedModel,
            request.getAllowMissingModelFile(),
            request.getDeferPackage()),
        key);
  }

  /** A version that is made from a logged model is a version of that one. */
  private static String loggedModel(
      String given, Optional<PackageSource> source, RequestFields in) {
    in.text("logged_model_id", given, MAX_ID);
    if (source.isPresent() && source.get() instanceof PackageSource.LoggedModel of) {
      if (!given.isEmpty() && !given.equals(of.id().value())) {
        in.violations().add("logged_model_id", "must be the logged model of the source");
      }
      return of.id().value();
    }
    return given;
  }

  static VersionId version(String name, long version) {
    RequestFields in = new RequestFields();
    Optional<VersionId> id = in.versionId("", name, version);
    in.violations().throwIfAny();
    return id.orElseThrow();
  }

  static Change<VersionId, ModelVersionUpdate> updateVersion(UpdateModelVersionRequest request) {
    RequestFields in = new RequestFields();
    var given = request.getModelVersion();
    Optional<VersionId> id = in.versionId("model_version.", given.getName(), given.getVersion());
    Set<String> paths = in.mask(request.getUpdateMask(), Set.of("description", "run_link"));
    if (paths.contains("description")) {
      in.text("model_version.description", given.getDescription(), MAX_DESCRIPTION);
    }
    if (paths.contains("run_link")) {
      in.link("model_version.run_link", given.getRunLink());
    }
    in.violations().throwIfAny();
    return new Change<>(
        id.orElseThrow(),
        new ModelVersionUpdate(
            RequestFields.when(paths.contains("description"), given.getDescription()),
            RequestFields.when(paths.contains("run_link"), given.getRunLink())));
  }

  static Change<VersionId, Map<String, String>> versionTags(
      String name, long version, Map<String, String> tags) {
    RequestFields in = new RequestFields();
    Optional<VersionId> id = in.versionId("", name, version);
    in.requiredTags(tags);
    in.violations().throwIfAny();
    return new Change<>(id.orElseThrow(), tags);
  }

  static Change<VersionId, Set<String>> versionTagKeys(
      String name, long version, List<String> keys) {
    RequestFields in = new RequestFields();
    Optional<VersionId> id = in.versionId("", name, version);
    in.tagKeys(keys);
    in.violations().throwIfAny();
    return new Change<>(id.orElseThrow(), Set.copyOf(new HashSet<>(keys)));
  }

  static Search<ModelField> searchModels(SearchRegisteredModelsRequest request) {
    return search(
        "models",
        MODELS,
        request.getFilter(),
        request.getOrderByList(),
        request.getPageSize(),
        request.getPageToken());
  }

  static Search<VersionField> searchVersions(SearchModelVersionsRequest request) {
    return search(
        "model versions",
        VERSIONS,
        request.getFilter(),
        request.getOrderByList(),
        request.getPageSize(),
        request.getPageToken());
  }

  private static <F> Search<F> search(
      String things,
      SearchParser<F> parser,
      String filter,
      List<String> orderBy,
      int pageSize,
      String token) {
    RequestFields in = new RequestFields();
    Optional<Optional<Filter<F>>> condition =
        in.violations().parse("filter", filter, parser::filter);
    Optional<List<OrderBy<F>>> order =
        in.violations().parse("order_by", orderBy, terms -> parser.order(terms, MAX_ORDER_TERMS));
    PageRequest page =
        in.page(pageSize, token, things + "\n" + filter + "\n" + String.join("\n", orderBy));
    in.violations().throwIfAny();
    return new Search<>(new RegistrySearch<>(condition.orElseThrow(), order.orElseThrow()), page);
  }

  static VersionList listVersions(ListModelVersionsRequest request) {
    RequestFields in = new RequestFields();
    Optional<ModelName> name = in.name("name", request.getName());
    Optional<Stage> stage =
        request.getStageValue() == 0 ? Optional.empty() : in.stage("stage", request.getStage());
    PageRequest page =
        in.page(
            request.getPageSize(),
            request.getPageToken(),
            "versions\n" + request.getName() + "\n" + request.getStageValue());
    in.violations().throwIfAny();
    return new VersionList(name.orElseThrow(), stage, page);
  }

  static Change<ModelName, Set<Stage>> latest(
      String name, List<dev.slipway.registry.v1.Stage> stages) {
    RequestFields in = new RequestFields();
    Optional<ModelName> parsed = in.name("name", name);
    Set<Stage> wanted = stages.isEmpty() ? EnumSet.allOf(Stage.class) : EnumSet.noneOf(Stage.class);
    for (int i = 0; i < stages.size(); i++) {
      in.stage("stages[" + i + "]", stages.get(i)).ifPresent(wanted::add);
    }
    in.violations().throwIfAny();
    return new Change<>(parsed.orElseThrow(), wanted);
  }

  static StageTransition transition(TransitionStageRequest request) {
    RequestFields in = new RequestFields();
    Optional<VersionId> id = in.versionId("", request.getName(), request.getVersion());
    Optional<Stage> stage = in.stage("stage", request.getStage());
    in.archiveExisting(request.getArchiveExistingVersions(), stage);
    Optional<Stage> expected =
        request.getExpectedCurrentStageValue() == 0
            ? Optional.empty()
            : in.stage("expected_current_stage", request.getExpectedCurrentStage());
    if (request.getForce() && request.getRequireChecks()) {
      in.violations().add("require_checks", "cannot be set with force, which passes by checks");
    }
    in.comment(request.getComment());
    in.violations().throwIfAny();
    return new StageTransition(
        id.orElseThrow().name(),
        id.orElseThrow().number(),
        stage.orElseThrow(),
        request.getArchiveExistingVersions(),
        expected,
        request.getForce(),
        request.getRequireChecks(),
        request.getComment());
  }

  static StageOfVersion stageOfVersion(
      String name, long version, dev.slipway.registry.v1.Stage stage) {
    RequestFields in = new RequestFields();
    Optional<VersionId> id = in.versionId("", name, version);
    Optional<Stage> parsed = in.stage("stage", stage);
    in.violations().throwIfAny();
    return new StageOfVersion(
        id.orElseThrow().name(), id.orElseThrow().number(), parsed.orElseThrow());
  }

  static Rollback rollback(RollbackStageRequest request) {
    RequestFields in = new RequestFields();
    Optional<ModelName> name = in.name("name", request.getName());
    Optional<Stage> stage = in.stage("stage", request.getStage());
    if (stage.isPresent() && !stage.get().exclusive()) {
      in.violations().add("stage", "must be Staging or Production");
    }
    Optional<VersionNumber> expected =
        request.getExpectedCurrentVersion() == 0
            ? Optional.empty()
            : in.number("expected_current_version", request.getExpectedCurrentVersion());
    in.comment(request.getComment());
    in.violations().throwIfAny();
    return new Rollback(name.orElseThrow(), stage.orElseThrow(), expected, request.getComment());
  }

  static AliasChange setAlias(SetModelAliasRequest request) {
    RequestFields in = new RequestFields();
    Optional<VersionId> id = in.versionId("", request.getName(), request.getVersion());
    Optional<AliasName> alias = in.aliasName("alias", request.getAlias());
    String role = request.getProtectedByRole();
    if (!role.isEmpty() && !Caller.isRole(role)) {
      in.violations()
          .add("protected_by_role", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -");
    }
    in.violations().throwIfAny();
    return new AliasChange(
        id.orElseThrow().name(),
        alias.orElseThrow(),
        id.orElseThrow().number(),
        RequestFields.when(request.hasProtectedByRole(), role));
  }

  static AliasId alias(String name, String alias) {
    RequestFields in = new RequestFields();
    Optional<ModelName> parsed = in.name("name", name);
    Optional<AliasName> parsedAlias = in.aliasName("alias", alias);
    in.violations().throwIfAny();
    return new AliasId(parsed.orElseThrow(), parsedAlias.orElseThrow());
  }

  static Resolve resolve(ResolveVersionRequest request) {
    RequestFields in = new RequestFields();
    Optional<ModelName> name = in.name("name", request.getName());
    Optional<VersionSelector> selector = selector(request, in);
    in.violations().throwIfAny();
    return new Resolve(name.orElseThrow(), selector.orElseThrow());
  }

  static Watch watch(WatchRegistryRequest request) {
    RequestFields in = new RequestFields();
    if (request.getFromRevision() < 0) {
      in.violations().add("from_revision", "is negative; 0 asks for a snapshot");
    }
    Set<ModelName> names = new HashSet<>();
    if (request.getNamesCount() > MAX_WATCHED_NAMES) {
      in.violations().add("names", "has more than " + MAX_WATCHED_NAMES + " entries");
    }
    for (int i = 0; i < request.getNamesCount(); i++) {
      in.name("names[" + i + "]", request.getNames(i)).ifPresent(names::add);
    }
    Duration heartbeat = DEFAULT_HEARTBEAT;
    if (request.hasHeartbeatInterval()) {
      heartbeat =
          in.duration(
              "heartbeat_interval",
              request.getHeartbeatInterval(),
              MIN_HEARTBEAT,
              MAX_HEARTBEAT,
              "must be 100 ms to 10 minutes");
    }
    in.violations().throwIfAny();
    return new Watch(request.getFromRevision(), Set.copyOf(names), heartbeat);
  }

  static Activities activities(ListActivitiesRequest request) {
    RequestFields in = new RequestFields();
    NameAndVersion about = in.filter(request.getName(), request.getVersion());
    Optional<String> actor = in.actorFilter("actor", request.getActor());
    Set<RegistryEventType> types = types(request, in);
    Optional<Instant> from = in.time("start_time", request.hasStartTime(), request.getStartTime());
    Optional<Instant> until = in.time("end_time", request.hasEndTime(), request.getEndTime());
    PageRequest page =
        in.page(
            request.getPageSize(),
            request.getPageToken(),
            "activities\n"
                + RequestFields.digest(
                    request.toBuilder().clearPageSize().clearPageToken().build()));
    in.violations().throwIfAny();
    return new Activities(
        new ActivityFilter(
            about.name(), about.version(), actor, types, from, until, request.getOldestFirst()),
        page);
  }

  private static Optional<VersionSelector> selector(
      ResolveVersionRequest request, RequestFields in) {
    return switch (request.getSelectorCase()) {
      case VERSION -> in.number("version", request.getVersion()).map(VersionSelector.ByNumber::new);
      case STAGE -> in.stage("stage", request.getStage()).map(VersionSelector.ByStage::new);
      case ALIAS -> in.aliasName("alias", request.getAlias()).map(VersionSelector.ByAlias::new);
      case LATEST -> {
        if (!request.getLatest()) {
          in.violations().add("latest", "must be true when it is given");
        }
        yield Optional.of(new VersionSelector.Latest());
      }
      case SELECTOR_NOT_SET -> {
        in.violations()
            .add(
                "selector",
                "is required: one of version, stage, alias, latest",
                FieldViolation.REQUIRED);
        yield Optional.empty();
      }
    };
  }

  private static Set<RegistryEventType> types(ListActivitiesRequest request, RequestFields in) {
    if (request.getTypesCount() > MAX_TYPES) {
      in.violations().add("types", "has more than " + MAX_TYPES + " entries");
    }
    Set<RegistryEventType> types = EnumSet.noneOf(RegistryEventType.class);
    for (int i = 0; i < request.getTypesCount(); i++) {
      Optional<RegistryEventType> type = RegistryProtos.type(request.getTypes(i));
      if (type.isEmpty()) {
        in.violations().add("types[" + i + "]", "must be one of the known types of event");
      }
      type.ifPresent(types::add);
    }
    return types;
  }
}
