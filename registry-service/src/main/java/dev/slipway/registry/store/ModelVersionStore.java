package dev.slipway.registry.store;

import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.lineage.VersionSource;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.ModelAlias;
import dev.slipway.registry.model.ModelAliasNotFoundException;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModel;
import dev.slipway.registry.model.RegisteredModelNotFoundException;
import dev.slipway.registry.model.TooManyException;
import dev.slipway.registry.search.RegistrySearch;
import dev.slipway.registry.search.VersionField;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.ModelVersionNotFoundException;
import dev.slipway.registry.version.ModelVersionState;
import dev.slipway.registry.version.ModelVersionUpdate;
import dev.slipway.registry.version.NewModelVersion;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.RegistrationAbandonedException;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageEmptyException;
import dev.slipway.registry.version.VersionInProductionException;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionPackage;
import dev.slipway.registry.version.VersionSelector;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.sql.KeysetQuery;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.function.BiFunction;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;

/**
 * Keeps versions. Every change is one command: atomic, with its event, durable on return.
 * Thread-safe.
 *
 * <p>All methods that take a name throw {@link RegisteredModelNotFoundException} when there is no
 * such model, and those that take a number {@link ModelVersionNotFoundException} when it has no
 * such version.
 */
public final class ModelVersionStore {
  private static final RowMapper<ModelVersionRow> ROWS =
      ConstructorMapper.of(ModelVersionRow.class);

  private final RegistryTransactions transactions;
  private final VersionFieldSql searches;

  /** Creates the store. */
  public ModelVersionStore(RegistryTransactions transactions) {
    this.transactions = transactions;
    this.searches = new VersionFieldSql(transactions.dialect());
  }

  /** Is what a version was made from, as far as it is known when its row is written. */
  public record Registration(
      Optional<String> artifactPath, Optional<RunId> runId, Optional<VersionPackage> contents) {}

  /** Finds the version that an earlier call with the same key made. */
  public Optional<ModelVersion> findEarlier(ModelName name, Optional<IdempotencyKey> key) {
    if (key.isEmpty()) {
      return Optional.empty();
    }
    return transactions.read(
        handle ->
            RegistryTransactions.findEarlier(handle.attach(CreateRequestDao.class), key)
                .map(
                    row ->
                        read(
                            new RegistryReader(handle),
                            handle.attach(RegisteredModelDao.class),
                            name,
                            row)));
  }

  /**
   * Registers a version under the next number of its model; READY with its package, or PENDING when
   * it is deferred. Without both the bytes lie elsewhere, and the version is READY.
   *
   * @throws RegistrationAbandonedException if the hold on the package was swept meanwhile
   */
  public ModelVersion create(
      NewModelVersion wanted,
      Registration registration,
      Optional<IdempotencyKey> key,
      Caller caller) {
    return transactions.command(
        caller,
        command -> {
          Optional<CreateRequestDao.RequestRow> earlier =
              RegistryTransactions.findEarlier(command.dao(CreateRequestDao.class), key);
          if (earlier.isPresent()) {
            registration
                .contents()
                .ifPresent(p -> command.dao(PackageHoldDao.class).markReleasing(p.holder()));
            return read(
                command.reader(),
                command.dao(RegisteredModelDao.class),
                wanted.name(),
                earlier.get());
          }
          RegisteredModelRow model = command.reader().modelRow(wanted.name());
          registration.contents().ifPresent(contents -> claim(command, contents));
          VersionNumber number = new VersionNumber(model.lastVersion() + 1);
          insert(command, model, number, wanted, registration);
          RegistryTransactions.remember(command, key, model.modelId(), number.value());
          command.touchModel(model.modelId());
          command.record(
              RegistryEventType.MODEL_VERSION_CREATED,
              model.modelId(),
              RegistryChange.created(command.reader().brief(model, number)));
          return command.reader().version(model, number);
        });
  }

  /**
   * Makes a pending version READY with its package, or FAILED with a reason. A version that is not
   * pending stays as it is, and the package is let go.
   */
  public ModelVersion finalizeVersion(
      ModelName name,
      VersionNumber number,
      Registration registration,
      Optional<String> failure,
      Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow model = command.reader().modelRow(name);
          ModelVersionRow row = command.reader().versionRow(model, number);
          if (!row.state().equals(ModelVersionState.PENDING.name())) {
            registration
                .contents()
                .ifPresent(p -> command.dao(PackageHoldDao.class).markReleasing(p.holder()));
            return command.reader().version(row);
          }
          ModelVersion before = command.reader().brief(model, number);
          registration.contents().ifPresent(contents -> claim(command, contents));
          command.dao(ModelVersionDao.class).updatePackage(withPackage(row, registration, failure));
          noteSources(
              command, row.modelId(), number, PackageSource.parse(row.source()), registration);
          return recorded(command, model, before, RegistryEventType.MODEL_VERSION_FINALIZED);
        });
  }

  /** Reads a version. */
  public ModelVersion get(ModelName name, VersionNumber number) {
    return resolve(name, new VersionSelector.ByNumber(number)).version();
  }

  /** Returns whether the package of a version may lack its {@code MLmodel}. */
  public boolean allowsMissingModelFile(ModelName name, VersionNumber number) {
    return transactions.read(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          return reader.versionRow(reader.modelRow(name), number).allowMissingModelFile();
        });
  }

  /** Is a version, and a revision at which it was what a selector means. */
  public record Resolved(ModelVersion version, long revision) {}

  /**
   * Finds the version that a selector means.
   *
   * @throws StageEmptyException if no version is in the stage
   * @throws ModelAliasNotFoundException if the model has no such alias
   */
  public Resolved resolve(ModelName name, VersionSelector selector) {
    return transactions.read(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          RegisteredModelRow model = reader.modelRow(name);
          ModelVersionDao versions = handle.attach(ModelVersionDao.class);
          ModelVersionRow row;
          if (selector instanceof VersionSelector.ByNumber by) {
            row = reader.versionRow(model, by.number());
          } else if (selector instanceof VersionSelector.ByStage by) {
            row =
                listInStage(versions, model.modelId(), by.stage(), Long.MAX_VALUE, 1).stream()
                    .findFirst()
                    .orElseThrow(() -> new StageEmptyException(reader.model(model), by.stage()));
          } else if (selector instanceof VersionSelector.ByAlias by) {
            row = reader.versionRow(model, aliased(reader, model, by.alias()));
          } else {
            row =
                versions
                    .findLatest(model.modelId(), ModelVersionState.READY.name())
                    .orElseThrow(() -> new ModelVersionNotFoundException(name));
          }
          return new Resolved(reader.version(row), handle.attach(RevisionDao.class).get());
        });
  }

  /** Reads the version with the highest number, in whatever state. */
  public ModelVersion newest(ModelName name) {
    return transactions.read(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          return handle
              .attach(ModelVersionDao.class)
              .findNewest(reader.modelRow(name).modelId())
              .map(reader::version)
              .orElseThrow(() -> new ModelVersionNotFoundException(name));
        });
  }

  /**
   * Lists the versions of a model, highest number first, without signature and flavor
   * configuration.
   */
  public Page<ModelVersion> list(ModelName name, Optional<Stage> stage, PageRequest page) {
    return transactions.search(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          long modelId = reader.modelRow(name).modelId();
          ModelVersionDao versions = handle.attach(ModelVersionDao.class);
          return BoundedPages.read(
              page,
              slice -> {
                long below = below(slice);
                int limit = slice.size() + 1;
                return Page.of(
                    reader.briefs(
                        stage.isEmpty()
                            ? versions.listBelow(modelId, below, limit)
                            : listInStage(versions, modelId, stage.get(), below, limit)),
                    slice,
                    ModelVersionStore::keys);
              },
              ModelVersion::weight,
              ModelVersionStore::keys);
        });
  }

  private static long below(PageRequest page) {
    return page.after(keys -> Long.parseLong(keys.get(0))).orElse(Long.MAX_VALUE);
  }

  private static List<String> keys(ModelVersion version) {
    return List.of(version.number().toString());
  }

  /** Lists the versions that a search means, without signature and flavor configuration. */
  public Page<ModelVersion> search(RegistrySearch<VersionField> search, PageRequest page) {
    KeysetQuery query = searches.query(search);
    return transactions.search(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          return BoundedPages.read(
                  page,
                  slice -> query.page(handle, ROWS, slice, reader::briefs),
                  found -> found.value().weight(),
                  KeysetQuery.Row::keys)
              .map(KeysetQuery.Row::value);
        });
  }

  /** Lists the newest version in each of some stages, ordered by stage. */
  public List<ModelVersion> latest(ModelName name, Set<Stage> stages) {
    return transactions.read(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          RegisteredModelRow row = reader.modelRow(name);
          List<ModelVersion> result = new ArrayList<>();
          for (RegisteredModel.StageVersion at : reader.model(row).latestVersions()) {
            if (stages.contains(at.stage())) {
              result.add(reader.brief(row, at.version()));
            }
          }
          return result;
        });
  }

  /** Changes description and link. */
  public ModelVersion update(
      ModelName name, VersionNumber number, ModelVersionUpdate update, Caller caller) {
    return change(
        name,
        number,
        RegistryEventType.MODEL_VERSION_UPDATED,
        caller,
        (command, before) -> {
          String description = update.description().orElse(before.description());
          String runLink = update.runLink().orElse(before.origin().runLink());
          if (description.equals(before.description())
              && runLink.equals(before.origin().runLink())) {
            return false;
          }
          command
              .dao(ModelVersionDao.class)
              .updateTexts(modelId(command, name), number.value(), description, runLink);
          return true;
        });
  }

  /**
   * Sets tags.
   *
   * @throws TooManyException if the version would have more than {@value RegisteredModel#MAX_TAGS},
   *     or more than {@value RegisteredModel#MAX_TAG_BYTES} bytes of them
   */
  public ModelVersion setTags(
      ModelName name, VersionNumber number, Map<String, String> tags, Caller caller) {
    return change(
        name,
        number,
        RegistryEventType.MODEL_VERSION_TAGS_SET,
        caller,
        (command, before) -> {
          Map<String, String> after = new HashMap<>(before.tags());
          after.putAll(tags);
          if (after.equals(before.tags())) {
            return false;
          }
          RegisteredModel.requireRoomFor(after, "version %s of %s".formatted(number, name));
          List<String> keys = List.copyOf(tags.keySet());
          long modelId = modelId(command, name);
          TagDao dao = command.dao(TagDao.class);
          dao.deleteOfVersion(modelId, number.value(), keys);
          dao.insertOfVersion(modelId, number.value(), keys, keys.stream().map(tags::get).toList());
          return true;
        });
  }

  /** Removes tags; keys that are not there are passed over. */
  public ModelVersion deleteTags(
      ModelName name, VersionNumber number, Set<String> keys, Caller caller) {
    return change(
        name,
        number,
        RegistryEventType.MODEL_VERSION_TAGS_DELETED,
        caller,
        (command, before) -> {
          if (keys.stream().noneMatch(before.tags()::containsKey)) {
            return false;
          }
          command
              .dao(TagDao.class)
              .deleteOfVersion(modelId(command, name), number.value(), List.copyOf(keys));
          return true;
        });
  }

  /**
   * Deletes a version with its tags, aliases and transition requests.
   *
   * @return the holder of its package, which is to be released now
   * @throws VersionInProductionException if it is in Production and {@code force} is not set
   * @throws dev.slipway.registry.actor.RoleRequiredException if the checks of a stage compare with
   *     it and the caller may not force moves into that stage
   */
  public Optional<String> delete(
      ModelName name, VersionNumber number, boolean force, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow model = command.reader().modelRow(name);
          ModelVersion before = command.reader().brief(model, number);
          if (before.stage() == Stage.PRODUCTION && !force) {
            throw new VersionInProductionException(name, number);
          }
          boolean forced =
              DeleteGuard.requireDeletable(command.stages(), model.modelId(), number, caller);
          for (ModelAlias alias : command.reader().aliases(model.modelId())) {
            if (alias.version().equals(number)) {
              alias.requireMovableBy(caller);
            }
          }
          command
              .dao(PackageHoldDao.class)
              .insert(before.holder().stream().toList(), "RELEASING", command.now());
          List<RegistryChange> withdrawn =
              new RequestReader(command.handle())
                  .withdrawn(
                      command
                          .dao(TransitionRequestDao.class)
                          .listOpen(model.modelId(), number.value()));
          command.dao(ModelVersionDao.class).delete(model.modelId(), number.value());
          command.touchModel(model.modelId());
          command.record(
              RegistryEventType.MODEL_VERSION_DELETED,
              OptionalLong.of(model.modelId()),
              RegistryChange.deleted(before),
              withdrawn,
              "",
              forced);
          return before.holder();
        });
  }

  private ModelVersion change(
      ModelName name,
      VersionNumber number,
      RegistryEventType type,
      Caller caller,
      BiFunction<RegistryCommand, ModelVersion, Boolean> change) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow model = command.reader().modelRow(name);
          ModelVersion before = command.reader().brief(model, number);
          return change.apply(command, before)
              ? recorded(command, model, before, type)
              : command.reader().version(model, number);
        });
  }

  private static ModelVersion recorded(
      RegistryCommand command,
      RegisteredModelRow model,
      ModelVersion before,
      RegistryEventType type) {
    command.touchVersion(model.modelId(), before.number());
    command.record(
        type,
        model.modelId(),
        RegistryChange.of(before, command.reader().brief(model, before.number())));
    return command.reader().version(model, before.number());
  }

  private static ModelVersion read(
      RegistryReader reader,
      RegisteredModelDao models,
      ModelName name,
      CreateRequestDao.RequestRow earlier) {
    RegisteredModelRow model =
        models
            .findById(earlier.modelId())
            .orElseThrow(() -> new RegisteredModelNotFoundException(name));
    return reader.version(model, new VersionNumber(earlier.version()));
  }

  private static void insert(
      RegistryCommand command,
      RegisteredModelRow model,
      VersionNumber number,
      NewModelVersion wanted,
      Registration registration) {
    command
        .dao(RegisteredModelDao.class)
        .update(
            new RegisteredModelRow(
                model.modelId(),
                model.name(),
                model.description(),
                model.deploymentJobId(),
                number.value(),
                model.createdAt(),
                model.createdBy(),
                model.updatedAt(),
                model.updatedBy(),
                model.revision()));
    ModelVersionRow bare =
        new ModelVersionRow(
            model.modelId(),
            model.name(),
            number.value(),
            ModelVersionState.PENDING.name(),
            "",
            null,
            false,
            command.now(),
            wanted.description(),
            wanted.source().text(),
            registration.artifactPath().orElse(""),
            registration.runId().map(RunId::value).orElse(""),
            wanted.runLink(),
            wanted.loggedModelId(),
            wanted.allowMissingModelFile(),
            null,
            null,
            0,
            null,
            null,
            null,
            "[]",
            command.now(),
            command.caller().name(),
            command.now(),
            command.caller().name(),
            command.revision());
    command
        .dao(ModelVersionDao.class)
        .insert(wanted.deferPackage() ? bare : withPackage(bare, registration, Optional.empty()));
    if (!wanted.deferPackage()) {
      noteSources(command, model.modelId(), number, wanted.source(), registration);
    }
    List<String> keys = List.copyOf(wanted.tags().keySet());
    command
        .dao(TagDao.class)
        .insertOfVersion(
            model.modelId(), number.value(), keys, keys.stream().map(wanted.tags()::get).toList());
  }

  /** Notes of a version whose package was read what it was made from. */
  private static void noteSources(
      RegistryCommand command,
      long modelId,
      VersionNumber number,
      PackageSource source,
      Registration registration) {
    LineageStore.note(
        command.dao(RegisteredModelDao.class),
        command.dao(VersionSourceDao.class),
        modelId,
        number.value(),
        VersionSource.of(
            source,
            registration
                .contents()
                .flatMap(VersionPackage::modelFile)
                .map(VersionPackage.ModelFile::flavors)
                .orElse(List.of())));
  }

  private static ModelVersionRow withPackage(
      ModelVersionRow row, Registration registration, Optional<String> failure) {
    Optional<VersionPackage> contents = registration.contents();
    Optional<VersionPackage.ModelFile> file = contents.flatMap(VersionPackage::modelFile);
    Optional<ModelSignature> signature = file.flatMap(VersionPackage.ModelFile::signature);
    return new ModelVersionRow(
        row.modelId(),
        row.name(),
        row.version(),
        (failure.isPresent() ? ModelVersionState.FAILED : ModelVersionState.READY).name(),
        failure.orElse(""),
        row.stage(),
        row.archived(),
        row.stageSince(),
        row.description(),
        row.source(),
        registration.artifactPath().orElse(row.artifactPath()),
        row.runId().isEmpty() ? registration.runId().map(RunId::value).orElse("") : row.runId(),
        row.runLink(),
        row.loggedModelId(),
        row.allowMissingModelFile(),
        contents.map(VersionPackage::holder).orElse(null),
        contents.map(VersionPackage::digest).map(Sha256::hex).orElse(null),
        contents.map(VersionPackage::sizeBytes).orElse(0L),
        signature.flatMap(ModelSignature::inputsJson).orElse(null),
        signature.flatMap(ModelSignature::outputsJson).orElse(null),
        signature.flatMap(ModelSignature::paramsJson).orElse(null),
        file.map(f -> PackageColumns.flavors(f.flavors())).orElse("[]"),
        row.createdAt(),
        row.createdBy(),
        row.updatedAt(),
        row.updatedBy(),
        row.revision());
  }

  /**
   * Makes the hold of a registration that of a version; it is the version's row that keeps it from
   * now on.
   */
  private static void claim(RegistryCommand command, VersionPackage contents) {
    if (command.dao(PackageHoldDao.class).deleteRegistering(contents.holder()) == 0) {
      throw new RegistrationAbandonedException();
    }
  }

  private static VersionNumber aliased(
      RegistryReader reader, RegisteredModelRow model, AliasName alias) {
    List<ModelAlias> existing = reader.aliases(model.modelId());
    return existing.stream()
        .filter(candidate -> candidate.alias().equals(alias))
        .map(ModelAlias::version)
        .findFirst()
        .orElseThrow(
            () ->
                new ModelAliasNotFoundException(
                    new ModelName(model.name()), alias.value(), existing));
  }

  private static long modelId(RegistryCommand command, ModelName name) {
    return command.reader().modelRow(name).modelId();
  }

  private static List<ModelVersionRow> listInStage(
      ModelVersionDao versions, long modelId, Stage stage, long below, int limit) {
    return stage.exclusive()
        ? versions.listInStage(modelId, stage.name(), below, limit)
        : versions.listOutsideStages(modelId, stage == Stage.ARCHIVED, below, limit);
  }
}
