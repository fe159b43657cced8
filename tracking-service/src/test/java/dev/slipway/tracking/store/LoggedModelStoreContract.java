package dev.slipway.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.SearchParser;
import dev.slipway.tracking.dataset.DatasetSelector;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.ParamConflictException;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.entry.TagNotFoundException;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.experiment.ExperimentNotActiveException;
import dev.slipway.tracking.experiment.ExperimentNotFoundException;
import dev.slipway.tracking.experiment.NewExperiment;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.model.LoggedModel;
import dev.slipway.tracking.model.LoggedModelFinalizedException;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.LoggedModelInfo;
import dev.slipway.tracking.model.LoggedModelNotFoundException;
import dev.slipway.tracking.model.LoggedModelProjection;
import dev.slipway.tracking.model.LoggedModelStatus;
import dev.slipway.tracking.model.LoggedModelUpdate;
import dev.slipway.tracking.model.ModelMetric;
import dev.slipway.tracking.model.ModelPoint;
import dev.slipway.tracking.model.NewLoggedModel;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.search.LoggedModelField;
import dev.slipway.tracking.search.LoggedModelFieldRules;
import dev.slipway.tracking.search.LoggedModelOrder;
import dev.slipway.tracking.search.LoggedModelQuery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what the store of logged models promises on every database. */
abstract class LoggedModelStoreContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final Instant LATER = NOW.plusSeconds(60);

  private final SearchParser<LoggedModelField> parser =
      new SearchParser<>(new LoggedModelFieldRules());

  private Database database;
  private ExperimentStore experiments;
  private RunStore runs;
  private MetricStore metrics;
  private LoggedModelStore models;
  private RunId run;
  private long log;
  private long commitNo;
  private int created;

  abstract DatabaseConfig databaseConfig();

  @BeforeEach
  void open() {
    database =
        Database.open(databaseConfig(), "tracking", "db/migration/tracking", new MetricRegistry());
    experiments = new ExperimentStore(database, "mlflow-artifacts:/");
    experiments.ensureDefault(NOW);
    runs = new RunStore(database);
    metrics = new MetricStore(database);
    models = new LoggedModelStore(database);
    log = metrics.openLog(NOW);
    run = newRun(ExperimentId.DEFAULT);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private RunId newRun(ExperimentId experiment) {
    RunId id = RunId.create(NOW);
    runs.create(new NewRun(Optional.empty(), id, experiment, "r", "", NOW, List.of()), NOW);
    return id;
  }

  private ExperimentId newExperiment(String name) {
    return experiments
        .create(new NewExperiment(Optional.empty(), name, Optional.empty(), List.of()), NOW)
        .id();
  }

  private static NewLoggedModel described(
      ExperimentId experiment, String name, Optional<RunId> source, List<Param> params) {
    return new NewLoggedModel(
        Optional.empty(), LoggedModelId.random(), experiment, name, "", source, params, List.of());
  }

  private LoggedModelId newModel(String name, Param... params) {
    return models
        .create(
            described(ExperimentId.DEFAULT, name, Optional.of(run), List.of(params)),
            NOW.plusSeconds(created++))
        .info()
        .id();
  }

  private static MetricPoint point(long step, double value) {
    return new MetricPoint(step, 1000 + step, value);
  }

  private static ModelPoint on(LoggedModelId model, String key, MetricPoint point) {
    return new ModelPoint(model, key, "", "", point);
  }

  private static ModelPoint on(
      LoggedModelId model, String key, String dataset, String digest, MetricPoint point) {
    return new ModelPoint(model, key, dataset, digest, point);
  }

  private static RunWrite write(RunId run, ModelPoint... points) {
    List<String> names = Arrays.stream(points).map(ModelPoint::key).distinct().toList();
    MetricBatch batch =
        new MetricBatch(
            names,
            Arrays.stream(points).mapToInt(p -> names.indexOf(p.key())).toArray(),
            Arrays.stream(points).mapToLong(p -> p.point().step()).toArray(),
            Arrays.stream(points).mapToLong(p -> p.point().timestampMillis()).toArray(),
            Arrays.stream(points).mapToDouble(p -> p.point().value()).toArray());
    return new RunWrite(run, Optional.empty(), batch, List.of(), List.of(), List.of(points));
  }

  private List<Optional<ServiceException>> commit(RunWrite... writes) {
    return metrics.commit(log, ++commitNo, List.of(writes), NOW).refusals();
  }

  private void commitAll(RunWrite... writes) {
    assertThat(commit(writes)).allMatch(Optional::isEmpty);
  }

  private static <T> List<Future<T>> atOnce(List<Callable<T>> tasks) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
    try {
      return threads.invokeAll(tasks);
    } finally {
      threads.shutdown();
    }
  }

  /** Counts the tasks that succeed; all others must fail in the way given. */
  private static int winners(List<Future<Object>> outcomes, Class<?> failure) throws Exception {
    int winners = 0;
    for (Future<Object> outcome : outcomes) {
      try {
        outcome.get();
        winners++;
      } catch (ExecutionException e) {
        assertThat(e.getCause()).isInstanceOf(failure);
      }
    }
    return winners;
  }

  @Test
  void create_keepsEverythingThatWasGiven() {
    NewLoggedModel wanted =
        new NewLoggedModel(
            Optional.empty(),
            LoggedModelId.random(),
            ExperimentId.DEFAULT,
            "digits",
            "classifier",
            Optional.of(run),
            List.of(new Param("lr", "0.1"), new Param("Depth", "")),
            List.of(new Tag("b", "2"), new Tag("a", "")));
    LoggedModel model = models.create(wanted, NOW);

    assertThat(model)
        .isEqualTo(
            new LoggedModel(
                new LoggedModelInfo(
                    wanted.id(),
                    ExperimentId.DEFAULT,
                    "digits",
                    "classifier",
                    Optional.of(run),
                    LoggedModelStatus.PENDING,
                    "",
                    "mlflow-artifacts:/0/models/" + wanted.id() + "/artifacts",
                    NOW,
                    NOW,
                    Optional.empty()),
                List.of(new Param("Depth", ""), new Param("lr", "0.1")),
                List.of(new Tag("a", ""), new Tag("b", "2")),
                List.of()));
    assertThat(models.get(wanted.id())).isEqualTo(model);
  }

  @Test
  void create_withoutItsExperimentOrRun_isRefusedAndLeavesNothing() {
    ExperimentId deleted = newExperiment("deleted");
    experiments.delete(deleted, NOW);
    NewLoggedModel orphan =
        described(
            ExperimentId.DEFAULT,
            "m",
            Optional.of(RunId.create(NOW)),
            List.of(new Param("p", "1")));
    assertThatThrownBy(
            () ->
                models.create(
                    described(new ExperimentId(77), "m", Optional.empty(), List.of()), NOW))
        .isInstanceOf(ExperimentNotFoundException.class);
    assertThatThrownBy(
            () -> models.create(described(deleted, "m", Optional.empty(), List.of()), NOW))
        .isInstanceOf(ExperimentNotActiveException.class);
    assertThatThrownBy(() -> models.create(orphan, NOW)).isInstanceOf(RunNotFoundException.class);
    assertThatThrownBy(() -> models.get(orphan.id()))
        .isInstanceOf(LoggedModelNotFoundException.class);
    assertThat(
            models
                .create(described(ExperimentId.DEFAULT, "m", Optional.empty(), List.of()), NOW)
                .info()
                .sourceRun())
        .isEmpty();
  }

  @Test
  void create_sameRequestIdAtOnce_createsOnce() throws Exception {
    Callable<LoggedModelId> create =
        () ->
            models
                .create(
                    new NewLoggedModel(
                        Optional.of("r-1"),
                        LoggedModelId.random(),
                        ExperimentId.DEFAULT,
                        "m",
                        "",
                        Optional.empty(),
                        List.of(new Param("p", "1")),
                        List.of()),
                    NOW)
                .info()
                .id();
    Set<LoggedModelId> ids = new HashSet<>();
    for (Future<LoggedModelId> one : atOnce(Collections.nCopies(8, create))) {
      ids.add(one.get());
    }
    assertThat(ids).hasSize(1);
    assertThat(search("")).containsExactly("m");
    models.delete(ids.iterator().next(), NOW);
    assertThat(create.call()).isEqualTo(ids.iterator().next());
  }

  @Test
  void finish_twice_keepsTheFirstStatusAndMessage() {
    LoggedModelId id = newModel("m");
    LoggedModel ready = models.finish(id, LoggedModelStatus.READY, "done", LATER);
    assertThat(ready.info().status()).isEqualTo(LoggedModelStatus.READY);
    assertThat(ready.info().statusMessage()).isEqualTo("done");
    assertThat(ready.info().updateTime()).isEqualTo(LATER);
    assertThat(models.finish(id, LoggedModelStatus.READY, "again", LATER.plusSeconds(1)))
        .isEqualTo(ready);
    assertThatThrownBy(() -> models.finish(id, LoggedModelStatus.UPLOAD_FAILED, "", LATER))
        .isInstanceOf(LoggedModelFinalizedException.class)
        .hasMessageContaining("READY");
    assertThat(models.get(id)).isEqualTo(ready);
  }

  @Test
  void finish_twoStatusesAtOnce_oneWins() throws Exception {
    for (int round = 0; round < 10; round++) {
      LoggedModelId id = newModel("m");
      List<Callable<Object>> tasks =
          List.of(
              () -> models.finish(id, LoggedModelStatus.READY, "", LATER),
              () -> models.finish(id, LoggedModelStatus.UPLOAD_FAILED, "", LATER));
      assertThat(winners(atOnce(tasks), LoggedModelFinalizedException.class)).isEqualTo(1);
      assertThat(models.get(id).info().status()).isNotEqualTo(LoggedModelStatus.PENDING);
    }
  }

  @Test
  void update_changesWhatIsNamed() {
    LoggedModelId id = newModel("m");
    models.finish(id, LoggedModelStatus.READY, "done", NOW);
    LoggedModelInfo renamed =
        models
            .update(
                id,
                new LoggedModelUpdate(Optional.of("n"), Optional.empty(), Optional.empty()),
                LATER)
            .info();
    assertThat(renamed.name()).isEqualTo("n");
    assertThat(renamed.updateTime()).isEqualTo(LATER);
    LoggedModelInfo info =
        models
            .update(
                id, new LoggedModelUpdate(Optional.empty(), Optional.of("t"), Optional.of("")), NOW)
            .info();
    assertThat(List.of(info.name(), info.modelType(), info.statusMessage()))
        .containsExactly("n", "t", "");
    assertThat(info.status()).isEqualTo(LoggedModelStatus.READY);
  }

  @Test
  void deletedModel_refusesWritesUntilItIsRestored() {
    LoggedModelId id = newModel("m", new Param("p", "1"));
    LoggedModelInfo deleted = models.delete(id, LATER).info();
    assertThat(deleted.deleteTime()).contains(LATER);
    assertThat(deleted.updateTime()).isEqualTo(LATER);
    assertThat(models.delete(id, LATER.plusSeconds(9)).info()).isEqualTo(deleted);

    List<Runnable> writes =
        List.of(
            () -> models.finish(id, LoggedModelStatus.READY, "", NOW),
            () ->
                models.update(
                    id,
                    new LoggedModelUpdate(Optional.of("n"), Optional.empty(), Optional.empty()),
                    NOW),
            () -> models.setTags(id, List.of(new Tag("t", "1")), NOW),
            () -> models.deleteTags(id, List.of("t"), NOW),
            () -> models.logParams(id, List.of(new Param("q", "1")), NOW));
    for (Runnable write : writes) {
      assertThatThrownBy(write::run)
          .isInstanceOf(LoggedModelNotFoundException.class)
          .hasMessageContaining("deleted");
    }
    assertThat(commit(write(run, on(id, "acc", point(1, 1)))).get(0))
        .containsInstanceOf(LoggedModelNotFoundException.class);
    assertThat(models.get(id).info()).isEqualTo(deleted);

    LoggedModel restored = models.restore(id, LATER.plusSeconds(5));
    assertThat(restored.info().active()).isTrue();
    assertThat(restored.params()).containsExactly(new Param("p", "1"));
    assertThat(models.restore(id, LATER.plusSeconds(9))).isEqualTo(restored);
    assertThatThrownBy(() -> models.restore(LoggedModelId.random(), NOW))
        .isInstanceOf(LoggedModelNotFoundException.class);
  }

  @Test
  void deletedExperiment_takesItsModelsAlongAndBack() {
    ExperimentId experiment = newExperiment("e");
    LoggedModelId id =
        models.create(described(experiment, "m", Optional.empty(), List.of()), NOW).info().id();
    LoggedModelId before =
        models.create(described(experiment, "n", Optional.empty(), List.of()), NOW).info().id();
    models.delete(before, NOW);
    experiments.delete(experiment, LATER);
    assertThat(models.get(id).info().deleteTime()).contains(LATER);
    assertThat(models.get(before).info().deleteTime()).contains(NOW);
    assertThatThrownBy(() -> models.restore(id, NOW))
        .isInstanceOf(ExperimentNotActiveException.class);
    experiments.restore(experiment, LATER);
    assertThat(models.get(id).info().active()).isTrue();
    assertThat(models.get(before).info().active()).isTrue();
  }

  @Test
  void tags_lastWinsAndRemovalIsAllOrNothing() {
    LoggedModelId id = newModel("m");
    models.setTags(id, List.of(new Tag("a", "1"), new Tag("b", "1")), NOW);
    models.setTags(id, List.of(new Tag("a", "2")), LATER);
    assertThat(models.get(id).tags()).containsExactly(new Tag("a", "2"), new Tag("b", "1"));
    assertThat(models.get(id).info().updateTime()).isEqualTo(LATER);
    assertThatThrownBy(() -> models.deleteTags(id, List.of("a", "none"), NOW))
        .isInstanceOf(TagNotFoundException.class);
    assertThat(models.get(id).tags()).hasSize(2);
    models.deleteTags(id, List.of("a"), NOW);
    assertThat(models.get(id).tags()).containsExactly(new Tag("b", "1"));
  }

  @Test
  void logParams_otherValue_isRejectedAndNothingIsWritten() {
    LoggedModelId id = newModel("m", new Param("p", "1"));
    models.logParams(id, List.of(new Param("p", "1"), new Param("q", "2")), LATER);
    assertThat(models.get(id).info().updateTime()).isEqualTo(LATER);
    assertThatThrownBy(
            () -> models.logParams(id, List.of(new Param("r", "3"), new Param("p", "2")), NOW))
        .isInstanceOf(ParamConflictException.class);
    assertThat(models.get(id).params()).containsExactly(new Param("p", "1"), new Param("q", "2"));
  }

  @Test
  void logParams_twoWritersOfOneParam_oneValueWins() throws Exception {
    LoggedModelId id = newModel("m");
    List<Callable<Object>> tasks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String value = "v" + i;
      tasks.add(
          () -> {
            models.logParams(
                id, List.of(new Param("p", value), new Param("own-" + value, "")), NOW);
            return value;
          });
    }
    assertThat(winners(atOnce(tasks), ParamConflictException.class)).isEqualTo(1);
    assertThat(models.get(id).params()).hasSize(2);
  }

  @Test
  void commit_pointsOfSeveralModels_areOnTheRunAndOnEachModel() {
    LoggedModelId a = newModel("a");
    LoggedModelId b = newModel("b");
    commitAll(
        write(
            run,
            on(a, "acc", "train", "d1", point(1, 0.5)),
            on(a, "acc", "train", "d2", point(1, 0.6)),
            on(b, "acc", point(1, 0.7)),
            on(a, "Loss", point(3, Double.NaN)),
            on(a, "acc", "train", "d1", point(2, 0.4)),
            on(a, "acc", "", "", point(-1, -0.0))));

    assertThat(models.get(a).metrics())
        .containsExactly(
            new ModelMetric("Loss", "", "", run, point(3, Double.NaN)),
            new ModelMetric("acc", "", "", run, point(-1, 0.0)),
            new ModelMetric("acc", "train", "d1", run, point(2, 0.4)),
            new ModelMetric("acc", "train", "d2", run, point(1, 0.6)));
    assertThat(models.get(b).metrics())
        .containsExactly(new ModelMetric("acc", "", "", run, point(1, 0.7)));
    assertThat(runs.get(run, RunProjection.ALL).metrics()).hasSize(2);
    assertThat(models.get(a).info().updateTime()).isEqualTo(models.get(a).info().createTime());
  }

  @Test
  void commit_earlierPoint_doesNotReplaceTheLatest() {
    LoggedModelId id = newModel("m");
    RunId other = newRun(ExperimentId.DEFAULT);
    commitAll(write(run, on(id, "acc", point(5, 0.5))));
    commitAll(
        write(run, on(id, "acc", point(4, 0.9)), on(id, "acc", new MetricPoint(5, 1005, 0.4))));
    commitAll(write(other, on(id, "acc", point(1, 0.1))));
    assertThat(models.get(id).metrics())
        .containsExactlyInAnyOrder(
            new ModelMetric("acc", "", "", run, point(5, 0.5)),
            new ModelMetric("acc", "", "", other, point(1, 0.1)));
    commitAll(write(run, on(id, "acc", new MetricPoint(5, 1005, Double.NaN))));
    assertThat(models.get(id).metrics())
        .contains(new ModelMetric("acc", "", "", run, new MetricPoint(5, 1005, Double.NaN)));
  }

  @Test
  void commit_absentModel_refusesTheWholeWriteAndNoOther() {
    LoggedModelId id = newModel("m");
    List<Optional<ServiceException>> refusals =
        commit(
            write(run, on(id, "x", point(1, 1)), on(LoggedModelId.random(), "y", point(1, 1))),
            write(run, on(id, "z", point(1, 1))));
    assertThat(refusals.get(0)).containsInstanceOf(LoggedModelNotFoundException.class);
    assertThat(refusals.get(1)).isEmpty();
    assertThat(models.get(id).metrics()).extracting(ModelMetric::key).containsExactly("z");
    assertThat(runs.get(run, RunProjection.ALL).metrics())
        .extracting(metric -> metric.key())
        .containsExactly("z");
  }

  @Test
  void commit_ofSeveralProcessesAtOnce_keepsTheGreatestPoints() throws Exception {
    List<LoggedModelId> ids = List.of(newModel("a"), newModel("b"), newModel("c"));
    List<Callable<Object>> tasks = new ArrayList<>();
    for (int process = 0; process < 4; process++) {
      int own = process;
      long ownLog = metrics.openLog(NOW);
      tasks.add(
          () -> {
            for (int i = 1; i <= 10; i++) {
              MetricPoint point = point(i * 4L + own, own);
              ModelPoint[] points =
                  IntStream.range(0, 3)
                      .mapToObj(m -> on(ids.get((m + own) % 3), "acc", point))
                      .toArray(ModelPoint[]::new);
              assertThat(metrics.commit(ownLog, i, List.of(write(run, points)), NOW).refusals())
                  .containsExactly(Optional.empty());
            }
            return own;
          });
    }
    assertThat(winners(atOnce(tasks), AssertionError.class)).isEqualTo(4);
    for (LoggedModelId id : ids) {
      assertThat(models.get(id).metrics())
          .containsExactly(new ModelMetric("acc", "", "", run, point(43, 3)));
    }
  }

  @Test
  void commit_whileTheModelIsDeleted_isWholeOrRefused() throws Exception {
    for (int round = 0; round < 10; round++) {
      LoggedModelId id = newModel("m");
      String key = "k" + round;
      int last = 5;
      long ownLog = metrics.openLog(NOW);
      List<Callable<Object>> tasks =
          List.of(
              () -> models.delete(id, NOW),
              () -> {
                List<Integer> accepted = new ArrayList<>();
                for (int i = 1; i <= last; i++) {
                  if (metrics
                      .commit(ownLog, i, List.of(write(run, on(id, key, point(i, i)))), NOW)
                      .refusals()
                      .get(0)
                      .isEmpty()) {
                    accepted.add(i);
                  }
                }
                return accepted;
              });
      List<?> accepted = (List<?>) atOnce(tasks).get(1).get();
      // What came before the deletion stands, what came after does not.
      assertThat(accepted).isEqualTo(IntStream.rangeClosed(1, accepted.size()).boxed().toList());
      List<MetricPoint> kept = models.get(id).metrics().stream().map(ModelMetric::point).toList();
      assertThat(kept)
          .isEqualTo(
              accepted.isEmpty() ? List.of() : List.of(point(accepted.size(), accepted.size())));
    }
  }

  private List<String> search(String filter, LoggedModelOrder... order) {
    return search(filter, List.of(), order);
  }

  private List<String> search(
      String filter, List<DatasetSelector> datasets, LoggedModelOrder... order) {
    LoggedModelQuery query =
        new LoggedModelQuery(
            Set.of(ExperimentId.DEFAULT),
            parser.filter(filter),
            datasets,
            List.of(order),
            LoggedModelProjection.ALL);
    return models
        .search(query, PageRequest.of(0, "", 1000, 1000, "q", new Violations()))
        .items()
        .stream()
        .map(model -> model.info().name())
        .toList();
  }

  private static LoggedModelOrder by(LoggedModelField field) {
    return new LoggedModelOrder(field, false, Optional.empty());
  }

  private static LoggedModelOrder byDescending(LoggedModelField field) {
    return new LoggedModelOrder(field, true, Optional.empty());
  }

  private static DatasetSelector dataset(String name, String digest) {
    return new DatasetSelector(name, Optional.of(digest));
  }

  private static DatasetSelector dataset(String name) {
    return new DatasetSelector(name, Optional.empty());
  }

  /** Makes models a to d; d was saved by no run and has a NaN, c has no metric. */
  private List<LoggedModelId> searchable() {
    LoggedModelId a = newModel("a", new Param("lr", "0.1"), new Param("opt", "adam"));
    LoggedModelId b = newModel("b", new Param("lr", "0.01"));
    LoggedModelId c = newModel("c", new Param("lr", "n/a"));
    LoggedModelId d =
        models
            .create(
                new NewLoggedModel(
                    Optional.empty(),
                    LoggedModelId.random(),
                    ExperimentId.DEFAULT,
                    "d",
                    "agent",
                    Optional.empty(),
                    List.of(),
                    List.of(new Tag("team", "Y"))),
                NOW.plusSeconds(created++))
            .info()
            .id();
    models.setTags(a, List.of(new Tag("team", "x")), LATER);
    models.finish(b, LoggedModelStatus.READY, "", LATER.plusSeconds(10));
    commitAll(
        write(
            run,
            on(a, "acc", "train", "d1", point(1, 0.9)),
            on(a, "acc", "test", "d2", point(2, 0.5)),
            on(b, "acc", "train", "d3", point(1, 0.8)),
            on(d, "acc", point(1, Double.NaN)),
            on(d, "loss", "train", "d1", point(1, 1))));
    LoggedModelId gone = newModel("gone");
    models.delete(gone, NOW);
    models.create(described(newExperiment("other"), "elsewhere", Optional.empty(), List.of()), NOW);
    return List.of(a, b, c, d);
  }

  @Test
  void search_clauses_matchWhatTheySay() {
    List<LoggedModelId> ids = searchable();
    assertThat(search("")).containsExactly("d", "c", "b", "a");
    assertThat(search("name = 'a'")).containsExactly("a");
    assertThat(search("attributes.name ILIKE '_' and name != 'c'")).containsExactly("d", "b", "a");
    assertThat(search("name IN ('a', 'd')")).containsExactly("d", "a");
    assertThat(search("model_id = '" + ids.get(1) + "'")).containsExactly("b");
    assertThat(search("model_id LIKE 'm-%'")).hasSize(4);
    assertThat(search("model_id NOT IN ('" + ids.get(0) + "')")).containsExactly("d", "c", "b");
    assertThat(search("experiment_id = '0'")).hasSize(4);
    assertThat(search("experiment_id = '1'")).isEmpty();
    assertThat(search("model_type = 'agent'")).containsExactly("d");
    assertThat(search("source_run_id = '" + run + "'")).containsExactly("c", "b", "a");
    assertThat(search("source_run_id != 'x'")).containsExactly("c", "b", "a");
    assertThat(search("not source_run_id = 'x'")).hasSize(4);
    assertThat(search("not source_run_id IN ('x')")).hasSize(4);
    assertThat(search("status = 'READY'")).containsExactly("b");
    assertThat(search("status IN ('PENDING', 'UPLOAD_FAILED')")).containsExactly("d", "c", "a");
    assertThat(search("creation_timestamp > " + NOW.toEpochMilli())).containsExactly("d", "c", "b");
    assertThat(search("last_updated_timestamp >= " + LATER.toEpochMilli()))
        .containsExactly("b", "a");
    assertThat(search("params.lr < 0.05")).containsExactly("b");
    assertThat(search("params.lr != '0.1'")).containsExactly("c", "b");
    assertThat(search("params.opt IS NULL")).containsExactly("d", "c", "b");
    assertThat(search("params.lr IN ('0.1', 'n/a')")).containsExactly("c", "a");
    assertThat(search("tags.team = 'x' or tags.team LIKE 'Y'")).containsExactly("d", "a");
    assertThat(search("tags.team IS NOT NULL and not tags.team = 'x'")).containsExactly("d");
    assertThat(search("tags.team NOT IN ('x')")).containsExactly("d");
    assertThat(search("name = \"' OR 1=1 --\"")).isEmpty();
  }

  @Test
  void search_metrics_lookAtTheDatasetsAskedFor() {
    searchable();
    assertThat(search("metrics.acc > 0.7")).containsExactly("b", "a");
    assertThat(search("metrics.acc > 0")).containsExactly("b", "a");
    assertThat(search("metrics.acc < 0.6")).containsExactly("a");
    assertThat(search("metrics.acc != 0.8")).containsExactly("d", "a");
    assertThat(search("not metrics.acc > 0.7")).containsExactly("d", "c");
    assertThat(search("metrics.none != 1")).isEmpty();
    assertThat(search("metrics.acc < 0.85", List.of(dataset("train")))).containsExactly("b");
    assertThat(search("metrics.acc > 0.1", List.of(dataset("train", "d1")))).containsExactly("a");
    assertThat(search("metrics.acc > 0.1", List.of(dataset("test"), dataset("train", "d3"))))
        .containsExactly("b", "a");
    assertThat(search("", List.of(dataset("train", "d1")))).containsExactly("d", "a");
    assertThat(search("name != 'a'", List.of(dataset("train")))).containsExactly("d", "b");
    assertThat(search("", List.of(dataset("train", "none")))).isEmpty();
  }

  @Test
  void search_order_putsNanAfterNumbersAndMissingLast() {
    searchable();
    LoggedModelField acc = new LoggedModelField.Metric("acc");
    // The latest value of a is that on the test dataset.
    assertThat(search("", by(acc))).containsExactly("a", "b", "d", "c");
    assertThat(search("", byDescending(acc))).containsExactly("b", "a", "d", "c");
    assertThat(search("", new LoggedModelOrder(acc, true, Optional.of(dataset("train")))))
        .containsExactly("a", "b", "d", "c");
    assertThat(search("", new LoggedModelOrder(acc, false, Optional.of(dataset("train", "d3")))))
        .containsExactly("b", "d", "c", "a");
    assertThat(search("", by(new LoggedModelField.Metric("none"))))
        .containsExactly("d", "c", "b", "a");
    assertThat(search("", by(LoggedModelField.Attribute.NAME))).containsExactly("a", "b", "c", "d");
    assertThat(search("", byDescending(LoggedModelField.Attribute.STATUS)))
        .containsExactly("b", "d", "c", "a");
    assertThat(search("", byDescending(LoggedModelField.Attribute.MODEL_TYPE)))
        .containsExactly("d", "c", "b", "a");
    assertThat(search("", byDescending(LoggedModelField.Attribute.SOURCE_RUN_ID)))
        .containsExactly("c", "b", "a", "d");
    assertThat(search("", by(LoggedModelField.Attribute.CREATION_TIMESTAMP)))
        .containsExactly("a", "b", "c", "d");
    assertThat(search("", byDescending(LoggedModelField.Attribute.LAST_UPDATED_TIMESTAMP)))
        .containsExactly("b", "a", "d", "c");
    assertThat(search("", by(LoggedModelField.Attribute.EXPERIMENT_ID)))
        .containsExactly("d", "c", "b", "a");
    List<String> byId = search("", by(LoggedModelField.Attribute.MODEL_ID));
    List<String> back =
        new ArrayList<>(search("", byDescending(LoggedModelField.Attribute.MODEL_ID)));
    Collections.reverse(back);
    assertThat(back).isEqualTo(byId);
  }

  @Test
  void search_orderByMetricOfManyRuns_takesTheLatestInTime() {
    LoggedModelId a = newModel("a");
    LoggedModelId b = newModel("b");
    RunId second = newRun(ExperimentId.DEFAULT);
    commitAll(
        write(run, on(a, "acc", new MetricPoint(100, 10, 0.9))),
        write(second, on(a, "acc", new MetricPoint(0, 20, 0.1))),
        write(run, on(b, "acc", new MetricPoint(0, 5, 0.5))),
        write(second, on(b, "acc", new MetricPoint(0, 5, 0.4))));
    assertThat(search("", by(new LoggedModelField.Metric("acc")))).containsExactly("a", "b");
    // Of b the two points are equally late, and the greater value counts.
    commitAll(write(newRun(ExperimentId.DEFAULT), on(a, "acc", new MetricPoint(0, 30, 0.45))));
    assertThat(search("", by(new LoggedModelField.Metric("acc")))).containsExactly("a", "b");
  }

  @Test
  void search_pages_surviveInsertsAndCoverEverythingOnce() {
    Random random = new Random(5);
    for (int i = 0; i < 50; i++) {
      LoggedModelId id = newModel("m" + i);
      if (random.nextInt(3) > 0) {
        double value = random.nextInt(4) == 0 ? Double.NaN : random.nextInt(5);
        commitAll(
            write(
                run,
                on(id, "acc", "d" + random.nextInt(2), "", point(random.nextInt(3), value)),
                on(id, "acc", point(1, random.nextInt(5)))));
      }
    }
    LoggedModelField acc = new LoggedModelField.Metric("acc");
    List<LoggedModelOrder[]> orders =
        List.of(
            new LoggedModelOrder[] {},
            new LoggedModelOrder[] {byDescending(acc)},
            new LoggedModelOrder[] {
              new LoggedModelOrder(acc, false, Optional.of(dataset("d0"))), by(acc)
            },
            new LoggedModelOrder[] {byDescending(LoggedModelField.Attribute.NAME)});
    for (LoggedModelOrder[] order : orders) {
      List<String> whole = search("", order);
      List<String> paged = new ArrayList<>();
      List<LoggedModelId> come = new ArrayList<>();
      String token = "";
      do {
        Violations violations = new Violations();
        PageRequest page = PageRequest.of(7, token, 10, 10, "f", violations);
        violations.throwIfAny();
        Page<LoggedModel> some =
            models.search(
                new LoggedModelQuery(
                    Set.of(ExperimentId.DEFAULT),
                    Optional.empty(),
                    List.of(),
                    List.of(order),
                    LoggedModelProjection.ALL),
                page);
        some.items().forEach(model -> paged.add(model.info().name()));
        token = some.nextPageToken();
        come.add(newModel("new"));
      } while (!token.isEmpty());
      assertThat(paged).filteredOn(name -> !name.equals("new")).isEqualTo(whole).hasSize(50);
      come.forEach(model -> models.delete(model, NOW));
    }
  }

  @Test
  void search_largeModels_cutsThePageShortAndLosesNothing() {
    for (int i = 0; i < 30; i++) {
      LoggedModelId id = newModel("big" + i);
      models.setTags(
          id,
          IntStream.range(0, 10).mapToObj(t -> new Tag("t" + t, "x".repeat(8000))).toList(),
          NOW);
    }
    List<String> names = new ArrayList<>();
    int pages = 0;
    String token = "";
    do {
      Page<LoggedModel> page =
          models.search(
              new LoggedModelQuery(
                  Set.of(ExperimentId.DEFAULT),
                  Optional.empty(),
                  List.of(),
                  List.of(),
                  LoggedModelProjection.ALL),
              PageRequest.of(0, token, 1000, 1000, "q", new Violations()));
      page.items().forEach(model -> names.add(model.info().name()));
      token = page.nextPageToken();
      pages++;
    } while (!token.isEmpty());
    assertThat(names).hasSize(30).doesNotHaveDuplicates();
    assertThat(pages).isBetween(3, 8);
  }
}
