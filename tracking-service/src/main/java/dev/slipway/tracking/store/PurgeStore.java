package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Database;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.LoggedModelInfo;
import dev.slipway.tracking.retention.PurgeCounts;
import dev.slipway.tracking.retention.PurgeScope;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Removes deleted objects for good, each in a transaction of its own that looks once more whether
 * it is still to be removed: somebody may have restored it. Thread-safe.
 */
public final class PurgeStore {
  /**
   * What hangs on a run, in the order in which it goes. What a writer may hold comes first, so that
   * what it brings meanwhile is seen by the deletes that follow.
   */
  private static final List<String> TABLES_OF_RUN =
      List.of(
          "metric_writer",
          "metric_segment",
          "metric_chunk",
          "metric_compaction",
          "run_param",
          "run_tag",
          "run_dataset_tag",
          "run_dataset",
          "run_model_input",
          "run_model_output",
          "logged_model_metric");

  private static final List<String> TABLES_OF_MODEL =
      List.of(
          "logged_model_param",
          "logged_model_tag",
          "logged_model_metric",
          "run_model_input",
          "run_model_output");

  /**
   * Is what went with an object.
   *
   * @param artifactUri root of its artifacts, unless others may have theirs there
   * @param metricBytes bytes that its points took
   */
  public record Removed(Optional<String> artifactUri, long metricBytes) {}

  private final Database database;

  /** Creates the store. */
  public PurgeStore(Database database) {
    this.database = database;
    SqlArrays.register(database.jdbi());
  }

  /** Counts what is to be removed. */
  public PurgeCounts count(PurgeScope scope) {
    long until = scope.deletedUntil().toEpochMilli();
    boolean all = scope.experiments().isEmpty();
    Long[] experiments = numbers(scope);
    return database.read(
        handle -> {
          PurgeDao dao = handle.attach(PurgeDao.class);
          return new PurgeCounts(
              dao.countExperiments(until, all, experiments),
              dao.count("run", until, all, experiments),
              dao.count("logged_model", until, all, experiments),
              dao.metricBytes(until, all, experiments));
        });
  }

  /** Returns runs to be removed, those deleted first at the beginning. */
  public List<RunId> runs(PurgeScope scope, int limit) {
    return deleted("run", "run_id", scope, limit).stream().map(RunId::new).toList();
  }

  /** Returns logged models to be removed, those deleted first at the beginning. */
  public List<LoggedModelId> models(PurgeScope scope, int limit) {
    return deleted("logged_model", "model_id", scope, limit).stream()
        .map(LoggedModelId::new)
        .toList();
  }

  private List<UUID> deleted(String table, String id, PurgeScope scope, int limit) {
    return database.read(
        handle ->
            handle
                .attach(PurgeDao.class)
                .deleted(
                    table,
                    id,
                    scope.deletedUntil().toEpochMilli(),
                    scope.experiments().isEmpty(),
                    numbers(scope),
                    limit));
  }

  /** Returns experiments to be removed, those deleted first at the beginning. */
  public List<ExperimentId> experiments(PurgeScope scope, int limit) {
    return database.read(
        handle ->
            handle
                .attach(PurgeDao.class)
                .experiments(
                    scope.deletedUntil().toEpochMilli(),
                    scope.experiments().isEmpty(),
                    numbers(scope),
                    limit)
                .stream()
                .map(ExperimentId::new)
                .toList());
  }

  private static Long[] numbers(PurgeScope scope) {
    return scope.experiments().stream()
        .flatMap(ids -> ids.stream())
        .map(ExperimentId::number)
        .toArray(Long[]::new);
  }

  /**
   * Waits until no commit runs any more that began before the call, on any replica. A commit of
   * points looks at its runs without locking them; one that begins later sees those that were
   * deleted before the call as deleted, and writes nothing to them.
   */
  public void awaitCommits() {
    // A commit begins by taking its log's next number, and holds that row until it ends.
    database.write(handle -> handle.attach(PurgeDao.class).lockLogs());
  }

  /**
   * Removes a run with everything that hangs on it. Call {@link #awaitCommits} before, after the
   * run was seen as deleted.
   *
   * @return absent if the run is not to be removed any more
   */
  public Optional<Removed> purge(RunId id, PurgeScope scope) {
    return database.write(
        handle -> {
          PurgeDao dao = handle.attach(PurgeDao.class);
          Optional<RunInfo> run = dao.lockRun(id.uuid(), scope.deletedUntil().toEpochMilli());
          return run.map(info -> remove(handle, dao, info));
        });
  }

  private static Removed remove(Handle handle, PurgeDao dao, RunInfo run) {
    UUID id = run.id().uuid();
    ChunkDao chunks = handle.attach(ChunkDao.class);
    chunks.ensureCompaction(id);
    chunks.awaitCompaction(id);
    long bytes = dao.metricBytesOf(id);
    TABLES_OF_RUN.forEach(table -> dao.deleteOfRun(table, id));
    // A fold under way may be about to write latest points; one that comes later finds no run.
    handle.attach(MetricDao.class).lockFolds();
    dao.deleteOfRun("latest_metric", id);
    dao.deleteRequests("run", run.id().toString());
    dao.deleteOfRun("run", id);
    ChangeFeed feed = new ChangeFeed(handle);
    feed.purged(run.experimentId(), List.of(run.id()), feed.next(run.experimentId()));
    return new Removed(Optional.of(run.artifactUri()), bytes);
  }

  /**
   * Removes a logged model with everything that hangs on it. Runs that read or produced it do not
   * name it any more.
   *
   * @return absent if the model is not to be removed any more
   */
  public Optional<Removed> purge(LoggedModelId id, PurgeScope scope) {
    UUID model = id.uuid();
    return database.write(
        handle -> {
          PurgeDao dao = handle.attach(PurgeDao.class);
          // Before the model, in the order that all keep. A deleted model gets no further runs.
          List<RunInfo> runs = dao.lockRunsOf(model);
          Optional<LoggedModelInfo> info =
              dao.lockModel(model, scope.deletedUntil().toEpochMilli());
          if (info.isEmpty()) {
            return Optional.empty();
          }
          TABLES_OF_MODEL.forEach(table -> dao.deleteOfModel(table, model));
          dao.deleteRequests("logged_model", id.toString());
          dao.deleteOfModel("logged_model", model);
          stamp(new ChangeFeed(handle), runs);
          return Optional.of(new Removed(Optional.of(info.get().artifactUri()), 0));
        });
  }

  private static void stamp(ChangeFeed feed, List<RunInfo> runs) {
    Map<ExperimentId, List<RunId>> byExperiment =
        new TreeMap<>(Comparator.comparingLong(ExperimentId::number));
    runs.forEach(
        run ->
            byExperiment.computeIfAbsent(run.experimentId(), e -> new ArrayList<>()).add(run.id()));
    byExperiment.forEach(
        (experiment, changed) -> {
          long revision = feed.next(experiment);
          feed.inputsChanged(changed, revision);
          feed.outputsChanged(changed, revision);
        });
  }

  /**
   * Removes an experiment that has no runs and logged models any more.
   *
   * @return absent if the experiment is not to be removed, or not yet
   */
  public Optional<Removed> purge(ExperimentId id, PurgeScope scope) {
    long number = id.number();
    return database.write(
        handle -> {
          PurgeDao dao = handle.attach(PurgeDao.class);
          Optional<String> location =
              dao.lockExperiment(number, scope.deletedUntil().toEpochMilli());
          if (location.isEmpty() || dao.hasContent(number)) {
            return Optional.empty();
          }
          boolean shared = dao.isShared(number, withoutSlash(location.get()));
          dao.deleteOfExperiment("experiment_tag", number);
          dao.deleteRequests("experiment", id.toString());
          dao.deleteOfExperiment("dataset", number);
          dao.deleteOfExperiment("experiment", number);
          new ChangeFeed(handle).experimentPurged(id);
          return Optional.of(new Removed(location.filter(uri -> !shared), 0));
        });
  }

  /**
   * Removes datasets whose experiment is gone: somebody described them while it was being removed.
   */
  public void removeOrphanedDatasets() {
    database.write(
        handle -> {
          handle.attach(PurgeDao.class).deleteOrphanedDatasets();
          return true;
        });
  }

  private static String withoutSlash(String location) {
    int end = location.length();
    while (end > 0 && location.charAt(end - 1) == '/') {
      end--;
    }
    return location.substring(0, end);
  }
}
