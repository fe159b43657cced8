package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.sql.KeysetQuery;
import dev.slipway.tracking.dataset.Dataset;
import dev.slipway.tracking.dataset.DatasetInput;
import dev.slipway.tracking.entry.KeySelection;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.entry.TagNotFoundException;
import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.experiment.ExperimentNotActiveException;
import dev.slipway.tracking.experiment.ExperimentNotFoundException;
import dev.slipway.tracking.metric.LatestPoints;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SegmentReader;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.Run;
import dev.slipway.tracking.run.RunAlreadyExistsException;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunLineage;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.run.RunStatus;
import dev.slipway.tracking.run.RunUpdate;
import dev.slipway.tracking.search.RunQuery;
import dev.slipway.tracking.store.MetricDao.FoldRow;
import dev.slipway.tracking.store.MetricDao.LatestRow;
import dev.slipway.tracking.store.MetricDao.PackedRow;
import dev.slipway.tracking.store.RunDao.TagRow;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** Keeps runs, their params and their tags. Every method is one transaction. Thread-safe. */
public final class RunStore {
  /** More rarely fit into an answer, and would be read only to be left out. */
  private static final int MAX_PAGE = 5_000;

  private static final String KIND = "run";

  private final Database database;
  private final BoundedPages pages = new BoundedPages();
  private final MetricNames names;
  private final int few;

  /** Creates the store. */
  public RunStore(Database database) {
    this(database, RunSearch.FEW);
  }

  /**
   * Creates the store.
   *
   * @param few so many runs are looked at one by one where an index names them
   */
  RunStore(Database database, int few) {
    this.database = database;
    this.few = few;
    this.names = new MetricNames(database);
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
                  insert(dao, new ChangeFeed(handle), run, experiment);
                  run.requestId()
                      .ifPresent(
                          request ->
                              requests.insert(
                                  request, KIND, run.id().toString(), now.toEpochMilli()));
                  return get(
                      handle, run.id(), RunProjection.ALL.withLineage(RunLineage.Detail.NONE));
                }));
  }

  /** The lock keeps the experiment from being deleted while a run or a model comes into it. */
  static Experiment lockExperiment(Handle handle, ExperimentId id) {
    return handle
        .attach(ExperimentDao.class)
        .lock(id.number())
        .orElseThrow(() -> new ExperimentNotFoundException("experiment_id", id.toString()))
        .requireActive();
  }

  private static void insert(RunDao dao, ChangeFeed feed, NewRun run, Experiment experiment) {
    dao.insert(
        run.id().uuid(),
        run.experimentId().number(),
        run.name(),
        run.userId(),
        RunStatus.RUNNING.code(),
        run.startTime().toEpochMilli(),
        experiment.artifactFolder() + run.id() + "/artifacts");
    long revision = feed.next(run.experimentId());
    dao.setTags(
        run.id().uuid(),
        revision,
        run.startTime().toEpochMilli(),
        run.tags().stream().map(tag -> new TagRow(run.experimentId(), tag)).toList());
    feed.runCreated(run.id(), run.experimentId(), revision);
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
    return load(handle, List.of(info), projection).get(0);
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
          RunInfo before = lock(dao, id);
          RunInfo run = update.apply(before, now);
          long start = run.startTime().toEpochMilli();
          dao.update(
              id.uuid(),
              run.name(),
              run.userId(),
              run.status().code(),
              start,
              run.endTime().map(Instant::toEpochMilli).orElse(null));
          boolean moved = !run.startTime().equals(before.startTime());
          if (moved) {
            // No fold may be about to write what it read before.
            handle.attach(MetricDao.class).lockFolds();
          }
          ChangeFeed feed = new ChangeFeed(handle);
          long revision = feed.next(run.experimentId());
          update
              .name()
              .map(name -> new TagRow(run.experimentId(), new Tag(Tag.RUN_NAME, name)))
              .ifPresent(tag -> dao.setTags(id.uuid(), revision, start, List.of(tag)));
          if (moved) {
            dao.setStartOfTags(id.uuid(), start);
            dao.setStartOfMetrics(id.uuid(), start);
            feed.listed(id, revision);
          } else {
            feed.infoChanged(List.of(id), revision);
          }
          return run;
        });
  }

  /** Deletes a run softly; without effect on a deleted one. */
  public RunInfo delete(RunId id, Instant now) {
    return database.write(
        handle -> {
          RunDao dao = handle.attach(RunDao.class);
          RunInfo run = lock(dao, id);
          if (!run.active()) {
            return run;
          }
          dao.setDeleteTime(id.uuid(), now.toEpochMilli());
          ChangeFeed feed = new ChangeFeed(handle);
          feed.listed(id, feed.next(run.experimentId()));
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
            ChangeFeed feed = new ChangeFeed(handle);
            feed.listed(id, feed.next(run.experimentId()));
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
          RunInfo run = lock(dao, id).requireActive();
          for (String key : keys) {
            if (dao.deleteTag(id.uuid(), key) == 0) {
              throw new TagNotFoundException(key, "run " + id);
            }
          }
          ChangeFeed feed = new ChangeFeed(handle);
          long revision = feed.next(run.experimentId());
          keys.forEach(key -> dao.noteRemovedTag(id.uuid(), key, revision));
          feed.entriesChanged(List.of(id), revision);
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

  /**
   * Checks that runs exist, be they deleted.
   *
   * @throws RunNotFoundException for the first one that does not
   */
  public void requireAll(List<RunId> ids) {
    UUID[] uuids = ids.stream().map(RunId::uuid).toArray(UUID[]::new);
    Set<RunId> found = new HashSet<>();
    database
        .read(handle -> handle.attach(RunDao.class).findAll(uuids))
        .forEach(run -> found.add(run.id()));
    for (RunId id : ids) {
      if (!found.contains(id)) {
        throw new RunNotFoundException(id);
      }
    }
  }

  private static RunInfo lock(RunDao dao, RunId id) {
    return dao.lock(id.uuid()).orElseThrow(() -> new RunNotFoundException(id));
  }

  /**
   * Returns a page of the runs that match, cut short where it grows too large to send. The runs
   * come with every point that was durable when the call began; filter and order see points as far
   * as they are folded, so that a caller whose query names a metric folds first.
   */
  public Page<Run> search(RunQuery query, PageRequest page) {
    RunSearch search =
        new RunSearch(database.dialect(), query, names.findAll(query.metricKeys()), few);
    PageRequest some =
        new PageRequest(Math.min(page.size(), MAX_PAGE), page.token(), page.fingerprint());
    return database.search(
        handle -> {
          List<KeysetQuery.Row<RunInfo>> rows = search.read(handle, some);
          return pages.of(
              rows, some, infos -> load(handle, infos, query.projection()), RunStore::sizeBytes);
        });
  }

  /** Estimates a run's size on the wire, rather too large than too small. */
  private static long sizeBytes(Run run) {
    RunInfo info = run.info();
    long bytes = 200 + WireSize.of(info.artifactUri(), info.name(), info.userId());
    for (LatestMetric metric : run.metrics()) {
      bytes += WireSize.of(metric.key());
    }
    return bytes
        + WireSize.ofParams(run.params())
        + WireSize.ofTags(run.tags())
        + sizeBytes(run.lineage());
  }

  private static long sizeBytes(RunLineage lineage) {
    int perModel = 64;
    long bytes = (long) perModel * (lineage.modelInputs().size() + lineage.modelOutputs().size());
    for (DatasetInput input : lineage.datasets()) {
      Dataset dataset = input.dataset();
      bytes += WireSize.of(dataset.name(), dataset.digest(), dataset.sourceType());
      bytes += WireSize.of(dataset.source(), dataset.schema(), dataset.profile());
      bytes += WireSize.ofTags(input.tags());
    }
    return bytes;
  }

  /** Loads the first runs: of so many as fit into memory together, at least one. */
  private static List<Run> load(Handle handle, List<RunInfo> infos, RunProjection projection) {
    List<RunLineage> lineages =
        LineageReader.read(
            handle, infos.stream().map(info -> info.id().uuid()).toList(), projection.lineage());
    List<RunInfo> first = infos.subList(0, lineages.size());
    UUID[] ids = first.stream().map(info -> info.id().uuid()).toArray(UUID[]::new);
    RunDao runs = handle.attach(RunDao.class);
    Map<UUID, List<LatestMetric>> latestByRun = latest(handle, ids, projection.metrics());
    Map<UUID, List<Param>> paramsByRun =
        OwnedEntry.byOwner(
            OwnedEntry.read(ids, projection.params(), runs::params, runs::paramsOf), Param::key);
    Map<UUID, List<Tag>> tagsByRun =
        OwnedEntry.byOwner(
            OwnedEntry.read(ids, projection.tags(), runs::tags, runs::tagsOf), Tag::key);
    List<Run> loaded = new ArrayList<>();
    for (int i = 0; i < ids.length; i++) {
      loaded.add(
          new Run(
              first.get(i),
              latestByRun.getOrDefault(ids[i], List.of()),
              paramsByRun.getOrDefault(ids[i], List.of()),
              tagsByRun.getOrDefault(ids[i], List.of()),
              lineages.get(i)));
    }
    return loaded;
  }

  /** Returns the latest points of every durable segment, be it folded or not. */
  static Map<UUID, List<LatestMetric>> latest(Handle handle, UUID[] runs, KeySelection selection) {
    if (selection.isNone()) {
      return Map.of();
    }
    MetricDao dao = handle.attach(MetricDao.class);
    // Segments before latest points: what is folded in between is then seen twice, never missed.
    LatestPoints points = unfolded(dao, runs);
    Map<Integer, String> names = new HashMap<>();
    if (selection.keys().isPresent()) {
      String[] keys = selection.keys().get().toArray(String[]::new);
      dao.names(keys).forEach(row -> names.put(row.id(), row.name()));
      addAll(points, dao.latestOf(runs, names.keySet().toArray(Integer[]::new)));
    } else {
      addAll(points, dao.latest(runs));
      Set<Integer> nameIds = new HashSet<>();
      points.byRun().values().forEach(ofRun -> nameIds.addAll(ofRun.keySet()));
      dao.namesById(nameIds.toArray(Integer[]::new))
          .forEach(row -> names.put(row.id(), row.name()));
    }
    Map<UUID, List<LatestMetric>> byRun = new HashMap<>();
    points.byRun().forEach((run, ofRun) -> byRun.put(run.uuid(), inOrderOfKey(ofRun, names)));
    return byRun;
  }

  private static void addAll(LatestPoints points, List<LatestRow> rows) {
    rows.forEach(row -> points.add(row.run(), row.nameId(), row.point()));
  }

  /** Returns those of the points whose metrics' names are given. */
  private static List<LatestMetric> inOrderOfKey(
      Map<Integer, MetricPoint> points, Map<Integer, String> names) {
    List<LatestMetric> metrics = new ArrayList<>();
    points.forEach(
        (nameId, point) -> {
          if (names.containsKey(nameId)) {
            metrics.add(new LatestMetric(names.get(nameId), point));
          }
        });
    metrics.sort(Comparator.comparing(LatestMetric::key));
    return metrics;
  }

  /** Returns the latest points among the segments that are not folded yet. */
  private static LatestPoints unfolded(MetricDao dao, UUID[] runs) {
    LatestPoints latest = new LatestPoints();
    for (PackedRow row : unfoldedSegments(dao, runs)) {
      RunId run = new RunId(row.run());
      SegmentReader.readLatest(row.packed(), (point, nameId) -> latest.add(run, nameId, point));
    }
    return latest;
  }

  private static List<PackedRow> unfoldedSegments(MetricDao dao, UUID[] runs) {
    List<UUID> ofRuns = new ArrayList<>();
    List<Long> logIds = new ArrayList<>();
    List<Long> afterNos = new ArrayList<>();
    for (FoldRow fold : dao.folds()) {
      for (UUID run : runs) {
        ofRuns.add(run);
        logIds.add(fold.logId());
        afterNos.add(fold.foldedNo());
      }
    }
    return dao.segmentsAfter(
        ofRuns.toArray(UUID[]::new), logIds.toArray(Long[]::new), afterNos.toArray(Long[]::new));
  }
}
