package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.sql.FilterSql;
import dev.slipway.runtime.search.sql.KeysetQuery;
import dev.slipway.runtime.search.sql.SqlText;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.entry.TagNotFoundException;
import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.experiment.ExperimentAlreadyExistsException;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.experiment.ExperimentNotDeletedException;
import dev.slipway.tracking.experiment.ExperimentNotFoundException;
import dev.slipway.tracking.experiment.NewExperiment;
import dev.slipway.tracking.search.ExperimentQuery;
import dev.slipway.tracking.store.ExperimentDao.ExperimentTag;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/** Keeps experiments and their tags. Every method is one transaction. Thread-safe. */
public final class ExperimentStore {
  private static final String KIND = "experiment";

  private final Database database;
  private final BoundedPages pages = new BoundedPages();
  private final String artifactRoot;
  private final ExperimentFieldSql fieldSql;

  /**
   * Creates the store.
   *
   * @param artifactRoot URI below which experiments without a location of their own keep artifacts
   */
  public ExperimentStore(Database database, String artifactRoot) {
    this.database = database;
    this.artifactRoot = artifactRoot.endsWith("/") ? artifactRoot : artifactRoot + "/";
    this.fieldSql = new ExperimentFieldSql(database.dialect());
    SqlArrays.register(database.jdbi());
  }

  /** Creates the experiment that always exists, unless it does. */
  public void ensureDefault(Instant now) {
    UniqueRace.run(
        () ->
            database.write(
                handle -> {
                  ExperimentDao dao = handle.attach(ExperimentDao.class);
                  long id = ExperimentId.DEFAULT.number();
                  if (dao.find(id).isEmpty()) {
                    dao.insert(id, Experiment.DEFAULT_NAME, artifactRoot + id, now.toEpochMilli());
                    new ChangeFeed(handle).experimentCreated(ExperimentId.DEFAULT);
                  }
                  return id;
                }));
  }

  /**
   * Creates an experiment.
   *
   * @throws ExperimentAlreadyExistsException if the name is taken
   */
  public Experiment create(NewExperiment experiment, Instant now) {
    String name = experiment.name();
    return UniqueRace.run(
        () ->
            database.write(
                handle -> {
                  RequestDao requests = handle.attach(RequestDao.class);
                  Optional<String> known =
                      experiment.requestId().flatMap(id -> requests.find(id, KIND));
                  if (known.isPresent()) {
                    return require(handle, ExperimentId.parse(known.get()));
                  }
                  ExperimentDao dao = handle.attach(ExperimentDao.class);
                  if (dao.findByName(name).isPresent()) {
                    // Perhaps by this very request, sent twice at once: its row is visible by now.
                    Optional<String> twin =
                        experiment.requestId().flatMap(id -> requests.find(id, KIND));
                    return require(
                        handle,
                        ExperimentId.parse(
                            twin.orElseThrow(() -> new ExperimentAlreadyExistsException(name))));
                  }
                  long id = dao.nextId();
                  String location = experiment.artifactLocation().orElse(artifactRoot + id);
                  dao.insert(id, name, location, now.toEpochMilli());
                  dao.setTags(id, experiment.tags());
                  new ChangeFeed(handle).experimentCreated(new ExperimentId(id));
                  experiment
                      .requestId()
                      .ifPresent(
                          request ->
                              requests.insert(
                                  request, KIND, Long.toString(id), now.toEpochMilli()));
                  return require(handle, new ExperimentId(id));
                }));
  }

  /**
   * Returns an experiment, be it deleted.
   *
   * @throws ExperimentNotFoundException if there is none with the id
   */
  public Experiment get(ExperimentId id) {
    return database.read(handle -> require(handle, id));
  }

  /**
   * Returns an experiment, be it deleted.
   *
   * @throws ExperimentNotFoundException if there is none with the name
   */
  public Experiment getByName(String name) {
    return database.read(
        handle -> {
          ExperimentDao dao = handle.attach(ExperimentDao.class);
          Experiment found =
              dao.findByName(name).orElseThrow(() -> new ExperimentNotFoundException("name", name));
          return withTags(handle, List.of(found)).get(0);
        });
  }

  /** Returns a page of the experiments that match, cut short where it grows too large to send. */
  public Page<Experiment> search(ExperimentQuery query, PageRequest page) {
    SqlText fromWhere = new SqlText().sql("FROM experiment e WHERE ");
    fromWhere.sql(
        switch (query.view()) {
          case ACTIVE_ONLY -> "e.active";
          case DELETED_ONLY -> "NOT e.active";
          case ALL -> "TRUE";
        });
    query.filter().ifPresent(filter -> FilterSql.append(fromWhere.sql(" AND "), filter, fieldSql));
    KeysetQuery keyset = new KeysetQuery("e.*", fromWhere, fieldSql.sortKeys(query.order()));
    return database.search(
        handle -> {
          List<KeysetQuery.Row<Experiment>> rows =
              keyset.read(handle, new ExperimentMapper(), page);
          return pages.of(rows, page, some -> withTags(handle, some), ExperimentStore::sizeBytes);
        });
  }

  /** Estimates an experiment's size on the wire, rather too large than too small. */
  private static long sizeBytes(Experiment experiment) {
    return 100
        + WireSize.of(experiment.name(), experiment.artifactLocation())
        + WireSize.ofTags(experiment.tags());
  }

  /**
   * Renames an experiment; its own present name changes nothing.
   *
   * @throws ExperimentNotFoundException if there is none with the id
   * @throws ExperimentAlreadyExistsException if another one has the name
   */
  public Experiment rename(ExperimentId id, String name, Instant now) {
    return UniqueRace.run(
        () ->
            database.write(
                handle -> {
                  ExperimentDao dao = handle.attach(ExperimentDao.class);
                  Experiment present = lock(dao, id).requireActive();
                  if (!present.name().equals(name)) {
                    if (dao.findByName(name).isPresent()) {
                      throw new ExperimentAlreadyExistsException(name);
                    }
                    dao.rename(id.number(), name, now.toEpochMilli());
                    changed(handle, id);
                  }
                  return require(handle, id);
                }));
  }

  /** Deletes an active experiment softly, with all its runs and logged models. */
  public Experiment delete(ExperimentId id, Instant now) {
    return database.write(
        handle -> {
          ExperimentDao dao = handle.attach(ExperimentDao.class);
          lock(dao, id).requireActive();
          lockContent(handle, id, true);
          dao.setActive(id.number(), false, now.toEpochMilli());
          new ChangeFeed(handle).allListed(id, true, changed(handle, id));
          dao.deleteRuns(id.number(), now.toEpochMilli());
          handle.attach(LoggedModelDao.class).deleteOfExperiment(id.number(), now.toEpochMilli());
          return require(handle, id);
        });
  }

  /**
   * Restores a deleted experiment with all its runs and logged models.
   *
   * @throws ExperimentNotDeletedException if it is active
   */
  public Experiment restore(ExperimentId id, Instant now) {
    return database.write(
        handle -> {
          ExperimentDao dao = handle.attach(ExperimentDao.class);
          if (lock(dao, id).active()) {
            throw new ExperimentNotDeletedException(id);
          }
          lockContent(handle, id, false);
          dao.setActive(id.number(), true, now.toEpochMilli());
          new ChangeFeed(handle).allListed(id, false, changed(handle, id));
          dao.restoreRuns(id.number());
          handle.attach(LoggedModelDao.class).restoreOfExperiment(id.number(), now.toEpochMilli());
          return require(handle, id);
        });
  }

  /**
   * Locks an experiment's runs and then its models, each in order of id, as commits do; the updates
   * that follow would lock them in any order, and after the revision.
   */
  private static void lockContent(Handle handle, ExperimentId id, boolean active) {
    lockAll(handle.attach(ExperimentDao.class).lockRuns(id.number(), active));
    lockAll(handle.attach(LoggedModelDao.class).lockOfExperiment(id.number(), active));
  }

  /** Reads rows to the end, since they are locked as they are read. */
  private static void lockAll(Stream<UUID> rows) {
    try (rows) {
      rows.forEach(row -> {});
    }
  }

  /** Sets tags of an active experiment; no key twice. */
  public void setTags(ExperimentId id, List<Tag> tags, Instant now) {
    database.write(
        handle -> {
          ExperimentDao dao = handle.attach(ExperimentDao.class);
          lock(dao, id).requireActive();
          dao.setTags(id.number(), tags);
          dao.touch(id.number(), now.toEpochMilli());
          changed(handle, id);
          return id;
        });
  }

  /**
   * Removes tags of an active experiment, all or none.
   *
   * @throws TagNotFoundException if it lacks one
   */
  public void deleteTags(ExperimentId id, List<String> keys, Instant now) {
    database.write(
        handle -> {
          ExperimentDao dao = handle.attach(ExperimentDao.class);
          lock(dao, id).requireActive();
          for (String key : keys) {
            if (dao.deleteTag(id.number(), key) == 0) {
              throw new TagNotFoundException(key, "experiment " + id);
            }
          }
          dao.touch(id.number(), now.toEpochMilli());
          changed(handle, id);
          return id;
        });
  }

  private static long changed(Handle handle, ExperimentId id) {
    ChangeFeed feed = new ChangeFeed(handle);
    long revision = feed.next(id);
    feed.experimentChanged(id, revision);
    return revision;
  }

  private static Experiment lock(ExperimentDao dao, ExperimentId id) {
    return dao.lock(id.number())
        .orElseThrow(() -> new ExperimentNotFoundException("experiment_id", id.toString()));
  }

  static Experiment require(Handle handle, ExperimentId id) {
    Experiment found =
        handle
            .attach(ExperimentDao.class)
            .find(id.number())
            .orElseThrow(() -> new ExperimentNotFoundException("experiment_id", id.toString()));
    return withTags(handle, List.of(found)).get(0);
  }

  /** Returns experiments with their tags in order of key; databases would order by locale. */
  private static List<Experiment> withTags(Handle handle, List<Experiment> experiments) {
    Long[] ids = experiments.stream().map(e -> e.id().number()).toArray(Long[]::new);
    Map<Long, List<Tag>> tags = new HashMap<>();
    for (ExperimentTag row : handle.attach(ExperimentDao.class).tags(ids)) {
      tags.computeIfAbsent(row.experiment(), id -> new ArrayList<>()).add(row.tag());
    }
    tags.values().forEach(some -> some.sort(Comparator.comparing(Tag::key)));
    return experiments.stream()
        .map(e -> e.withTags(tags.getOrDefault(e.id().number(), List.of())))
        .toList();
  }
}
