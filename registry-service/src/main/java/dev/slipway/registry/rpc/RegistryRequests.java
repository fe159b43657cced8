package dev.slipway.registry.rpc;

import com.google.protobuf.CodedOutputStream;
import com.google.protobuf.FieldMask;
import com.google.protobuf.Message;
import com.google.protobuf.Timestamp;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.event.ActivityFilter;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.model.RegisteredModelUpdate;
import dev.slipway.registry.model.TextSize;
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
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.runtime.search.SearchParser;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.EnumSet;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Reads request messages into domain values. Each method gathers every violation and throws them
 * together as {@code InvalidRequestException}.
 */
final class RegistryRequests {
  private static final int MAX_DESCRIPTION = 65_536;
  private static final int MAX_LINK = 2048;
  private static final int MAX_ID = 256;
  private static final int MAX_COMMENT = 2000;
  private static final int MAX_TAGS_PER_CALL = 100;
  private static final int MAX_TAG_KEY = 250;
  private static final int MAX_TAG_VALUE = 100_000;
  private static final int MAX_WATCHED_NAMES = 1000;
  private static final int MAX_TYPES = 32;
  private static final int MAX_ORDER_TERMS = 4;
  private static final int DEFAULT_PAGE = 100;
  private static final int MAX_PAGE = 1000;
  private static final long MIN_SECONDS = Instant.parse("0001-01-01T00:00:00Z").getEpochSecond();
  private static final long MAX_SECONDS = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();
  private static final Pattern TAG_KEY =
      Pattern.compile("[\\w/.\\- :]+", Pattern.UNICODE_CHARACTER_CLASS);
  private static final Duration DEFAULT_HEARTBEAT = Duration.ofSeconds(10);
  private static final Duration MIN_HEARTBEAT = Duration.ofMillis(100);
  private static final Duration MAX_HEARTBEAT = Duration.ofMinutes(10);

  private static final SearchParser<ModelField> MODELS = new SearchParser<>(new ModelFieldRules());
  private static final SearchParser<VersionField> VERSIONS =
      new SearchParser<>(new VersionFieldRules());

  private final Violations violations = new Violations();

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

  record Watch(long fromRevision, Set<ModelName> names, Duration heartbeat) {}

  record Activities(ActivityFilter filter, PageRequest page) {}

  static Create<NewRegisteredModel> createModel(CreateRegisteredModelRequest request) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> name = in.name("name", request.getName());
    in.text("description", request.getDescription(), MAX_DESCRIPTION);
    in.text("deployment_job_id", request.getDeploymentJobId(), MAX_ID);
    in.tags("tags", request.getTagsMap(), MAX_TAGS_PER_CALL);
    Optional<IdempotencyKey> key =
        in.key(
            "CreateRegisteredModel",
            request.getRequestId(),
            request.toBuilder().clearRequestId().build());
    in.violations.throwIfAny();
    return new Create<>(
        new NewRegisteredModel(
            name.orElseThrow(),
            request.getDescription(),
            request.getDeploymentJobId(),
            request.getTagsMap()),
        key);
  }

  static ModelName name(String name) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> parsed = in.name("name", name);
    in.violations.throwIfAny();
    return parsed.orElseThrow();
  }

  static Change<ModelName, ModelName> rename(String name, String newName) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> from = in.name("name", name);
    Optional<ModelName> to = in.name("new_name", newName);
    in.violations.throwIfAny();
    return new Change<>(from.orElseThrow(), to.orElseThrow());
  }

  static Change<ModelName, RegisteredModelUpdate> updateModel(
      UpdateRegisteredModelRequest request) {
    RegistryRequests in = new RegistryRequests();
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
    in.violations.throwIfAny();
    return new Change<>(
        name.orElseThrow(),
        new RegisteredModelUpdate(
            when(paths.contains("description"), given.getDescription()),
            when(paths.contains("deployment_job_id"), given.getDeploymentJobId())));
  }

  /**
   * Tags to set.
   *
   * @param expectedRevision the revision that the model must have; absent for any
   */
  record SetTags(ModelName target, Map<String, String> value, OptionalLong expectedRevision) {}

  static SetTags modelTags(SetRegisteredModelTagsRequest request) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> parsed = in.name("name", request.getName());
    in.requiredTags(request.getTagsMap());
    long expected = request.getExpectedRevision();
    if (expected < 0) {
      in.violations.add("expected_revision", "must be at least 0");
    }
    in.violations.throwIfAny();
    return new SetTags(
        parsed.orElseThrow(),
        request.getTagsMap(),
        expected == 0 ? OptionalLong.empty() : OptionalLong.of(expected));
  }

  static Change<ModelName, Set<String>> modelTagKeys(String name, List<String> keys) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> parsed = in.name("name", name);
    in.tagKeys(keys);
    in.violations.throwIfAny();
    return new Change<>(parsed.orElseThrow(), Set.copyOf(new HashSet<>(keys)));
  }

  static Create<NewModelVersion> createVersion(CreateModelVersionRequest request) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> name = in.name("name", request.getName());
    Optional<PackageSource> source =
        in.violations.parse("source", request.getSource(), PackageSource::parse);
    in.text("source", request.getSource(), PackageSource.MAX_LENGTH);
    Optional<RunId> runId =
        request.getRunId().isEmpty()
            ? Optional.empty()
            : in.violations.parse("run_id", request.getRunId(), RunId::new);
    in.link("run_link", request.getRunLink());
    in.text("description", request.getDescription(), MAX_DESCRIPTION);
    in.tags("tags", request.getTagsMap(), MAX_TAGS_PER_CALL);
    in.text("logged_model_id", request.getLoggedModelId(), MAX_ID);
    Optional<IdempotencyKey> key =
        in.key(
            "CreateModelVersion",
            request.getRequestId(),
            request.toBuilder().clearRequestId().build());
    in.violations.throwIfAny();
    return new Create<>(
        new NewModelVersion(
            name.orElseThrow(),
            source.orElseThrow(),
            runId,
            request.getRunLink(),
            request.getDescription(),
            request.getTagsMap(),
            request.getLoggedModelId(),
            request.getAllowMissingModelFile(),
            request.getDeferPackage()),
        key);
  }

  static VersionId version(String name, long version) {
    RegistryRequests in = new RegistryRequests();
    Optional<VersionId> id = in.versionId("", name, version);
    in.violations.throwIfAny();
    return id.orElseThrow();
  }

  static Change<VersionId, ModelVersionUpdate> updateVersion(UpdateModelVersionRequest request) {
    RegistryRequests in = new RegistryRequests();
    var given = request.getModelVersion();
    Optional<VersionId> id = in.versionId("model_version.", given.getName(), given.getVersion());
    Set<String> paths = in.mask(request.getUpdateMask(), Set.of("description", "run_link"));
    if (paths.contains("description")) {
      in.text("model_version.description", given.getDescription(), MAX_DESCRIPTION);
    }
    if (paths.contains("run_link")) {
      in.link("model_version.run_link", given.getRunLink());
    }
    in.violations.throwIfAny();
    return new Change<>(
        id.orElseThrow(),
        new ModelVersionUpdate(
            when(paths.contains("description"), given.getDescription()),
            when(paths.contains("run_link"), given.getRunLink())));
  }

  static Change<VersionId, Map<String, String>> versionTags(
      String name, long version, Map<String, String> tags) {
    RegistryRequests in = new RegistryRequests();
    Optional<VersionId> id = in.versionId("", name, version);
    in.requiredTags(tags);
    in.violations.throwIfAny();
    return new Change<>(id.orElseThrow(), tags);
  }

  static Change<VersionId, Set<String>> versionTagKeys(
      String name, long version, List<String> keys) {
    RegistryRequests in = new RegistryRequests();
    Optional<VersionId> id = in.versionId("", name, version);
    in.tagKeys(keys);
    in.violations.throwIfAny();
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
    RegistryRequests in = new RegistryRequests();
    Optional<Optional<Filter<F>>> condition = in.violations.parse("filter", filter, parser::filter);
    Optional<List<OrderBy<F>>> order =
        in.violations.parse("order_by", orderBy, terms -> parser.order(terms, MAX_ORDER_TERMS));
    PageRequest page =
        in.page(pageSize, token, things + "\n" + filter + "\n" + String.join("\n", orderBy));
    in.violations.throwIfAny();
    return new Search<>(new RegistrySearch<>(condition.orElseThrow(), order.orElseThrow()), page);
  }

  static VersionList listVersions(ListModelVersionsRequest request) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> name = in.name("name", request.getName());
    Optional<Stage> stage =
        request.getStageValue() == 0 ? Optional.empty() : in.stage("stage", request.getStage());
    PageRequest page =
        in.page(
            request.getPageSize(),
            request.getPageToken(),
            "versions\n" + request.getName() + "\n" + request.getStageValue());
    in.violations.throwIfAny();
    return new VersionList(name.orElseThrow(), stage, page);
  }

  static Change<ModelName, Set<Stage>> latest(
      String name, List<dev.slipway.registry.v1.Stage> stages) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> parsed = in.name("name", name);
    Set<Stage> wanted = stages.isEmpty() ? EnumSet.allOf(Stage.class) : EnumSet.noneOf(Stage.class);
    for (int i = 0; i < stages.size(); i++) {
      in.stage("stages[" + i + "]", stages.get(i)).ifPresent(wanted::add);
    }
    in.violations.throwIfAny();
    return new Change<>(parsed.orElseThrow(), wanted);
  }

  static StageTransition transition(TransitionStageRequest request) {
    RegistryRequests in = new RegistryRequests();
    Optional<VersionId> id = in.versionId("", request.getName(), request.getVersion());
    Optional<Stage> stage = in.stage("stage", request.getStage());
    if (request.getArchiveExistingVersions() && stage.isPresent() && !stage.get().exclusive()) {
      in.violations.add(
          "archive_existing_versions", "can be set only when stage is Staging or Production");
    }
    Optional<Stage> expected =
        request.getExpectedCurrentStageValue() == 0
            ? Optional.empty()
            : in.stage("expected_current_stage", request.getExpectedCurrentStage());
    in.text("comment", request.getComment(), MAX_COMMENT);
    in.violations.throwIfAny();
    return new StageTransition(
        id.orElseThrow().name(),
        id.orElseThrow().number(),
        stage.orElseThrow(),
        request.getArchiveExistingVersions(),
        expected,
        request.getComment());
  }

  static Rollback rollback(RollbackStageRequest request) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> name = in.name("name", request.getName());
    Optional<Stage> stage = in.stage("stage", request.getStage());
    if (stage.isPresent() && !stage.get().exclusive()) {
      in.violations.add("stage", "must be Staging or Production");
    }
    Optional<VersionNumber> expected =
        request.getExpectedCurrentVersion() == 0
            ? Optional.empty()
            : in.number("expected_current_version", request.getExpectedCurrentVersion());
    in.text("comment", request.getComment(), MAX_COMMENT);
    in.violations.throwIfAny();
    return new Rollback(name.orElseThrow(), stage.orElseThrow(), expected, request.getComment());
  }

  static AliasChange setAlias(SetModelAliasRequest request) {
    RegistryRequests in = new RegistryRequests();
    Optional<VersionId> id = in.versionId("", request.getName(), request.getVersion());
    Optional<AliasName> alias = in.aliasName("alias", request.getAlias());
    String role = request.getProtectedByRole();
    if (!role.isEmpty() && !Caller.isRole(role)) {
      in.violations.add("protected_by_role", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -");
    }
    in.violations.throwIfAny();
    return new AliasChange(
        id.orElseThrow().name(),
        alias.orElseThrow(),
        id.orElseThrow().number(),
        when(request.hasProtectedByRole(), role));
  }

  static AliasId alias(String name, String alias) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> parsed = in.name("name", name);
    Optional<AliasName> parsedAlias = in.aliasName("alias", alias);
    in.violations.throwIfAny();
    return new AliasId(parsed.orElseThrow(), parsedAlias.orElseThrow());
  }

  static Resolve resolve(ResolveVersionRequest request) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> name = in.name("name", request.getName());
    Optional<VersionSelector> selector = in.selector(request);
    in.violations.throwIfAny();
    return new Resolve(name.orElseThrow(), selector.orElseThrow());
  }

  static Watch watch(WatchRegistryRequest request) {
    RegistryRequests in = new RegistryRequests();
    if (request.getFromRevision() < 0) {
      in.violations.add("from_revision", "is negative; 0 asks for a snapshot");
    }
    Set<ModelName> names = new HashSet<>();
    if (request.getNamesCount() > MAX_WATCHED_NAMES) {
      in.violations.add("names", "has more than " + MAX_WATCHED_NAMES + " entries");
    }
    for (int i = 0; i < request.getNamesCount(); i++) {
      in.name("names[" + i + "]", request.getNames(i)).ifPresent(names::add);
    }
    Duration heartbeat = DEFAULT_HEARTBEAT;
    if (request.hasHeartbeatInterval()) {
      var given = request.getHeartbeatInterval();
      heartbeat = bounded(given.getSeconds(), given.getNanos());
      if (heartbeat.compareTo(MIN_HEARTBEAT) < 0 || heartbeat.compareTo(MAX_HEARTBEAT) > 0) {
        in.violations.add("heartbeat_interval", "must be 100 ms to 10 minutes");
      }
    }
    in.violations.throwIfAny();
    return new Watch(request.getFromRevision(), Set.copyOf(names), heartbeat);
  }

  static Activities activities(ListActivitiesRequest request) {
    RegistryRequests in = new RegistryRequests();
    Optional<ModelName> name =
        request.getName().isEmpty() ? Optional.empty() : in.name("name", request.getName());
    Optional<VersionNumber> version =
        request.getVersion() == 0 ? Optional.empty() : in.number("version", request.getVersion());
    if (request.getVersion() != 0 && request.getName().isEmpty()) {
      in.violations.add("name", "is required together with version");
    }
    if (!request.getActor().isEmpty() && !Caller.isName(request.getActor())) {
      in.violations.add("actor", "must be 1 to 128 printable ASCII characters");
    }
    Set<RegistryEventType> types = in.types(request);
    Optional<Instant> from = in.time("start_time", request.hasStartTime(), request.getStartTime());
    Optional<Instant> until = in.time("end_time", request.hasEndTime(), request.getEndTime());
    PageRequest page =
        in.page(
            request.getPageSize(),
            request.getPageToken(),
            "activities\n" + digest(request.toBuilder().clearPageSize().clearPageToken().build()));
    in.violations.throwIfAny();
    return new Activities(
        new ActivityFilter(
            name,
            version,
            Optional.of(request.getActor()).filter(actor -> !actor.isEmpty()),
            types,
            from,
            until,
            request.getOldestFirst()),
        page);
  }

  private Optional<VersionSelector> selector(ResolveVersionRequest request) {
    return switch (request.getSelectorCase()) {
      case VERSION -> number("version", request.getVersion()).map(VersionSelector.ByNumber::new);
      case STAGE -> stage("stage", request.getStage()).map(VersionSelector.ByStage::new);
      case ALIAS -> aliasName("alias", request.getAlias()).map(VersionSelector.ByAlias::new);
      case LATEST -> {
        if (!request.getLatest()) {
          violations.add("latest", "must be true when it is given");
        }
        yield Optional.of(new VersionSelector.Latest());
      }
      case SELECTOR_NOT_SET -> {
        violations.add("selector", "is required: one of version, stage, alias, latest");
        yield Optional.empty();
      }
    };
  }

  private Set<RegistryEventType> types(ListActivitiesRequest request) {
    if (request.getTypesCount() > MAX_TYPES) {
      violations.add("types", "has more than " + MAX_TYPES + " entries");
    }
    Set<RegistryEventType> types = EnumSet.noneOf(RegistryEventType.class);
    for (int i = 0; i < request.getTypesCount(); i++) {
      Optional<RegistryEventType> type = RegistryProtos.type(request.getTypes(i));
      if (type.isEmpty()) {
        violations.add("types[" + i + "]", "must be one of the known types of event");
      }
      type.ifPresent(types::add);
    }
    return types;
  }

  private Optional<ModelName> name(String field, String text) {
    return violations.parse(field, text, ModelName::new);
  }

  private Optional<AliasName> aliasName(String field, String text) {
    return violations.parse(field, text, AliasName::new);
  }

  private Optional<VersionNumber> number(String field, long number) {
    return violations.parse(field, number, VersionNumber::new);
  }

  private Optional<VersionId> versionId(String prefix, String name, long version) {
    Optional<ModelName> parsed = name(prefix + "name", name);
    Optional<VersionNumber> number = number(prefix + "version", version);
    return parsed.flatMap(n -> number.map(v -> new VersionId(n, v)));
  }

  private Optional<Stage> stage(String field, dev.slipway.registry.v1.Stage stage) {
    Optional<Stage> parsed = RegistryProtos.stage(stage);
    if (parsed.isEmpty()) {
      violations.add(
          field, "is required: STAGE_NONE, STAGE_STAGING, STAGE_PRODUCTION or STAGE_ARCHIVED");
    }
    return parsed;
  }

  private void text(String field, String text, int maxChars) {
    violations.atMost(field, text, maxChars);
    if (text.indexOf('\0') >= 0) {
      violations.add(field, "must not contain the character U+0000");
    }
  }

  private void link(String field, String link) {
    text(field, link, MAX_LINK);
    if (link.isEmpty()) {
      return;
    }
    try {
      URI uri = new URI(link);
      if (uri.getHost() == null || !Set.of("http", "https").contains(uri.getScheme())) {
        violations.add(field, "must be an absolute http or https URL");
      }
    } catch (URISyntaxException e) {
      violations.add(field, "must be an absolute http or https URL: " + e.getReason());
    }
  }

  private void requiredTags(Map<String, String> tags) {
    if (tags.isEmpty()) {
      violations.add("tags", "is required");
    }
    tags("tags", tags, MAX_TAGS_PER_CALL);
  }

  private void tags(String field, Map<String, String> tags, int max) {
    if (tags.size() > max) {
      violations.add(field, "has " + tags.size() + " entries; at most " + max + " are allowed");
    }
    if (TextSize.of(tags) > RegisteredModel.MAX_TAG_BYTES) {
      violations.add(field, "has more than 1 MiB of keys and values");
    }
    new HashMap<>(tags)
        .forEach(
            (key, value) -> {
              String path = "%s[\"%s\"]".formatted(field, key);
              tagKey(path, key);
              text(path, value, MAX_TAG_VALUE);
            });
  }

  private void tagKeys(List<String> keys) {
    if (keys.isEmpty()) {
      violations.add("keys", "is required");
    }
    if (keys.size() > MAX_TAGS_PER_CALL) {
      violations.add("keys", "has more than " + MAX_TAGS_PER_CALL + " entries");
    }
    for (int i = 0; i < keys.size(); i++) {
      tagKey("keys[" + i + "]", keys.get(i));
    }
  }

  private void tagKey(String field, String key) {
    if (key.isEmpty()) {
      violations.add(field, "has an empty key");
      return;
    }
    violations.atMost(field, key, MAX_TAG_KEY);
    if (!TAG_KEY.matcher(key).matches()) {
      violations.add(field, "must be letters, digits and the characters _ / . - : and space");
    } else if (!isCleanPath(key)) {
      violations.add(field, "must be a clean relative path: no empty, . or .. segments");
    }
  }

  private static boolean isCleanPath(String key) {
    for (String segment : key.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        return false;
      }
    }
    return true;
  }

  private Set<String> mask(FieldMask mask, Collection<String> allowed) {
    if (mask.getPathsCount() == 0) {
      violations.add(
          "update_mask", "is required; one or more of " + allowed.stream().sorted().toList());
    }
    for (int i = 0; i < mask.getPathsCount(); i++) {
      if (!allowed.contains(mask.getPaths(i))) {
        violations.add(
            "update_mask.paths[" + i + "]",
            "cannot be changed; one of " + allowed.stream().sorted().toList() + " is expected");
      }
    }
    return new HashSet<>(mask.getPathsList());
  }

  private PageRequest page(int size, String token, String fingerprint) {
    return PageRequest.of(size, token, DEFAULT_PAGE, MAX_PAGE, fingerprint, violations);
  }

  private Optional<Instant> time(String field, boolean given, Timestamp time) {
    if (!given) {
      return Optional.empty();
    }
    if (time.getSeconds() < MIN_SECONDS
        || time.getSeconds() > MAX_SECONDS
        || time.getNanos() < 0
        || time.getNanos() > 999_999_999) {
      violations.add(field, "must lie between the years 1 and 9999");
      return Optional.empty();
    }
    return Optional.of(Instant.ofEpochSecond(time.getSeconds(), time.getNanos()));
  }

  private Optional<IdempotencyKey> key(String method, String requestId, Message rest) {
    return violations
        .requestId("request_id", requestId)
        .map(id -> new IdempotencyKey(method, id, digest(rest)));
  }

  private static Duration bounded(long seconds, int nanos) {
    // Anything beyond an hour is refused alike, and must not overflow before.
    return Duration.ofSeconds(Math.max(-1, Math.min(seconds, 3600)), nanos);
  }

  private static String digest(Message message) {
    byte[] bytes = new byte[message.getSerializedSize()];
    try {
      CodedOutputStream out = CodedOutputStream.newInstance(bytes);
      out.useDeterministicSerialization();
      message.writeTo(out);
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  private static <T> Optional<T> when(boolean condition, T value) {
    return condition ? Optional.of(value) : Optional.empty();
  }
}
