package dev.slipway.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.SearchParser;
import dev.slipway.tracking.dataset.Dataset;
import dev.slipway.tracking.dataset.DatasetInput;
import dev.slipway.tracking.dataset.DatasetSummary;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.experiment.NewExperiment;
import dev.slipway.tracking.lifecycle.ViewType;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.LoggedModelNotFoundException;
import dev.slipway.tracking.model.NewLoggedModel;
import dev.slipway.tracking.retention.PurgeScope;
import dev.slipway.tracking.run.ModelOutput;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.Run;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunLineage;
import dev.slipway.tracking.run.RunNotActiveException;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.search.RunField;
import dev.slipway.tracking.search.RunFieldRules;
import dev.slipway.tracking.search.RunQuery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what the store of inputs and outputs promises on every database. */
abstract class LineageStoreContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final SearchParser<RunField> parser = new SearchParser<>(new RunFieldRules());

  private Database database;
  private ExperimentStore experiments;
  private RunStore runs;
  private LoggedModelStore models;
  private LineageStore lineage;
  private int started;

  abstract DatabaseConfig databaseConfig();

  @BeforeEach
  void open() {
    database =
        Database.open(databaseConfig(), "tracking", "db/migration/tracking", new MetricRegistry());
    experiments = new ExperimentStore(database, "mlflow-artifacts:/");
    experiments.ensureDefault(NOW);
    runs = new RunStore(database);
    models = new LoggedModelStore(database);
    lineage = new LineageStore(database);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private RunId newRun(String name) {
    return newRun(name, ExperimentId.DEFAULT);
  }

  private RunId newRun(String name, ExperimentId experiment) {
    RunId id = RunId.create(NOW);
    runs.create(
        new NewRun(
            Optional.empty(),
            id,
            experiment,
            name,
            "",
            NOW.plusSeconds(started++),
            List.of(new Tag(Tag.RUN_NAME, name))),
        NOW);
    return id;
  }

  private ExperimentId newExperiment(String name) {
    return experiments
        .create(new NewExperiment(Optional.empty(), name, Optional.empty(), List.of()), NOW)
        .id();
  }

  private LoggedModelId newModel() {
    NewLoggedModel model =
        new NewLoggedModel(
            Optional.empty(),
            LoggedModelId.random(),
            ExperimentId.DEFAULT,
            "m",
            "",
            Optional.empty(),
            List.of(),
            List.of());
    return models.create(model, NOW).info().id();
  }

  private static Dataset dataset(String name, String digest) {
    return new Dataset(name, digest, "local", "{\"uri\": \"" + name + "\"}", "schema", "profile");
  }

  private static Dataset described(String name, String schema) {
    return new Dataset(name, "d", "local", "s", schema, "");
  }

  private static DatasetInput input(Dataset dataset, String... contexts) {
    List<Tag> tags =
        contexts.length == 0
            ? List.of()
            : List.of(new Tag(DatasetInput.CONTEXT_TAG, contexts[0]), new Tag("a", ""));
    return new DatasetInput(dataset, tags, false);
  }

  private RunLineage lineage(RunId run) {
    return runs.get(run, RunProjection.ALL).lineage();
  }

  private static <T> List<T> atOnce(List<Callable<T>> tasks) throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(tasks.size());
    try {
      List<T> results = new ArrayList<>();
      for (Future<T> one : threads.invokeAll(tasks)) {
        results.add(one.get());
      }
      return results;
    } finally {
      threads.shutdown();
    }
  }

  @Test
  void logInputs_areReadBackInTheOrderInWhichTheyCame() {
    RunId run = newRun("r");
    LoggedModelId z = newModel();
    LoggedModelId a = newModel();
    lineage.logInputs(run, List.of(input(dataset("z", "1"), "training")), List.of(z));
    lineage.logInputs(
        run, List.of(input(dataset("m", "2")), input(dataset("a", "1"), "eval")), List.of(a));

    RunLineage read = lineage(run);
    assertThat(read.modelInputs()).containsExactly(z, a);
    assertThat(read.modelOutputs()).isEmpty();
    assertThat(read.datasets())
        .extracting(DatasetInput::dataset)
        .containsExactly(dataset("z", "1"), dataset("m", "2"), dataset("a", "1"));
    assertThat(read.datasets().get(0).tags())
        .containsExactly(new Tag("a", ""), new Tag(DatasetInput.CONTEXT_TAG, "training"));
    assertThat(read.datasets().get(1).tags()).isEmpty();
    assertThat(read.datasets()).noneMatch(DatasetInput::detailsOmitted);
    assertThat(lineage(newRun("other"))).isEqualTo(RunLineage.EMPTY);
    assertThat(runs.get(run, RunProjection.ALL.withLineage(RunLineage.Detail.NONE)).lineage())
        .isEqualTo(RunLineage.EMPTY);
  }

  @Test
  void logInputs_again_leavesTheFirstAsItWas() {
    RunId run = newRun("r");
    LoggedModelId model = newModel();
    lineage.logInputs(run, List.of(input(dataset("d", "1"), "training")), List.of(model));
    RunLineage first = lineage(run);
    Dataset other = new Dataset("d", "1", "http", "elsewhere", "", "");
    lineage.logInputs(run, List.of(input(other, "eval")), List.of(model));
    assertThat(lineage(run)).isEqualTo(first);

    RunId second = newRun("s");
    lineage.logInputs(second, List.of(input(other, "eval")), List.of());
    assertThat(lineage(second).datasets())
        .extracting(DatasetInput::dataset)
        .containsExactly(dataset("d", "1"));
    assertThat(lineage(second).datasets().get(0).tags())
        .contains(new Tag(DatasetInput.CONTEXT_TAG, "eval"));

    RunId elsewhere = newRun("t", newExperiment("e"));
    lineage.logInputs(elsewhere, List.of(input(other)), List.of());
    assertThat(lineage(elsewhere).datasets())
        .extracting(DatasetInput::dataset)
        .containsExactly(other);
  }

  @Test
  void logInputs_ofManyRunsAtOnce_describeEachDatasetOnce() throws Exception {
    List<Callable<RunId>> tasks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      RunId run = newRun("r" + i);
      int from = i;
      List<DatasetInput> inputs =
          IntStream.range(0, 10).mapToObj(d -> input(dataset("d" + (d + from) % 10, "1"))).toList();
      tasks.add(
          () -> {
            lineage.logInputs(run, inputs, List.of());
            return run;
          });
    }
    for (RunId run : atOnce(tasks)) {
      assertThat(lineage(run).datasets()).hasSize(10);
    }
    assertThat(summaries(Set.of(ExperimentId.DEFAULT), 1000)).hasSize(10);
  }

  @Test
  void logInputs_ofOneRunAtOnce_keepsEachInputOnce() throws Exception {
    RunId run = newRun("r");
    LoggedModelId model = newModel();
    List<Callable<Boolean>> tasks = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int step = i;
      tasks.add(
          () -> {
            // Without a model, whose lock would keep the calls apart by itself.
            lineage.logInputs(run, List.of(input(dataset("d", "1"), "c" + step)), List.of());
            lineage.logInputs(run, List.of(), List.of(model));
            lineage.logOutputs(run, List.of(new ModelOutput(model, step)));
            return true;
          });
    }
    atOnce(tasks);
    RunLineage read = lineage(run);
    assertThat(read.datasets()).hasSize(1);
    assertThat(read.datasets().get(0).tags()).hasSize(2);
    assertThat(read.modelInputs()).containsExactly(model);
    assertThat(read.modelOutputs()).hasSize(1);
  }

  @Test
  void logOutputs_again_takesTheNewStepInTheOldPlace() {
    RunId run = newRun("r");
    LoggedModelId a = newModel();
    LoggedModelId b = newModel();
    lineage.logOutputs(run, List.of(new ModelOutput(b, -1), new ModelOutput(a, 0)));
    lineage.logOutputs(run, List.of(new ModelOutput(b, 7)));
    assertThat(lineage(run).modelOutputs())
        .containsExactly(new ModelOutput(b, 7), new ModelOutput(a, 0));
    assertThat(lineage(run).modelInputs()).isEmpty();
  }

  @Test
  void whatIsAbsentOrDeleted_isRefusedAndNothingIsWritten() {
    RunId run = newRun("r");
    LoggedModelId good = newModel();
    LoggedModelId deleted = newModel();
    models.delete(deleted, NOW);
    DatasetInput input = input(dataset("d", "1"));
    for (LoggedModelId bad : List.of(deleted, LoggedModelId.random())) {
      assertThatThrownBy(() -> lineage.logInputs(run, List.of(input), List.of(good, bad)))
          .isInstanceOf(LoggedModelNotFoundException.class);
      assertThatThrownBy(
              () ->
                  lineage.logOutputs(
                      run, List.of(new ModelOutput(good, 1), new ModelOutput(bad, 1))))
          .isInstanceOf(LoggedModelNotFoundException.class);
    }
    assertThat(lineage(run)).isEqualTo(RunLineage.EMPTY);
    RunId absent = RunId.create(NOW);
    assertThatThrownBy(() -> lineage.logInputs(absent, List.of(input), List.of()))
        .isInstanceOf(RunNotFoundException.class);
    assertThatThrownBy(() -> lineage.logOutputs(absent, List.of(new ModelOutput(good, 1))))
        .isInstanceOf(RunNotFoundException.class);
    runs.delete(run, NOW);
    assertThatThrownBy(() -> lineage.logInputs(run, List.of(input), List.of()))
        .isInstanceOf(RunNotActiveException.class);
    assertThatThrownBy(() -> lineage.logOutputs(run, List.of(new ModelOutput(good, 1))))
        .isInstanceOf(RunNotActiveException.class);
    assertThat(summaries(Set.of(ExperimentId.DEFAULT), 10)).isEmpty();
  }

  @Test
  void largeDetails_areLeftOutWhereTheyDoNotFit() {
    RunId run = newRun("r");
    String large = "x".repeat(600_000);
    lineage.logInputs(
        run,
        List.of(
            input(described("a", large)),
            input(described("b", large), "training"),
            input(described("c", "small"))),
        List.of());
    List<DatasetInput> brief = lineage(run).datasets();
    assertThat(brief)
        .containsExactly(
            input(described("a", large)),
            new DatasetInput(
                new Dataset("b", "d", "local", "", "", ""),
                List.of(new Tag("a", ""), new Tag(DatasetInput.CONTEXT_TAG, "training")),
                true),
            input(described("c", "small")));
    assertThat(
            runs.get(run, RunProjection.ALL.withLineage(RunLineage.Detail.FULL))
                .lineage()
                .datasets())
        .extracting(DatasetInput::dataset)
        .containsExactly(described("a", large), described("b", large), described("c", "small"));
  }

  @Test
  void read_ofManyRuns_takesNoMoreDetailsIntoMemoryThanFit() {
    List<UUID> ids = new ArrayList<>();
    for (int i = 0; i < 6; i++) {
      RunId run = newRun("r" + i);
      lineage.logInputs(run, List.of(input(described("d" + i, "x".repeat(900_000)))), List.of());
      ids.add(run.uuid());
    }
    RunLineage.Detail brief = RunLineage.Detail.BRIEF;
    assertThat(database.<Integer>read(h -> LineageReader.read(h, ids, brief).size())).isEqualTo(3);
    assertThat(
            database.<Integer>read(h -> LineageReader.read(h, ids, RunLineage.Detail.NONE).size()))
        .isEqualTo(6);
  }

  @Test
  void search_largeDetails_cutsThePageShortAndLosesNothing() {
    String large = "x".repeat(700_000);
    for (int i = 0; i < 12; i++) {
      lineage.logInputs(newRun("r" + i), List.of(input(described("d" + i, large))), List.of());
    }
    List<String> names = new ArrayList<>();
    int pages = 0;
    String token = "";
    do {
      Page<Run> page =
          runs.search(query(""), PageRequest.of(0, token, 1000, 1000, "q", new Violations()));
      // In characters of one byte each.
      assertThat(page.items().size() * 700_000).isLessThan(4_000_000);
      for (Run run : page.items()) {
        names.add(run.info().name());
        assertThat(run.lineage().datasets().get(0).dataset().schema()).isEqualTo(large);
      }
      token = page.nextPageToken();
      pages++;
    } while (!token.isEmpty());
    assertThat(names).hasSize(12).doesNotHaveDuplicates();
    assertThat(pages).isGreaterThan(2);
  }

  private RunQuery query(String filter) {
    return new RunQuery(
        Set.of(ExperimentId.DEFAULT),
        parser.filter(filter),
        List.of(),
        ViewType.ACTIVE_ONLY,
        RunProjection.ALL);
  }

  private List<String> search(String filter) {
    return runs
        .search(query(filter), PageRequest.of(0, "", 1000, 1000, "q", new Violations()))
        .items()
        .stream()
        .map(run -> run.info().name())
        .toList();
  }

  @Test
  void search_byDatasets_findsRunsWithAnyThatMatches() {
    lineage.logInputs(
        newRun("a"),
        List.of(input(dataset("train", "d1"), "training"), input(dataset("test", "d2"), "eval")),
        List.of());
    lineage.logInputs(newRun("b"), List.of(input(dataset("train", "d3"))), List.of());
    newRun("c");
    assertThat(search("datasets.name = 'train'")).containsExactly("b", "a");
    assertThat(search("dataset.name = 'test' and dataset.digest = 'd1'")).containsExactly("a");
    assertThat(search("datasets.name != 'train'")).containsExactly("a");
    assertThat(search("not datasets.name = 'train'")).containsExactly("c");
    assertThat(search("datasets.digest LIKE 'd_'")).containsExactly("b", "a");
    assertThat(search("datasets.digest ILIKE 'D3'")).containsExactly("b");
    assertThat(search("datasets.context = 'eval'")).containsExactly("a");
    assertThat(search("datasets.context != 'eval'")).containsExactly("a");
    assertThat(search("datasets.context IN ('eval', 'other')")).containsExactly("a");
    assertThat(search("datasets.name NOT IN ('train')")).containsExactly("a");
    assertThat(search("datasets.name IN ('train') or run_name = 'c'"))
        .containsExactly("c", "b", "a");
    assertThat(search("datasets.name = \"' OR 1=1 --\"")).isEmpty();
  }

  private List<DatasetSummary> summaries(Set<ExperimentId> of, int pageSize) {
    List<DatasetSummary> all = new ArrayList<>();
    String token = "";
    do {
      Violations violations = new Violations();
      PageRequest request = PageRequest.of(pageSize, token, 1000, 1000, "q", violations);
      violations.throwIfAny();
      Page<DatasetSummary> page = lineage.searchDatasets(of, request);
      assertThat(page.items()).hasSizeLessThanOrEqualTo(pageSize);
      all.addAll(page.items());
      token = page.nextPageToken();
    } while (!token.isEmpty());
    return all;
  }

  @Test
  void searchDatasets_givesEachDatasetAndContextOnceInOrder() {
    ExperimentId other = newExperiment("e");
    RunId gone = newRun("gone");
    lineage.logInputs(
        newRun("a"),
        List.of(input(dataset("b", "1"), "training"), input(dataset("B", "2"), "x")),
        List.of());
    lineage.logInputs(newRun("b"), List.of(input(dataset("b", "1"), "training")), List.of());
    lineage.logInputs(newRun("c"), List.of(input(dataset("b", "1"), "eval")), List.of());
    lineage.logInputs(gone, List.of(input(dataset("b", "0"))), List.of());
    lineage.logInputs(newRun("d", other), List.of(input(dataset("a", "9"))), List.of());
    runs.delete(gone, NOW);

    List<DatasetSummary> expected =
        List.of(
            new DatasetSummary(ExperimentId.DEFAULT, "B", "2", "x"),
            new DatasetSummary(ExperimentId.DEFAULT, "b", "0", ""),
            new DatasetSummary(ExperimentId.DEFAULT, "b", "1", "eval"),
            new DatasetSummary(ExperimentId.DEFAULT, "b", "1", "training"),
            new DatasetSummary(other, "a", "9", ""));
    assertThat(summaries(Set.of(ExperimentId.DEFAULT, other), 1000)).isEqualTo(expected);
    assertThat(summaries(Set.of(ExperimentId.DEFAULT, other), 2)).isEqualTo(expected);
    assertThat(summaries(Set.of(other), 1)).isEqualTo(expected.subList(4, 5));
    assertThat(summaries(Set.of(new ExperimentId(99)), 1)).isEmpty();
  }

  @Test
  void searchDatasets_leavesOutContextsWhoseRunsArePurged() {
    RunId first = newRun("first");
    RunId second = newRun("second");
    RunId third = newRun("third");
    lineage.logInputs(first, List.of(input(dataset("d", "1"), "training")), List.of());
    lineage.logInputs(second, List.of(input(dataset("d", "1"), "training")), List.of());
    lineage.logInputs(third, List.of(input(dataset("d", "1"), "eval")), List.of());
    DatasetSummary eval = new DatasetSummary(ExperimentId.DEFAULT, "d", "1", "eval");
    DatasetSummary training = new DatasetSummary(ExperimentId.DEFAULT, "d", "1", "training");

    purge(first);
    assertThat(summaries(Set.of(ExperimentId.DEFAULT), 10)).containsExactly(eval, training);
    purge(second);
    assertThat(summaries(Set.of(ExperimentId.DEFAULT), 10)).containsExactly(eval);
    lineage.logInputs(newRun("new"), List.of(input(dataset("d", "1"), "training")), List.of());
    assertThat(summaries(Set.of(ExperimentId.DEFAULT), 10)).containsExactly(eval, training);
  }

  private void purge(RunId run) {
    runs.delete(run, NOW);
    assertThat(new PurgeStore(database).purge(run, new PurgeScope(NOW, Optional.empty())))
        .isPresent();
  }
}
