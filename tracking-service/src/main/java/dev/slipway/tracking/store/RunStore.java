package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.paging.PageToken;
import dev.slipway.runtime.search.sql.FilterSql;
import dev.slipway.runtime.search.sql.KeysetQuery;
import dev.slipway.runtime.search.sql.SortKey;
import dev.slipway.runtime.search.sql.SqlText;
import dev.slipway.tracking.entry.KeySelection;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.entry.TagNotFoundException;
import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.experiment.ExperimentNotActiveException;
import dev.slipway.tracking.experiment.ExperimentNotFoundException;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.Run;
import dev.slipway.tracking.run.RunAlreadyExistsException;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.run.RunStatus;
import dev.slipway.tracking.run.RunUpdate;
import dev.slipway.tracking.search.RunQuery;
import dev.slipway.tracking.store.MetricDao.NameRow;
import dev.slipway.tracking.store.MetricDao.PackedRow;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/** Keeps runs, their params and their tags. Every method is one transaction. Thread-safe. */
public final class RunStore {
  /** Runs whose params, tags and metrics are read together. */
  private static final int RUNS_PER_READ = 200;

  /** Bounds an answer well below the 4 MiB that clients accept unless told otherwise. */
  private static final long MAX_PAGE_BYTES = 3_000_000;

  private static final String KIND = "run";

  private final Database database;
  private final RunFieldSql fieldSql;

  /** Creates the store. */
  public RunStore(Database database) {
    this.database = database;
    this.fieldSql = new RunFieldSql(database.dialect());
    SqlArrays.register(database.jdbi());
  }

  /**
   * Creates a run in state running.
   *
   * @throws ExperimentNotFoundException if its experiment does not exist
   * @throws ExperimentNotActiveException if its experiment is deleted
   * @throws RunAlreadyExistsException if its id is taken
   */
  public Run create(NewRun run, Instant now) {
    return UniqueRace.run(
        () ->
            database.write(
                handle -> {
                  RequestDao requests = handle.attach(RequestDao.class);
                  Optional<String> known = run.requestId().flatMap(id -> requests.find(id, KIND));
                  if (known.isPresent()) {
                    return get(handle, RunId.parse(known.get()), RunProjection.ALL);
                  }
                  Experiment experiment = lockExperiment(handle, run.experimentId());
                  RunDao dao = handle.attach(RunDao.class);
                  if (dao.find(run.id().uuid()).isPresent()) {
                    // Perhaps by this very request, sent twice at once: its row is visible by now.
                    Optional<String> twin = run.requestId().flatMap(id -> requests.find(id, KIND));
                    return get(
                        handle,
                        RunId.parse(
                            twin.orElseThrow(() -> new RunAlreadyExistsException(run.id()))),
                        RunProjection.ALL);
                  }
                  insert(dao, run, experiment);
                  run.requestId()
                      .ifPresent(
                          request ->
                              requests.insert(
                                  request, KIND, run.id().toString(), now.toEpochMilli()));
                  return get(handle, run.id(), RunProjection.ALL);
                }));
  }

  /** The lock keeps the experiment from being deleted while a run comes into it. */
  private static Experiment lockExperiment(Handle handle, ExperimentId id) {
    return handle
        .attach(ExperimentDao.class)
        .lock(id.number())
        .orElseThrow(() -> new ExperimentNotFoundException("experiment_id", id.toString()))
        .requireActive();
  }

  private static void insert(RunDao dao, NewRun run, Experiment experiment) {
    String location = experiment.artifactLocation();
    String root = location.endsWith("/") ? location : location + "/";
    dao.insert(
        run.id().uuid(),
        run.experimentId().number(),
        run.name(),
        run.userId(),
        RunStatus.RUNNING.code(),
        run.startTime().toEpochMilli(),
        root + run.id() + "/artifacts");
    dao.setTags(run.id().uuid(), run.tags());
  }

  /**
   * Returns a run, be it deleted, with every point that was durable when the call began.
   *
   * @throws RunNotFoundException if there is none with the id
   */
  public Run get(RunId id, RunProjection projection) {
    return database.read(handle -> get(handle, id, projection));
  }

  private static Run get(Handle handle, RunId id, RunProjection projection) {
    RunInfo info =
        handle.attach(RunDao.class).find(id.uuid()).orElseThrow(() -> new RunNotFoundException(id));
    // Segments before latest points: what is folded in between is then seen twice, never missed.
    Map<String, MetricPoint> metrics =
        projection.metrics().isNone() ? new TreeMap<>() : unfolded(handle, id);
    Run stored = load(handle, List.of(info), projection).get(0);
    stored.metrics().forEach(m -> metrics.merge(m.key(), m.point(), MetricPoint::max));
    List<LatestMetric> latest =
        metrics.entrySet().stream()
            .filter(entry -> projection.metrics().includes(entry.getKey()))
            .map(entry -> new LatestMetric(entry.getKey(), entry.getValue()))
            .toList();
    return new Run(info, latest, stored.params(), stored.tags());
  }

  /** Returns the latest points among the segments that are not folded yet, by name. */
  private static Map<String, MetricPoint> unfolded(Handle handle, RunId id) {
    MetricDao dao = handle.attach(MetricDao.class);
    Map<Integer, MetricPoint> byId = new HashMap<>();
    for (PackedRow row : dao.unfoldedSegments(id.uuid())) {
      SegmentReader.readLatest(
          row.packed(), (point, nameId) -> byId.merge(nameId, point, MetricPoint::max));
    }
    Map<String, MetricPoint> byName = new TreeMap<>();
    if (!byId.isEmpty()) {
      for (NameRow name : dao.namesById(byId.keySet().toArray(Integer[]::new))) {
        byName.put(name.name(), byId.get(name.id()));
      }
    }
    return byName;
  }

  /**
   * Changes a run.
   *
   * @throws RunNotFoundException if there is none with the id
   */
  public RunInfo update(RunId id, RunUpdate update, Instant now) {
    return database.write(
        handle -> {
          RunDao dao = handle.attach(RunDao.class);
          RunInfo run = update.apply(lock(dao, id), now);
          dao.update(
              id.uuid(),
              run.name(),
              run.userId(),
              run.status().code(),
              run.startTime().toEpochMilli(),
              run.endTime().map(Instant::toEpochMilli).orElse(null));
          update
              .name()
              .ifPresent(name -> dao.setTags(id.uuid(), List.of(new Tag(Tag.RUN_NAME, name))));
          return run;
        });
  }

  /** Deletes a run softly; without effect on a deleted one. */
  public RunInfo delete(RunId id, Instant now) {
    return database.write(
        handle -> {
          RunDao dao = handle.attach(RunDao.class);
          if (lock(dao, id).active()) {
            dao.setDeleteTime(id.uuid(), now.toEpochMilli());
          }
          return lock(dao, id);
        });
  }

  /**
   * Restores a run; without effect on an active one.
   *
   * @throws ExperimentNotActiveException if its experiment is deleted
   */
  public RunInfo restore(RunId id) {
    return database.write(
        handle -> {
          RunDao dao = handle.attach(RunDao.class);
          RunInfo run = dao.find(id.uuid()).orElseThrow(() -> new RunNotFoundException(id));
          if (!run.active()) {
            lockExperiment(handle, run.experimentId());
            dao.setDeleteTime(id.uuid(), null);
          }
          return lock(dao, id);
        });
  }

  /**
   * Removes tags of an active run, all or none.
   *
   * @throws TagNotFoundException if it lacks one
   */
  public void deleteTags(RunId id, List<String> keys) {
    database.write(
        handle -> {
          RunDao dao = handle.attach(RunDao.class);
          lock(dao, id).requireActive();
          for (String key : keys) {
            if (dao.deleteTag(id.uuid(), key) == 0) {
              throw new TagNotFoundException(key, "run " + id);
            }
          }
          return id;
        });
  }

  /** Returns a run's own state, be it deleted. */
  public RunInfo getInfo(RunId id) {
    return database.read(
        handle ->
            handle
                .attach(RunDao.class)
                .find(id.uuid())
                .orElseThrow(() -> new RunNotFoundException(id)));
  }

  private static RunInfo lock(RunDao dao, RunId id) {
    return dao.lock(id.uuid()).orElseThrow(() -> new RunNotFoundException(id));
  }

  /**
   * Returns a page of the runs that match, cut short where it grows too large to send. Sees latest
   * points as far as they are folded: the caller folds first.
   */
  public Page<Run> search(RunQuery query, PageRequest page) {
    SqlText fromWhere = new SqlText().sql("FROM run r");
    List<SortKey> keys = fieldSql.sortKeys(query.order(), fromWhere);
    fromWhere
        .sql(" WHERE r.experiment_id = ANY(")
        .bind(query.experiments().stream().map(ExperimentId::number).toArray(Long[]::new))
        .sql(")");
    fromWhere.sql(
        switch (query.view()) {
          case ACTIVE_ONLY -> " AND r.delete_time_ms IS NULL";
          case DELETED_ONLY -> " AND r.delete_time_ms IS NOT NULL";
          case ALL -> "";
        });
    query.filter().ifPresent(filter -> FilterSql.append(fromWhere.sql(" AND "), filter, fieldSql));
    KeysetQuery keyset = new KeysetQuery("r.*", fromWhere, keys);
    return database.read(
        handle -> {
          List<KeysetQuery.Row<RunInfo>> rows = keyset.read(handle, new RunInfoMapper(), page);
          List<Run> runs =
              loadWhileSmall(
                  handle, rows.subList(0, Math.min(rows.size(), page.size())), query.projection());
          boolean more = runs.size() < rows.size();
          return new Page<>(
              runs,
              more ? PageToken.encode(page.fingerprint(), rows.get(runs.size() - 1).keys()) : "");
        });
  }

  private static List<Run> loadWhileSmall(
      Handle handle, List<KeysetQuery.Row<RunInfo>> rows, RunProjection projection) {
    List<Run> runs = new ArrayList<>();
    long bytes = 0;
    for (int from = 0; from < rows.size(); from += RUNS_PER_READ) {
      List<RunInfo> infos =
          rows.subList(from, Math.min(rows.size(), from + RUNS_PER_READ)).stream()
              .map(KeysetQuery.Row::value)
              .toList();
      for (Run run : load(handle, infos, projection)) {
        bytes += sizeBytes(run);
        if (bytes > MAX_PAGE_BYTES && !runs.isEmpty()) {
          return runs;
        }
        runs.add(run);
      }
    }
    return runs;
  }

  /** Estimates a run's size on the wire, rather too large than too small. */
  private static long sizeBytes(Run run) {
    int perEntry = 32;
    int perChar = 3;
    long bytes = 400 + (long) perChar * run.info().artifactUri().length();
    for (LatestMetric metric : run.metrics()) {
      bytes += perEntry + (long) perChar * metric.key().length();
    }
    for (Param param : run.params()) {
      bytes += perEntry + (long) perChar * (param.key().length() + param.value().length());
    }
    for (Tag tag : run.tags()) {
      bytes += perEntry + (long) perChar * (tag.key().length() + tag.value().length());
    }
    return bytes;
  }

  private static List<Run> load(Handle handle, List<RunInfo> infos, RunProjection projection) {
    UUID[] ids = infos.stream().map(info -> info.id().uuid()).toArray(UUID[]::new);
    RunDao runs = handle.attach(RunDao.class);
    MetricDao metrics = handle.attach(MetricDao.class);
    Map<UUID, List<LatestMetric>> latestByRun =
        byRun(ids, projection.metrics(), metrics::latest, metrics::latestOf);
    Map<UUID, List<Param>> paramsByRun =
        byRun(ids, projection.params(), runs::params, runs::paramsOf);
    Map<UUID, List<Tag>> tagsByRun = byRun(ids, projection.tags(), runs::tags, runs::tagsOf);
    return infos.stream()
        .map(
            info ->
                new Run(
                    info,
                    latestByRun.getOrDefault(info.id().uuid(), List.of()),
                    paramsByRun.getOrDefault(info.id().uuid(), List.of()),
                    tagsByRun.getOrDefault(info.id().uuid(), List.of())))
        .toList();
  }

  private static <T> Map<UUID, List<T>> byRun(
      UUID[] runs,
      KeySelection selection,
      Function<UUID[], List<RunEntry<T>>> all,
      BiFunction<UUID[], String[], List<RunEntry<T>>> some) {
    if (selection.isNone()) {
      return Map.of();
    }
    List<RunEntry<T>> rows =
        selection.keys().isEmpty()
            ? all.apply(runs)
            : some.apply(runs, selection.keys().get().toArray(String[]::new));
    Map<UUID, List<T>> byRun = new HashMap<>();
    for (RunEntry<T> row : rows) {
      byRun.computeIfAbsent(row.run(), run -> new ArrayList<>()).add(row.entry());
    }
    return byRun;
  }
}
