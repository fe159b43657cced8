package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.event.RegistryChange;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.model.ModelInPipelinesException;
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
import dev.slipway.registry.search.RegistrySearch;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
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
import java.util.function.Function;
import java.util.function.UnaryOperator;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.mapper.reflect.ConstructorMapper;

/**
 * Keeps registered models. Every change is one command: atomic, with its event, durable on return.
 * Thread-safe.
 *
 * <p>All methods that take a name throw {@link RegisteredModelNotFoundException} when there is no
 * such model.
 */
public final class RegisteredModelStore {
  private static final RowMapper<RegisteredModelRow> ROWS =
      ConstructorMapper.of(RegisteredModelRow.class);

  /** The most open transition requests that the event of a delete lists. */
  static final int MAX_WITHDRAWN = 100;

  /** The most pipelines that a refusal to rename names. */
  private static final int MAX_PIPELINES_NAMED = 5;

  private final RegistryTransactions transactions;
  private final ModelFieldSql searches;

  /** Creates the store. */
  public RegisteredModelStore(RegistryTransactions transactions) {
    this.transactions = transactions;
    this.searches = new ModelFieldSql(transactions.dialect());
  }

  /**
   * Creates a model, or returns what an earlier call with the same key made.
   *
   * @throws RegisteredModelExistsException if the name is taken
   */
  public RegisteredModel create(
      NewRegisteredModel wanted, Optional<IdempotencyKey> key, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          Optional<CreateRequestDao.RequestRow> earlier =
              RegistryTransactions.findEarlier(command.dao(CreateRequestDao.class), key);
          RegisteredModelDao models = command.dao(RegisteredModelDao.class);
          if (earlier.isPresent()) {
            return command
                .reader()
                .model(
                    models
                        .findById(earlier.get().modelId())
                        .orElseThrow(() -> new RegisteredModelNotFoundException(wanted.name())));
          }
          if (models.findByName(wanted.name().value()).isPresent()) {
            throw new RegisteredModelExistsException(wanted.name());
          }
          long modelId = command.revision();
          models.insert(
              new RegisteredModelRow(
                  modelId,
                  wanted.name().value(),
                  wanted.description(),
                  wanted.deploymentJobId(),
                  0,
                  command.now(),
                  caller.name(),
                  command.now(),
                  caller.name(),
                  command.revision()));
          List<String> keys = List.copyOf(wanted.tags().keySet());
          command
              .dao(TagDao.class)
              .insertOfModel(modelId, keys, keys.stream().map(wanted.tags()::get).toList());
          RegistryTransactions.remember(command, key, modelId, 0);
          RegisteredModel created = command.reader().model(modelId);
          command.record(
              RegistryEventType.REGISTERED_MODEL_CREATED, modelId, RegistryChange.created(created));
          return created;
        });
  }

  /** Reads a model. */
  public RegisteredModel get(ModelName name) {
    return transactions.read(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          return reader.model(reader.modelRow(name));
        });
  }

  /** Lists the models that a search means. */
  public Page<RegisteredModel> search(RegistrySearch<ModelField> search, PageRequest page) {
    KeysetQuery query = searches.query(search);
    return transactions.search(
        handle -> {
          RegistryReader reader = new RegistryReader(handle);
          return BoundedPages.read(
                  page,
                  slice -> query.page(handle, ROWS, slice, reader::models),
                  found -> found.value().weight(),
                  KeysetQuery.Row::keys)
              .map(KeysetQuery.Row::value);
        });
  }

  /** Changes description and deployment job. */
  public RegisteredModel update(ModelName name, RegisteredModelUpdate update, Caller caller) {
    return change(
        name,
        RegistryEventType.REGISTERED_MODEL_UPDATED,
        caller,
        row ->
            new RegisteredModelRow(
                row.modelId(),
                row.name(),
                update.description().orElse(row.description()),
                update.deploymentJobId().orElse(row.deploymentJobId()),
                row.lastVersion(),
                row.createdAt(),
                row.createdBy(),
                row.updatedAt(),
                row.updatedBy(),
                row.revision()));
  }

  /**
   * Gives a model another name.
   *
   * @throws RegisteredModelExistsException if another model has the new name
   * @throws ModelInPipelinesException if pipelines run versions of the model
   */
  public RegisteredModel rename(ModelName name, ModelName newName, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow row = command.reader().modelRow(name);
          if (!name.equals(newName)
              && command.dao(RegisteredModelDao.class).findByName(newName.value()).isPresent()) {
            throw new RegisteredModelExistsException(newName);
          }
          if (!name.equals(newName)) {
            requireInNoPipeline(command, row);
            WebhookDao webhooks = command.dao(WebhookDao.class);
            webhooks.deleteModelBeside(name.value(), newName.value());
            webhooks.renameModel(name.value(), newName.value());
          }
          return change(
              command,
              row,
              RegistryEventType.REGISTERED_MODEL_RENAMED,
              r ->
                  new RegisteredModelRow(
                      r.modelId(),
                      newName.value(),
                      r.description(),
                      r.deploymentJobId(),
                      r.lastVersion(),
                      r.createdAt(),
                      r.createdBy(),
                      r.updatedAt(),
                      r.updatedBy(),
                      r.revision()));
        });
  }

  /** Packages name what they run by the name of the day they were made, and never change. */
  private static void requireInNoPipeline(RegistryCommand command, RegisteredModelRow row) {
    List<String> pipelines =
        command
            .dao(VersionSourceDao.class)
            .listPipelinesOf(row.modelId(), MAX_PIPELINES_NAMED)
            .stream()
            .map(pipeline -> pipeline.name() + "/" + pipeline.version())
            .toList();
    if (!pipelines.isEmpty()) {
      throw new ModelInPipelinesException(new ModelName(row.name()), pipelines);
    }
  }

  /**
   * Deletes a model with all that belongs to it.
   *
   * @return the holders of its packages, which are to be released now
   * @throws ModelInProductionException if a version is in Production and {@code force} is not set
   * @throws dev.slipway.registry.actor.RoleRequiredException if a version was in a stage that has
   *     checks, and the caller may not force moves into that stage
   */
  public List<String> delete(ModelName name, boolean force, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow row = command.reader().modelRow(name);
          RegisteredModel before = command.reader().model(row);
          List<VersionNumber> serving = command.stages().holders(row.modelId(), Stage.PRODUCTION);
          if (!serving.isEmpty() && !force) {
            throw new ModelInProductionException(name, serving.get(0));
          }
          boolean forced = DeleteGuard.requireDeletable(command.stages(), row.modelId(), caller);
          List<String> holders = command.dao(ModelVersionDao.class).listHolders(row.modelId());
          command.dao(PackageHoldDao.class).insert(holders, "RELEASING", command.now());
          List<RegistryChange> withdrawn =
              new RequestReader(command.handle())
                  .withdrawn(
                      command
                          .dao(TransitionRequestDao.class)
                          .listOpenOfModel(row.modelId(), MAX_WITHDRAWN));
          command.dao(RegisteredModelDao.class).delete(row.modelId());
          command.record(
              RegistryEventType.REGISTERED_MODEL_DELETED,
              OptionalLong.of(row.modelId()),
              RegistryChange.deleted(before),
              withdrawn,
              "",
              forced);
          return holders;
        });
  }

  /**
   * Sets tags.
   *
   * @param expectedRevision the revision that the model must have; absent for any
   * @throws RegisteredModelChangedException if it has another
   * @throws TooManyException if the model would have more than {@value RegisteredModel#MAX_TAGS},
   *     or more than {@value RegisteredModel#MAX_TAG_BYTES} bytes of them
   */
  public RegisteredModel setTags(
      ModelName name, Map<String, String> tags, OptionalLong expectedRevision, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow row = command.reader().modelRow(name);
          RegisteredModel before = command.reader().model(row);
          long revision = before.stamp().revision();
          if (expectedRevision.orElse(revision) != revision) {
            throw new RegisteredModelChangedException(name, expectedRevision.getAsLong(), revision);
          }
          Map<String, String> after = new HashMap<>(before.tags());
          after.putAll(tags);
          if (after.equals(before.tags())) {
            return before;
          }
          RegisteredModel.requireRoomFor(after, "registered model " + name);
          List<String> keys = new ArrayList<>(tags.keySet());
          TagDao dao = command.dao(TagDao.class);
          dao.deleteOfModel(row.modelId(), keys);
          dao.insertOfModel(row.modelId(), keys, keys.stream().map(tags::get).toList());
          return recorded(command, before, RegistryEventType.REGISTERED_MODEL_TAGS_SET);
        });
  }

  /** Removes tags; keys that are not there are passed over. */
  public RegisteredModel deleteTags(ModelName name, Set<String> keys, Caller caller) {
    return transactions.command(
        caller,
        command -> {
          RegisteredModelRow row = command.reader().modelRow(name);
          RegisteredModel before = command.reader().model(row);
          if (keys.stream().noneMatch(before.tags()::containsKey)) {
            return before;
          }
          command.dao(TagDao.class).deleteOfModel(row.modelId(), List.copyOf(keys));
          return recorded(command, before, RegistryEventType.REGISTERED_MODEL_TAGS_DELETED);
        });
  }

  private RegisteredModel change(
      ModelName name,
      RegistryEventType type,
      Caller caller,
      UnaryOperator<RegisteredModelRow> change) {
    Function<RegistryCommand, RegisteredModel> work =
        command -> change(command, command.reader().modelRow(name), type, change);
    return transactions.command(caller, work);
  }

  private static RegisteredModel change(
      RegistryCommand command,
      RegisteredModelRow row,
      RegistryEventType type,
      UnaryOperator<RegisteredModelRow> change) {
    RegisteredModel before = command.reader().model(row);
    RegisteredModelRow changed = change.apply(row);
    if (changed.equals(row)) {
      return before;
    }
    command.dao(RegisteredModelDao.class).update(changed);
    return recorded(command, before, type);
  }

  private static RegisteredModel recorded(
      RegistryCommand command, RegisteredModel before, RegistryEventType type) {
    command.touchModel(before.modelId());
    RegisteredModel after = command.reader().model(before.modelId());
    command.record(type, before.modelId(), RegistryChange.of(before, after));
    return after;
  }
}
