package dev.slipway.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.SearchParser;
import dev.slipway.tracking.dataset.DatasetSelector;
import dev.slipway.tracking.entry.KeySelection;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.experiment.NewExperiment;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.model.LoggedModel;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.LoggedModelProjection;
import dev.slipway.tracking.model.LoggedModelStatus;
import dev.slipway.tracking.model.ModelPoint;
import dev.slipway.tracking.model.NewLoggedModel;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.search.LoggedModelField;
import dev.slipway.tracking.search.LoggedModelFieldRules;
import dev.slipway.tracking.search.LoggedModelOrder;
import dev.slipway.tracking.search.LoggedModelQuery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Holds that searches find, in order, exactly the logged models that a plain look at all of them
 * finds, whatever is asked; on every database. Models and queries are random, and the same each
 * time: set {@code -Dsearch.seed} to a number to try others. A failure names its seed.
 */
abstract class LoggedModelSearchContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final int MODELS = 50;
  private static final int QUERIES = 150;
  private static final List<String> DATASETS = List.of("", "a", "A b");
  private static final List<String> DIGESTS = List.of("", "1", "2");

  private final long seed = Long.getLong("search.seed", 1);
  private final Random random = new Random(seed);
  private final SearchParser<LoggedModelField> parser =
      new SearchParser<>(new LoggedModelFieldRules());
  private final List<ExperimentId> experiments = new ArrayList<>();
  private final List<RunId> runs = new ArrayList<>();
  private final List<LoggedModelId> ids = new ArrayList<>();

  private Database database;
  private MetricStore metrics;
  private LoggedModelStore models;
  private long log;
  private long commitNo;

  abstract DatabaseConfig databaseConfig();

  @BeforeEach
  void open() {
    database =
        Database.open(databaseConfig(), "tracking", "db/migration/tracking", new MetricRegistry());
    ExperimentStore experimentStore = new ExperimentStore(database, "mlflow-artifacts:/");
    RunStore runStore = new RunStore(database);
    for (String name : List.of("a", "b")) {
      ExperimentId experiment =
          experimentStore
              .create(new NewExperiment(Optional.empty(), name, Optional.empty(), List.of()), NOW)
              .id();
      experiments.add(experiment);
      RunId run = RunId.create(NOW);
      runStore.create(new NewRun(Optional.empty(), run, experiment, "r", "", NOW, List.of()), NOW);
      runs.add(run);
    }
    metrics = new MetricStore(database);
    models = new LoggedModelStore(database);
    log = metrics.openLog(NOW);
    for (int i = 0; i < MODELS; i++) {
      addModel();
    }
  }

  @AfterEach
  void close() {
    database.close();
  }

  private void addModel() {
    LoggedModelId id = new LoggedModelId(new UUID(random.nextLong(), random.nextLong()));
    LoggedModel made =
        models.create(
            new NewLoggedModel(
                Optional.empty(),
                id,
                pick(experiments),
                pick(RandomFilters.TEXTS),
                random.nextInt(3) == 0 ? "" : pick(RandomFilters.TEXTS),
                random.nextInt(3) == 0 ? Optional.empty() : Optional.of(pick(runs)),
                keys().stream().map(key -> new Param(key, pick(RandomFilters.TEXTS))).toList(),
                keys().stream().map(key -> new Tag(key, pick(RandomFilters.TEXTS))).toList()),
            time());
    assertThat(made.info().id()).isEqualTo(id);
    for (int i = random.nextInt(10); i > 0; i--) {
      logPoint(id);
    }
    if (random.nextInt(3) == 0) {
      LoggedModelStatus status =
          random.nextBoolean() ? LoggedModelStatus.READY : LoggedModelStatus.UPLOAD_FAILED;
      assertThat(models.finish(id, status, "", time()).info().status()).isEqualTo(status);
    }
    if (random.nextInt(8) == 0) {
      assertThat(models.delete(id, NOW).info().active()).isFalse();
    }
    ids.add(id);
  }

  private Instant time() {
    return NOW.plusMillis(random.nextInt(20));
  }

  private void logPoint(LoggedModelId model) {
    String key = pick(RandomFilters.KEYS);
    // No two at the same time: which of them counts for an order is then of no interest.
    MetricPoint point = new MetricPoint(random.nextInt(3), ++commitNo, value());
    String dataset = pick(DATASETS);
    ModelPoint onModel =
        new ModelPoint(model, key, dataset, dataset.isEmpty() ? "" : pick(DIGESTS), point);
    MetricBatch batch =
        new MetricBatch(
            List.of(key),
            new int[1],
            new long[] {point.step()},
            new long[] {point.timestampMillis()},
            new double[] {point.value()});
    RunWrite write =
        new RunWrite(pick(runs), Optional.empty(), batch, List.of(), List.of(), List.of(onModel));
    assertThat(metrics.commit(log, commitNo, List.of(write), NOW).refusals())
        .containsOnly(Optional.empty());
  }

  private double value() {
    return switch (random.nextInt(10)) {
      case 0 -> Double.NaN;
      case 1 -> Double.POSITIVE_INFINITY;
      case 2 -> Double.NEGATIVE_INFINITY;
      default -> pick(RandomFilters.NUMBERS);
    };
  }

  private Set<String> keys() {
    Set<String> keys = new HashSet<>(RandomFilters.KEYS);
    keys.removeIf(key -> random.nextInt(3) == 0);
    return keys;
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private Optional<DatasetSelector> someDataset() {
    return random.nextInt(3) > 0
        ? Optional.empty()
        : Optional.of(
            new DatasetSelector(
                DATASETS.get(1 + random.nextInt(2)),
                random.nextBoolean() ? Optional.of(pick(DIGESTS)) : Optional.empty()));
  }

  private List<LoggedModel> allActive() {
    return ids.stream().map(models::get).filter(model -> model.info().active()).toList();
  }

  private List<LoggedModel> pages(LoggedModelQuery query) {
    List<LoggedModel> pages = new ArrayList<>();
    int size = 1 + random.nextInt(20);
    String token = "";
    do {
      Page<LoggedModel> page =
          models.search(query, PageRequest.of(size, token, 100, 100, "q", new Violations()));
      pages.addAll(page.items());
      token = page.nextPageToken();
    } while (!token.isEmpty());
    return pages;
  }

  @Test
  void search_anyFilterAndOrder_pagesGiveWhatLookingAtAllModelsGives() {
    List<LoggedModel> all = allActive();
    int found = 0;
    for (int i = 0; i < QUERIES; i++) {
      List<DatasetSelector> datasets =
          new ArrayList<>(someDataset().map(List::of).orElse(List.of()));
      datasets.addAll(someDataset().map(List::of).orElse(List.of()));
      RandomModelFilters filters = new RandomModelFilters(random, all, datasets);
      boolean filtered = random.nextInt(5) > 0;
      RandomFilters.Sample<LoggedModel> filter =
          filtered ? filters.next() : new RandomFilters.Sample<>("", model -> true);
      ModelOrder.Sample order = ModelOrder.next(random, this::someDataset);
      Set<ExperimentId> some =
          random.nextInt(3) > 0 ? Set.of(experiments.get(0)) : Set.copyOf(experiments);
      LoggedModelQuery query =
          new LoggedModelQuery(
              some,
              parser.filter(filter.text()),
              datasets,
              order.terms(),
              LoggedModelProjection.ALL);
      // Datasets choose models when no clause of the filter looks at metrics.
      Predicate<LoggedModel> measured =
          model ->
              datasets.isEmpty()
                  || filters.askedForMetric()
                  || model.metrics().stream()
                      .anyMatch(metric -> RandomModelFilters.isOn(metric, datasets));
      List<LoggedModel> expected =
          all.stream()
              .filter(model -> some.contains(model.info().experimentId()))
              .filter(measured)
              .filter(filter.meaning())
              .sorted(order.meaning())
              .toList();

      assertThat(pages(query))
          .as(
              "seed %s, datasets %s, order %s, filter %s",
              seed, datasets, order.terms(), filter.text())
          .isEqualTo(expected);
      found += expected.size();
    }
    assertThat(found).as("seed %s", seed).isGreaterThan(QUERIES);
  }

  @Test
  void search_anyProjection_givesThePartsThatItChooses() {
    List<LoggedModel> all = allActive();
    for (int i = 0; i < 20; i++) {
      LoggedModelProjection projection =
          new LoggedModelProjection(selection(), selection(), selection());
      LoggedModelQuery query =
          new LoggedModelQuery(
              Set.copyOf(experiments),
              Optional.empty(),
              List.of(),
              List.of(
                  new LoggedModelOrder(
                      LoggedModelField.Attribute.MODEL_ID, false, Optional.empty())),
              projection);
      assertThat(pages(query))
          .as("seed %s, %s", seed, projection)
          .containsExactlyInAnyOrderElementsOf(
              all.stream().map(model -> chosen(model, projection)).toList());
    }
  }

  private KeySelection selection() {
    return switch (random.nextInt(3)) {
      case 0 -> KeySelection.ALL;
      case 1 -> KeySelection.NONE;
      default -> KeySelection.of(keys());
    };
  }

  private static LoggedModel chosen(LoggedModel model, LoggedModelProjection projection) {
    return new LoggedModel(
        model.info(),
        model.params().stream().filter(param -> projection.params().includes(param.key())).toList(),
        model.tags().stream().filter(tag -> projection.tags().includes(tag.key())).toList(),
        model.metrics().stream()
            .filter(metric -> projection.metrics().includes(metric.key()))
            .toList());
  }
}
