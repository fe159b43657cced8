package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.sql.KeysetQuery;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.entry.TagNotFoundException;
import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.experiment.ExperimentNotActiveException;
import dev.slipway.tracking.experiment.ExperimentNotFoundException;
import dev.slipway.tracking.model.LoggedModel;
import dev.slipway.tracking.model.LoggedModelFinalizedException;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.LoggedModelInfo;
import dev.slipway.tracking.model.LoggedModelNotFoundException;
import dev.slipway.tracking.model.LoggedModelProjection;
import dev.slipway.tracking.model.LoggedModelStatus;
import dev.slipway.tracking.model.LoggedModelUpdate;
import dev.slipway.tracking.model.ModelMetric;
import dev.slipway.tracking.model.NewLoggedModel;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.search.LoggedModelQuery;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Keeps logged models, their params and their tags. Their metrics come with the commits of the runs
 * that measured them. Every method is one transaction. Thread-safe.
 */
public final class LoggedModelStore {
  private static final String KIND = "logged_model";
  private static final Comparator<ModelMetric> METRIC_ORDER =
      Comparator.comparing(ModelMetric::key)
          .thenComparing(ModelMetric::datasetName)
          .thenComparing(ModelMetric::datasetDigest)
          .thenComparing(metric -> metric.run().toString());

  private final Database database;
  private final BoundedPages pages = new BoundedPages();

  /** Creates the store. */
  public LoggedModelStore(Database database) {
    this.database = database;
    SqlArrays.register(database.jdbi());
  }

  /**
   * Creates a logged model in state pending.
   *
   * @throws ExperimentNotFoundException if its experiment does not exist
   * @throws ExperimentNotActiveException if its experiment is deleted
   * @throws RunNotFoundException if its source run does not exist
   */
  public LoggedModel create(NewLoggedModel model, Instant now) {
    return UniqueRace.run(
        () ->
            database.write(
                handle -> {
                  RequestDao requests = handle.attach(RequestDao.class);
                  Optional<String> known = model.requestId().flatMap(id -> requests.find(id, KIND));
                  if (known.isPresent()) {
                    return get(handle, LoggedModelId.parse(known.get()));
                  }
                  insert(handle, model, now.toEpochMilli());
                  model
                      .requestId()
                      .ifPresent(
                          request ->
                              requests.insert(
                                  request, KIND, model.id().toString(), now.toEpochMilli()));
                  return get(handle, model.id());
                }));
  }

  private static void insert(Handle handle, NewLoggedModel model, long nowMillis) {
    Experiment experiment = RunStore.lockExperiment(handle, model.experimentId());
    model.sourceRun().ifPresent(run -> requireRun(handle, run));
    LoggedModelDao dao = handle.attach(LoggedModelDao.class);
    UUID id = model.id().uuid();
    dao.insert(
        id,
        model.experimentId().number(),
        model.name(),
        model.modelType(),
        model.sourceRun().map(RunId::uuid).orElse(null),
        LoggedModelStatus.PENDING.code(),
        experiment.artifactFolder() + "models/" + model.id() + "/artifacts",
        nowMillis);
    dao.insertParams(id, model.params());
    dao.setTags(id, model.tags());
  }

  private static void requireRun(Handle handle, RunId run) {
    if (handle.attach(RunDao.class).find(run.uuid()).isEmpty()) {
      throw new RunNotFoundException(run);
    }
  }

  /**
   * Returns a logged model, be it deleted, with every point that was durable when the call began.
   *
   * @throws LoggedModelNotFoundException if there is none with the id
   */
  public LoggedModel get(LoggedModelId id) {
    return database.read(handle -> get(handle, id));
  }

  private static LoggedModel get(Handle handle, LoggedModelId id) {
    LoggedModelInfo info =
        handle
            .attach(LoggedModelDao.class)
            .find(id.uuid())
            .orElseThrow(() -> LoggedModelNotFoundException.absent(id));
    return load(handle, List.of(info), LoggedModelProjection.ALL).get(0);
  }

  /** Returns a page of the active models that match, cut short where it grows too large to send. */
  public Page<LoggedModel> search(LoggedModelQuery query, PageRequest page) {
    KeysetQuery keyset = LoggedModelSearch.of(database.dialect(), query);
    return database.search(
        handle ->
            pages.of(
                keyset.read(handle, new LoggedModelDao.InfoMapper(), page),
                page,
                infos -> load(handle, infos, query.projection()),
                LoggedModelStore::sizeBytes));
  }

  /** Estimates a model's size on the wire, rather too large than too small. */
  private static long sizeBytes(LoggedModel model) {
    LoggedModelInfo info = model.info();
    long bytes =
        300 + WireSize.of(info.name(), info.modelType(), info.statusMessage(), info.artifactUri());
    for (ModelMetric metric : model.metrics()) {
      bytes += 80 + WireSize.of(metric.key(), metric.datasetName(), metric.datasetDigest());
    }
    // Registrations repeat what a tag says.
    return bytes + WireSize.ofParams(model.params()) + 2 * WireSize.ofTags(model.tags());
  }

  /**
   * Gives an active model its final status; without effect when it has it.
   *
   * @throws LoggedModelFinalizedException if it has the other final status
   */
  public LoggedModel finish(
      LoggedModelId id, LoggedModelStatus status, String message, Instant now) {
    return database.write(
        handle -> {
          LoggedModelDao dao = handle.attach(LoggedModelDao.class);
          LoggedModelInfo model = lockActive(dao, id);
          if (model.requireFinalizable(status)) {
            dao.update(
                id.uuid(),
                model.name(),
                model.modelType(),
                status.code(),
                message,
                now.toEpochMilli());
          }
          return get(handle, id);
        });
  }

  /** Changes an active model. */
  public LoggedModel update(LoggedModelId id, LoggedModelUpdate update, Instant now) {
    return database.write(
        handle -> {
          LoggedModelDao dao = handle.attach(LoggedModelDao.class);
          LoggedModelInfo model = lockActive(dao, id);
          dao.update(
              id.uuid(),
              update.name().orElse(model.name()),
              update.modelType().orElse(model.modelType()),
              model.status().code(),
              update.statusMessage().orElse(model.statusMessage()),
              now.toEpochMilli());
          return get(handle, id);
        });
  }

  /** Deletes a model softly; without effect on a deleted one. */
  public LoggedModel delete(LoggedModelId id, Instant now) {
    return database.write(
        handle -> {
          LoggedModelDao dao = handle.attach(LoggedModelDao.class);
          if (lock(dao, id).active()) {
            dao.setDeleteTime(id.uuid(), now.toEpochMilli(), now.toEpochMilli());
          }
          return get(handle, id);
        });
  }

  /**
   * Restores a model; without effect on an active one.
   *
   * @throws ExperimentNotActiveException if its experiment is deleted
   */
  public LoggedModel restore(LoggedModelId id, Instant now) {
    return database.write(
        handle -> {
          LoggedModelDao dao = handle.attach(LoggedModelDao.class);
          LoggedModelInfo model =
              dao.find(id.uuid()).orElseThrow(() -> LoggedModelNotFoundException.absent(id));
          if (!model.active()) {
            RunStore.lockExperiment(handle, model.experimentId());
            dao.setDeleteTime(id.uuid(), null, now.toEpochMilli());
          }
          return get(handle, id);
        });
  }

  /** Sets tags of an active model; no key twice. */
  public void setTags(LoggedModelId id, List<Tag> tags, Instant now) {
    database.write(
        handle -> {
          LoggedModelDao dao = handle.attach(LoggedModelDao.class);
          lockActive(dao, id);
          dao.setTags(id.uuid(), tags);
          dao.touch(id.uuid(), now.toEpochMilli());
          return id;
        });
  }

  /**
   * Removes tags of an active model, all or none.
   *
   * @throws TagNotFoundException if it lacks one
   */
  public void deleteTags(LoggedModelId id, List<String> keys, Instant now) {
    database.write(
        handle -> {
          LoggedModelDao dao = handle.attach(LoggedModelDao.class);
          lockActive(dao, id);
          for (String key : keys) {
            if (dao.deleteTag(id.uuid(), key) == 0) {
              throw new TagNotFoundException(key, "logged model " + id);
            }
          }
          dao.touch(id.uuid(), now.toEpochMilli());
          return id;
        });
  }

  /**
   * Adds params to an active model; no key twice. Those that it has with the same value stay.
   *
   * @throws dev.slipway.tracking.entry.ParamConflictException if it has one with another value;
   *     nothing is written then
   */
  public void logParams(LoggedModelId id, List<Param> params, Instant now) {
    database.write(
        handle -> {
          LoggedModelDao dao = handle.attach(LoggedModelDao.class);
          lockActive(dao, id);
          List<Param> added = withoutStored(dao, id, params);
          if (!added.isEmpty()) {
            dao.insertParams(id.uuid(), added);
            dao.touch(id.uuid(), now.toEpochMilli());
          }
          return id;
        });
  }

  private static List<Param> withoutStored(
      LoggedModelDao dao, LoggedModelId id, List<Param> params) {
    String[] keys = params.stream().map(Param::key).toArray(String[]::new);
    Map<String, String> stored = new HashMap<>();
    dao.paramsOf(new UUID[] {id.uuid()}, keys)
        .forEach(row -> stored.put(row.entry().key(), row.entry().value()));
    params.stream()
        .filter(param -> stored.containsKey(param.key()))
        .forEach(param -> param.requireSame(stored.get(param.key())));
    return params.stream().filter(param -> !stored.containsKey(param.key())).toList();
  }

  private static LoggedModelInfo lock(LoggedModelDao dao, LoggedModelId id) {
    return dao.lock(id.uuid()).orElseThrow(() -> LoggedModelNotFoundException.absent(id));
  }

  private static LoggedModelInfo lockActive(LoggedModelDao dao, LoggedModelId id) {
    return lock(dao, id).requireActive();
  }

  private static List<LoggedModel> load(
      Handle handle, List<LoggedModelInfo> infos, LoggedModelProjection projection) {
    UUID[] ids = infos.stream().map(info -> info.id().uuid()).toArray(UUID[]::new);
    LoggedModelDao dao = handle.attach(LoggedModelDao.class);
    Map<UUID, List<Param>> params =
        OwnedEntry.byOwner(
            OwnedEntry.read(ids, projection.params(), dao::params, dao::paramsOf), Param::key);
    Map<UUID, List<Tag>> tags =
        OwnedEntry.byOwner(
            OwnedEntry.read(ids, projection.tags(), dao::tags, dao::tagsOf), Tag::key);
    Map<UUID, List<ModelMetric>> metrics =
        OwnedEntry.byOwner(
            OwnedEntry.read(ids, projection.metrics(), dao::metrics, dao::metricsOf), METRIC_ORDER);
    return infos.stream()
        .map(
            info ->
                new LoggedModel(
                    info,
                    params.getOrDefault(info.id().uuid(), List.of()),
                    tags.getOrDefault(info.id().uuid(), List.of()),
                    metrics.getOrDefault(info.id().uuid(), List.of())))
        .toList();
  }
}
