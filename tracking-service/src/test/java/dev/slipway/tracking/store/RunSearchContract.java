package dev.slipway.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.SearchParser;
import dev.slipway.runtime.search.sql.FilterSql;
import dev.slipway.runtime.search.sql.SqlText;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.experiment.NewExperiment;
import dev.slipway.tracking.lifecycle.ViewType;
import dev.slipway.tracking.metric.LatestPoints;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.Run;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.run.RunStatus;
import dev.slipway.tracking.run.RunUpdate;
import dev.slipway.tracking.search.RunField;
import dev.slipway.tracking.search.RunFieldRules;
import dev.slipway.tracking.search.RunQuery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * Holds that searches find, in order, exactly the runs that a plain look at all of them finds,
 * whatever is asked; on every database. Runs and queries are random, and the same each time: set
 * {@code -Dsearch.seed} to a number to try others. A failure names its seed.
 */
abstract class RunSearchContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final int RUNS = 70;
  private static final int QUERIES = 150;
  private static final List<ViewType> VIEWS = List.of(ViewType.values());

  /** Longer than what lists sort by. */
  private static final String LONG = "l".repeat(250);

  private final long seed = Long.getLong("search.seed", 1);
  private final Random random = new Random(seed);
  private final SearchParser<RunField> parser = new SearchParser<>(new RunFieldRules());
  private final List<ExperimentId> experiments = new ArrayList<>();
  private final List<RunId> ids = new ArrayList<>();

  private Database database;
  private List<RunStore> stores;
  private RunStore runs;
  private MetricStore metrics;
  private long log;
  private long commitNo;

  abstract DatabaseConfig databaseConfig();

  @BeforeEach
  void open() {
    database =
        Database.open(databaseConfig(), "tracking", "db/migration/tracking", new MetricRegistry());
    ExperimentStore experimentStore = new ExperimentStore(database, "mlflow-artifacts:/");
    for (String name : List.of("a", "b")) {
      experiments.add(
          experimentStore
              .create(new NewExperiment(Optional.empty(), name, Optional.empty(), List.of()), NOW)
              .id());
    }
    // Where an index names few runs, only these are looked at: at none, at some, at all of them.
    stores = Stream.of(0, 3, RunSearch.FEW).map(few -> new RunStore(database, few)).toList();
    runs = stores.get(0);
    metrics = new MetricStore(database);
    log = metrics.openLog(NOW);
    for (int i = 0; i < RUNS; i++) {
      addRun();
    }
  }

  @AfterEach
  void close() {
    database.close();
  }

  private RunId addRun() {
    // Ids that clients choose may be any 128 bits.
    RunId id =
        random.nextBoolean()
            ? RunId.create(NOW)
            : new RunId(new UUID(random.nextLong(), random.nextLong()));
    runs.create(
        new NewRun(
            Optional.empty(),
            id,
            random.nextInt(4) == 0 ? experiments.get(1) : experiments.get(0),
            text(),
            random.nextInt(3) == 0 ? "" : text(),
            NOW.plusMillis(random.nextInt(20)),
            tags()),
        NOW);
    commit(new RunWrite(id, Optional.empty(), points(), params(), tags()));
    if (random.nextInt(3) == 0) {
      runs.update(
          id,
          new RunUpdate(
              Optional.empty(),
              Optional.empty(),
              Optional.of(random.nextBoolean() ? RunStatus.FINISHED : RunStatus.FAILED),
              random.nextInt(3) == 0
                  ? Optional.of(NOW.plusMillis(random.nextInt(20)))
                  : Optional.empty(),
              Optional.of(Optional.of(NOW.plusMillis(random.nextInt(20))))),
          NOW);
    }
    if (random.nextInt(8) == 0) {
      runs.delete(id, NOW);
    }
    ids.add(id);
    return id;
  }

  private void commit(RunWrite write) {
    CommitResult result = metrics.commit(log, ++commitNo, List.of(write), NOW);
    assertThat(result.refusals()).containsOnly(Optional.empty());
    LatestPoints latest = result.latest();
    metrics.fold(log, 0, commitNo, latest);
  }

  private String text() {
    String text = RandomFilters.TEXTS.get(random.nextInt(RandomFilters.TEXTS.size()));
    return random.nextInt(10) == 0 ? LONG + text : text;
  }

  private Set<String> keys() {
    Set<String> keys = new HashSet<>(RandomFilters.KEYS);
    keys.removeIf(key -> random.nextInt(3) == 0);
    return keys;
  }

  private List<Tag> tags() {
    return keys().stream().map(key -> new Tag(key, text())).toList();
  }

  private List<Param> params() {
    return keys().stream().map(key -> new Param(key, text())).toList();
  }

  private MetricBatch points() {
    List<String> names = List.copyOf(keys());
    int[] nameIndexes = new int[names.size()];
    double[] values = new double[names.size()];
    for (int i = 0; i < names.size(); i++) {
      nameIndexes[i] = i;
      values[i] =
          switch (random.nextInt(12)) {
            case 0, 1 -> Double.NaN;
            case 2 -> Double.POSITIVE_INFINITY;
            case 3 -> Double.NEGATIVE_INFINITY;
            case 4 -> -0.0;
            default -> RandomFilters.NUMBERS.get(random.nextInt(RandomFilters.NUMBERS.size()));
          };
    }
    return new MetricBatch(
        names, nameIndexes, new long[names.size()], new long[names.size()], values);
  }

  private List<Run> all() {
    return ids.stream().map(id -> runs.get(id, RunProjection.ALL)).toList();
  }

  private Set<ExperimentId> someExperiments() {
    return random.nextInt(3) > 0 ? Set.of(experiments.get(0)) : Set.copyOf(experiments);
  }

  private Predicate<Run> visible(Set<ExperimentId> some, ViewType view) {
    return run ->
        some.contains(run.info().experimentId())
            && switch (view) {
              case ACTIVE_ONLY -> run.info().active();
              case DELETED_ONLY -> !run.info().active();
              case ALL -> true;
            };
  }

  private Page<Run> page(RunQuery query, int size, String token) {
    // Whatever way of looking one page took, the next one may take another.
    RunStore store = stores.get(random.nextInt(stores.size()));
    return store.search(query, PageRequest.of(size, token, 1000, 1000, "q", new Violations()));
  }

  @Test
  void search_anyFilterAndOrder_pagesGiveWhatLookingAtAllRunsGives() {
    List<Run> all = all();
    RandomRunFilters filters = new RandomRunFilters(random, all);
    int found = 0;
    for (int i = 0; i < QUERIES; i++) {
      RandomFilters.Sample<Run> filter = filters.next();
      RunOrder.Sample order = RunOrder.next(random, filters);
      Set<ExperimentId> some = someExperiments();
      ViewType view = VIEWS.get(random.nextInt(VIEWS.size()));
      RunQuery query =
          new RunQuery(
              some,
              random.nextInt(5) == 0 ? Optional.empty() : parser.filter(filter.text()),
              order.terms().stream().map(parser::orderBy).toList(),
              view,
              RunProjection.ALL);
      Predicate<Run> meaning = query.filter().isEmpty() ? run -> true : filter.meaning();
      List<Run> expected =
          all.stream().filter(visible(some, view)).filter(meaning).sorted(order.meaning()).toList();

      List<Run> pages = new ArrayList<>();
      int size = 1 + random.nextInt(30);
      String token = "";
      do {
        Page<Run> page = page(query, size, token);
        pages.addAll(page.items());
        token = page.nextPageToken();
      } while (!token.isEmpty());

      assertThat(pages)
          .as(
              "seed %s, page size %s, order %s, filter %s",
              seed, size, order.terms(), filter.text())
          .isEqualTo(expected);
      found += expected.size();
    }
    assertThat(found).as("seed %s", seed).isGreaterThan(QUERIES);
  }

  @Test
  void search_runsComeBetweenPages_thoseFromTheStartAreThereOnceAndInOrder() {
    for (int i = 0; i < 20; i++) {
      List<Run> before = all();
      RandomRunFilters filters = new RandomRunFilters(random, before);
      RandomFilters.Sample<Run> filter = filters.next();
      RunOrder.Sample order = RunOrder.next(random, filters);
      Set<ExperimentId> some = someExperiments();
      RunQuery query =
          new RunQuery(
              some,
              parser.filter(filter.text()),
              order.terms().stream().map(parser::orderBy).toList(),
              ViewType.ALL,
              RunProjection.ALL);

      List<Run> pages = new ArrayList<>();
      String token = "";
      do {
        Page<Run> page = page(query, 7, token);
        pages.addAll(page.items());
        token = page.nextPageToken();
        addRun();
      } while (!token.isEmpty());

      Comparator<Run> sorted = order.meaning();
      assertThat(pages).as("seed %s", seed).isSortedAccordingTo(sorted).doesNotHaveDuplicates();
      assertThat(pages)
          .as("seed %s, order %s, filter %s", seed, order.terms(), filter.text())
          .filteredOn(before::contains)
          .isEqualTo(
              before.stream()
                  .filter(visible(some, ViewType.ALL))
                  .filter(filter.meaning())
                  .sorted(sorted)
                  .toList());
    }
  }

  @Test
  void search_anyText_isRefusedWithItsPlaceOrRuns() {
    List<String> pieces =
        List.of(
            "metrics",
            "params",
            "tags",
            ".",
            "lr",
            "`a b`",
            "\"x\"",
            "'y'",
            "'",
            "\"",
            "`",
            "(",
            ")",
            "and",
            "OR",
            "not",
            "in",
            "is",
            "null",
            "like",
            "ILIKE",
            "=",
            "!=",
            "<",
            ">=",
            "1",
            "-1e3",
            "1e999",
            ".5",
            ",",
            ";",
            "--",
            "/*",
            "%",
            "_",
            "\\",
            "?",
            ":key",
            "{",
            "é",
            "😀",
            "\u0000",
            "\n",
            "status",
            "run_id",
            "start_time",
            "datasets.name");
    RandomRunFilters filters = new RandomRunFilters(random, all());
    int parsed = 0;
    for (int i = 0; i < 2_000; i++) {
      // Filters with something put in or left out, so that not all fail at the first word.
      StringBuilder text = new StringBuilder(random.nextInt(4) == 0 ? "" : filters.next().text());
      for (int n = random.nextInt(3); n >= 0; n--) {
        int from = random.nextInt(text.length() + 1);
        int to = Math.min(text.length(), from + random.nextInt(3));
        text.replace(from, to, pieces.get(random.nextInt(pieces.size())));
      }
      parsed += refusedOrRun(text.toString()) ? 1 : 0;
    }
    assertThat(parsed).as("seed %s", seed).isBetween(100, 1_900);
  }

  private boolean refusedOrRun(String text) {
    Optional<Filter<RunField>> filter;
    try {
      filter = parser.filter(text);
    } catch (IllegalArgumentException e) {
      assertThat(e.getMessage())
          .as("seed %s: %s", seed, text)
          .matches("(?s)(at (line \\d+, )?character \\d+: .+|is blank.*|must not contain.*)");
      return false;
    }
    RunQuery query =
        new RunQuery(
            Set.of(experiments.get(0)), filter, List.of(), ViewType.ALL, RunProjection.ALL);
    assertThat(page(query, 1, "")).as("seed %s: %s", seed, text).isNotNull();
    return true;
  }

  @Test
  void filter_whatCallersWrite_isBoundAndNoPartOfTheSql() {
    String mark = "zq7";
    for (String clause :
        List.of(
            "params.zq7 = 'zq7'",
            "tags.`zq7 '` != \"zq7\"",
            "metrics.zq7 > 0.7771",
            "params.zq7 < 0.7771",
            "run_name LIKE '%zq7'",
            "status ILIKE 'zq7'",
            "user_id in ('zq7', \"zq7'\")",
            "run_id like 'zq7%'",
            "tags.zq7 is null",
            "start_time = 7771",
            "datasets.name = 'zq7'",
            "artifact_uri not in ('zq7')")) {
      SqlText sql = new SqlText();
      FilterSql.append(
          sql,
          parser.filter("not (" + clause + ") or " + clause).orElseThrow(),
          new RunFieldSql(database.dialect(), Map.of("zq7", 7771), "r.run_id"));
      assertThat(sql.toString()).doesNotContain(mark).doesNotContain("7771").contains("?");
    }
  }
}
