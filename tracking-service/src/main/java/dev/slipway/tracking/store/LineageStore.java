package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.sql.KeysetQuery;
import dev.slipway.runtime.search.sql.SortKey;
import dev.slipway.runtime.search.sql.SqlText;
import dev.slipway.tracking.dataset.Dataset;
import dev.slipway.tracking.dataset.DatasetInput;
import dev.slipway.tracking.dataset.DatasetSummary;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.LoggedModelInfo;
import dev.slipway.tracking.model.LoggedModelNotFoundException;
import dev.slipway.tracking.run.ModelOutput;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunNotActiveException;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.store.LineageDao.DatasetKey;
import dev.slipway.tracking.store.LineageDao.ModelLink;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.mapper.RowMapper;
import org.jdbi.v3.core.statement.StatementContext;

/**
 * Keeps which datasets and logged models runs read, and which models they produced. Thread-safe.
 */
public final class LineageStore {
  private record DatasetName(String name, String digest) {}

  private final Database database;
  private final BoundedPages pages = new BoundedPages();

  /** Creates the store. */
  public LineageStore(Database database) {
    this.database = database;
    SqlArrays.register(database.jdbi());
  }

  /**
   * Adds inputs to an active run in one transaction; those that it has stay as they are. Datasets
   * that nobody described before are described in a transaction before that one, since nobody may
   * wait for megabytes while the run is locked; nothing shows them until a run has them.
   *
   * @param datasets no name and digest twice
   * @param models no model twice
   * @throws RunNotFoundException if there is no such run
   * @throws RunNotActiveException if it is deleted
   * @throws LoggedModelNotFoundException if a model does not exist or is deleted; nothing is
   *     written then
   */
  public void logInputs(RunId id, List<DatasetInput> datasets, List<LoggedModelId> models) {
    Map<DatasetName, Long> datasetIds = datasets.isEmpty() ? Map.of() : describe(id, datasets);
    database.write(
        handle -> {
          RunInfo run = lockActive(handle, id);
          requireModels(handle, models);
          boolean changed = addDatasets(handle, id, datasets, datasetIds);
          changed |= addModelInputs(handle, id, models);
          if (changed) {
            ChangeFeed feed = new ChangeFeed(handle);
            feed.inputsChanged(List.of(id), feed.next(run.experimentId()));
          }
          return id;
        });
  }

  /**
   * Adds models to the outputs of an active run in one transaction; those that it has get the new
   * step.
   *
   * @param outputs no model twice
   * @throws RunNotFoundException if there is no such run
   * @throws RunNotActiveException if it is deleted
   * @throws LoggedModelNotFoundException if a model does not exist or is deleted; nothing is
   *     written then
   */
  public void logOutputs(RunId id, List<ModelOutput> outputs) {
    database.write(
        handle -> {
          RunInfo run = lockActive(handle, id);
          requireModels(handle, outputs.stream().map(ModelOutput::model).toList());
          LineageDao dao = handle.attach(LineageDao.class);
          Map<UUID, ModelLink> present = links(dao, id, true);
          List<ModelLink> links =
              outputs.stream()
                  .map(output -> new ModelLink(output.model().uuid(), true, output.step()))
                  .filter(link -> !link.equals(present.get(link.model())))
                  .toList();
          dao.insertModelOutputs(
              id.uuid(),
              links.stream().filter(link -> !present.containsKey(link.model())).toList());
          dao.setOutputSteps(
              id.uuid(), links.stream().filter(link -> present.containsKey(link.model())).toList());
          if (!links.isEmpty()) {
            ChangeFeed feed = new ChangeFeed(handle);
            feed.outputsChanged(List.of(id), feed.next(run.experimentId()));
          }
          return id;
        });
  }

  private static RunInfo lockActive(Handle handle, RunId id) {
    return handle
        .attach(RunDao.class)
        .lock(id.uuid())
        .orElseThrow(() -> new RunNotFoundException(id))
        .requireActive();
  }

  /** The locks keep the models from being purged while something comes to refer to them. */
  private static void requireModels(Handle handle, Collection<LoggedModelId> models) {
    if (models.isEmpty()) {
      return;
    }
    UUID[] ids = models.stream().map(LoggedModelId::uuid).toArray(UUID[]::new);
    Map<LoggedModelId, LoggedModelInfo> found = new HashMap<>();
    handle.attach(LoggedModelDao.class).lockAll(ids).forEach(model -> found.put(model.id(), model));
    for (LoggedModelId model : models) {
      if (!found.containsKey(model)) {
        throw LoggedModelNotFoundException.absent(model);
      }
      found.get(model).requireActive();
    }
  }

  /** Returns whether the run lacked any. */
  private static boolean addDatasets(
      Handle handle, RunId run, List<DatasetInput> inputs, Map<DatasetName, Long> ids) {
    if (inputs.isEmpty()) {
      return false;
    }
    LineageDao dao = handle.attach(LineageDao.class);
    Set<Long> present = new HashSet<>(dao.datasetsOf(run.uuid()));
    Map<Long, DatasetInput> added = new LinkedHashMap<>();
    for (DatasetInput input : inputs) {
      long id = ids.get(name(input.dataset()));
      if (!present.contains(id)) {
        added.put(id, input);
      }
    }
    dao.insertInputs(run.uuid(), List.copyOf(added.keySet()), contexts(added));
    // Runs that read the same datasets at once wait for each other in one order.
    Map<Long, DatasetInput> ordered = new TreeMap<>(added);
    dao.insertContexts(List.copyOf(ordered.keySet()), contexts(ordered));
    insertTags(dao, run, added);
    return !added.isEmpty();
  }

  private static List<String> contexts(Map<Long, DatasetInput> inputs) {
    return inputs.values().stream().map(DatasetInput::context).toList();
  }

  private static void insertTags(LineageDao dao, RunId run, Map<Long, DatasetInput> inputs) {
    List<Long> ids = new ArrayList<>();
    List<String> keys = new ArrayList<>();
    List<String> values = new ArrayList<>();
    inputs.forEach(
        (id, input) ->
            input
                .tags()
                .forEach(
                    tag -> {
                      ids.add(id);
                      keys.add(tag.key());
                      values.add(tag.value());
                    }));
    dao.insertInputTags(run.uuid(), ids, keys, values);
  }

  /** Returns the numbers of datasets, describing those that the run's experiment does not know. */
  private Map<DatasetName, Long> describe(RunId run, List<DatasetInput> inputs) {
    record Known(ExperimentId experiment, Map<DatasetName, Long> ids) {}
    Known known =
        database.read(
            handle -> {
              ExperimentId experiment =
                  handle
                      .attach(RunDao.class)
                      .find(run.uuid())
                      .orElseThrow(() -> new RunNotFoundException(run))
                      .requireActive()
                      .experimentId();
              return new Known(
                  experiment, find(handle.attach(LineageDao.class), experiment, inputs));
            });
    List<Dataset> unknown =
        inputs.stream()
            .map(DatasetInput::dataset)
            .filter(dataset -> !known.ids().containsKey(name(dataset)))
            // Runs that describe the same datasets at once wait for each other in one order.
            .sorted(Comparator.comparing(Dataset::name).thenComparing(Dataset::digest))
            .toList();
    if (unknown.isEmpty()) {
      return known.ids();
    }
    return database.write(
        handle -> {
          LineageDao dao = handle.attach(LineageDao.class);
          dao.insertDatasets(known.experiment().number(), unknown);
          return find(dao, known.experiment(), inputs);
        });
  }

  private static Map<DatasetName, Long> find(
      LineageDao dao, ExperimentId experiment, List<DatasetInput> inputs) {
    List<DatasetKey> rows =
        dao.datasets(
            experiment.number(),
            inputs.stream().map(input -> input.dataset().name()).toArray(String[]::new),
            inputs.stream().map(input -> input.dataset().digest()).toArray(String[]::new));
    Map<DatasetName, Long> ids = new HashMap<>();
    rows.forEach(row -> ids.put(new DatasetName(row.name(), row.digest()), row.id()));
    return ids;
  }

  private static DatasetName name(Dataset dataset) {
    return new DatasetName(dataset.name(), dataset.digest());
  }

  /** Returns whether the run lacked any. */
  private static boolean addModelInputs(Handle handle, RunId run, List<LoggedModelId> models) {
    if (models.isEmpty()) {
      return false;
    }
    LineageDao dao = handle.attach(LineageDao.class);
    Map<UUID, ModelLink> present = links(dao, run, false);
    List<UUID> added =
        models.stream()
            .map(LoggedModelId::uuid)
            .filter(model -> !present.containsKey(model))
            .toList();
    dao.insertModelInputs(run.uuid(), added);
    return !added.isEmpty();
  }

  private static Map<UUID, ModelLink> links(LineageDao dao, RunId run, boolean output) {
    Map<UUID, ModelLink> links = new HashMap<>();
    dao.models(new UUID[] {run.uuid()}).stream()
        .map(OwnedEntry::entry)
        .filter(link -> link.output() == output)
        .forEach(link -> links.put(link.model(), link));
    return links;
  }

  /**
   * Returns a page of the distinct datasets and contexts that runs of the experiments used, in
   * order of experiment, name, digest and context, cut short where it grows too large to send.
   */
  public Page<DatasetSummary> searchDatasets(Set<ExperimentId> experiments, PageRequest page) {
    SqlText fromWhere =
        new SqlText()
            .sql("FROM dataset d JOIN dataset_context c ON c.dataset_id = d.dataset_id")
            .sql(" WHERE EXISTS (SELECT 1 FROM run_dataset i")
            .sql(" WHERE i.dataset_id = c.dataset_id AND i.context = c.context)")
            .sql(" AND d.experiment_id = ANY(")
            .bind(experiments.stream().map(ExperimentId::number).toArray(Long[]::new))
            .sql(")");
    List<SortKey> keys =
        Stream.concat(
                Stream.of(SortKey.integer(new SqlText().sql("d.experiment_id"), false)),
                Stream.of("d.dataset_name", "d.dataset_digest", "c.context")
                    .map(
                        column ->
                            SortKey.text(database.dialect(), new SqlText().sql(column), false)))
            .toList();
    KeysetQuery keyset =
        new KeysetQuery(
            "d.experiment_id, d.dataset_name, d.dataset_digest, c.context", fromWhere, keys);
    return database.search(
        handle ->
            pages.of(
                keyset.read(handle, new SummaryMapper(), page),
                page,
                summaries -> summaries,
                summary -> WireSize.of(summary.name(), summary.digest(), summary.context())));
  }

  private static final class SummaryMapper implements RowMapper<DatasetSummary> {
    @Override
    public DatasetSummary map(ResultSet rs, StatementContext context) throws SQLException {
      return new DatasetSummary(
          new ExperimentId(rs.getLong("experiment_id")),
          rs.getString("dataset_name"),
          rs.getString("dataset_digest"),
          rs.getString("context"));
    }
  }
}
