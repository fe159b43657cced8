package dev.slipway.tracking.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.ChartQuery;
import dev.slipway.tracking.metric.HistoryQuery;
import dev.slipway.tracking.metric.MetricAxis;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.MetricChart;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.NaiveChart;
import dev.slipway.tracking.retention.PurgeScope;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.store.ChunkStore.Folds;
import dev.slipway.tracking.store.ChunkStore.Pass;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.IntStream;
import java.util.stream.LongStream;
import org.jdbi.v3.core.statement.SqlLogger;
import org.jdbi.v3.core.statement.StatementContext;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

/** Holds what compaction and readers promise together on every database. */
abstract class ChunkContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");
  private static final double[] ODD_VALUES = {
    Double.NaN, Double.POSITIVE_INFINITY, Double.NEGATIVE_INFINITY, 0.0, -0.0, 1.5, Double.MIN_VALUE
  };
  private static final String[] KEYS = {"a", "b", "c"};

  private final List<Database> databases = new ArrayList<>();
  private DatabaseConfig config;
  private Replica replica;

  abstract DatabaseConfig databaseConfig();

  /** Is one process of those that share a database. */
  private final class Replica {
    private final Database database =
        Database.open(config, "tracking", "db/migration/tracking", new MetricRegistry());
    private final MetricStore metrics = new MetricStore(database);
    private final ChunkStore chunks = new ChunkStore(database);
    private final RunStore runs = new RunStore(database);
    private final long log = metrics.openLog(NOW);
    private final AtomicLong commitNo = new AtomicLong();

    Replica() {
      databases.add(database);
    }

    void commit(RunId run, String key, List<MetricPoint> points) {
      MetricBatch batch =
          new MetricBatch(
              List.of(key),
              new int[points.size()],
              points.stream().mapToLong(MetricPoint::step).toArray(),
              points.stream().mapToLong(MetricPoint::timestampMillis).toArray(),
              points.stream().mapToDouble(MetricPoint::value).toArray());
      RunWrite write = new RunWrite(run, Optional.empty(), batch, List.of(), List.of());
      CommitResult result = metrics.commit(log, commitNo.incrementAndGet(), List.of(write), NOW);
      assertThat(result.refusals()).containsExactly(Optional.empty());
    }

    void fold() {
      metrics.foldFromSegments(log);
    }

    /** Has something done before each statement that reads the points of chunks. */
    void beforeItReadsPoints(Runnable action) {
      database
          .jdbi()
          .setSqlLogger(
              new SqlLogger() {
                @Override
                public void logBeforeExecution(StatementContext context) {
                  if (context.getRenderedSql().contains("c.packed")) {
                    action.run();
                  }
                }
              });
    }

    /** Makes all passes that there are to be made. */
    int compact(RunId run) {
      fold();
      Folds folds = chunks.folds();
      int passes = 0;
      Pass pass;
      do {
        pass = chunks.compact(run, folds);
        passes += pass.segments() > 0 ? 1 : 0;
      } while (pass.more());
      return passes;
    }

    List<MetricPoint> history(RunId run, String key) {
      List<MetricPoint> all = new ArrayList<>();
      Optional<MetricPoint> after = Optional.empty();
      while (true) {
        List<MetricPoint> page =
            metrics.history(
                new HistoryQuery(run, key, Long.MIN_VALUE, Long.MAX_VALUE, after), 3_333);
        all.addAll(page);
        if (page.size() < 3_333) {
          return all;
        }
        after = Optional.of(page.get(page.size() - 1));
      }
    }

    Map<String, MetricChart> charts(RunId run, ChartQuery query) {
      Map<String, MetricChart> charts = new HashMap<>();
      int read =
          metrics.charts(
              query,
              run,
              0,
              (key, chart) -> {
                charts.put(key, chart);
                return true;
              });
      assertThat(read).isEqualTo(query.metricKeys().size());
      return charts;
    }
  }

  @BeforeEach
  void open() {
    config = databaseConfig();
    replica = new Replica();
    new ExperimentStore(replica.database, "mlflow-artifacts:/").ensureDefault(NOW);
  }

  @AfterEach
  void close() {
    databases.forEach(Database::close);
  }

  private RunId newRun() {
    RunId id = RunId.create(Instant.EPOCH);
    replica.runs.create(
        new NewRun(Optional.empty(), id, ExperimentId.DEFAULT, "run", "", NOW, List.of()), NOW);
    return id;
  }

  private static List<MetricPoint> line(long from, long to) {
    return LongStream.range(from, to)
        .mapToObj(step -> new MetricPoint(step, 1_000 + step, step * 0.5))
        .toList();
  }

  private static ChartQuery chart(RunId run, MetricAxis axis, int buckets) {
    return new ChartQuery(
        List.of(run), List.of(KEYS), axis, OptionalLong.empty(), OptionalLong.empty(), buckets);
  }

  /** Makes points of one habit: what training loops do, and what nobody should. */
  private static List<MetricPoint> points(Random random, int habit, int count, int before) {
    List<MetricPoint> points = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      long n = (long) before + i;
      long step =
          switch (habit) {
            case 0 -> n;
            case 1 -> 0;
            case 2 -> random.nextInt(2_000) - 1_000;
            case 3 -> n % 3_000;
            case 4 -> -n;
            default -> random.nextInt(50) == 0 ? random.nextLong() : random.nextInt(40);
          };
      long time =
          switch (habit) {
            case 2, 5 -> random.nextInt(20);
            case 3 -> 1_000_000 - n * 7;
            default -> 1_000_000 + n * 10 + random.nextInt(25);
          };
      double value =
          random.nextInt(3) == 0
              ? ODD_VALUES[random.nextInt(ODD_VALUES.length)]
              : random.nextInt(10) / 4.0;
      points.add(new MetricPoint(step, time, value));
    }
    return points;
  }

  @RepeatedTest(8)
  void anyPointsInAnyBatchesAndCompactions_readBackAsASet(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    Replica other = new Replica();
    RunId run = newRun();
    Map<String, NavigableSet<MetricPoint>> expected = new TreeMap<>();
    Map<String, Integer> habits = new HashMap<>();
    for (int i = 0; i < KEYS.length; i++) {
      expected.put(KEYS[i], new TreeSet<>());
      habits.put(KEYS[i], (repetition.getCurrentRepetition() + i) % 6);
    }
    int most = random.nextBoolean() ? 3_000 : 400;
    for (int commit = 20 + random.nextInt(20); commit > 0; commit--) {
      String key = KEYS[random.nextInt(KEYS.length)];
      List<MetricPoint> points =
          points(random, habits.get(key), 1 + random.nextInt(most), expected.get(key).size());
      Replica writer = random.nextInt(4) == 0 ? other : replica;
      writer.commit(run, key, points);
      expected.get(key).addAll(points);
      if (random.nextInt(3) == 0) {
        writer.fold();
      }
      if (random.nextInt(4) == 0) {
        Pass unused = replica.chunks.compact(run, other.chunks.folds());
      }
      if (random.nextInt(6) == 0) {
        checkReaders(random, run, expected);
      }
    }
    checkReaders(random, run, expected);
    other.fold();
    replica.compact(run);
    checkReaders(random, run, expected);
    if (StoredChunks.segments(replica.database, run) == 0) {
      assertThat(StoredChunks.check(replica.database, run))
          .isEqualTo(expected.values().stream().mapToLong(NavigableSet::size).sum());
    }
  }

  private void checkReaders(
      Random random, RunId run, Map<String, NavigableSet<MetricPoint>> expected) {
    StoredChunks.check(replica.database, run);
    Map<String, MetricPoint> latest = new HashMap<>();
    replica
        .runs
        .get(run, RunProjection.ALL)
        .metrics()
        .forEach(metric -> latest.put(metric.key(), metric.point()));
    expected.forEach(
        (key, points) -> {
          assertThat(replica.history(run, key)).isEqualTo(List.copyOf(points));
          checkPage(random, run, key, points);
          if (!points.isEmpty()) {
            // Latest values know one zero only.
            MetricPoint last = points.last();
            assertThat(latest.get(key))
                .isEqualTo(
                    new MetricPoint(last.step(), last.timestampMillis(), last.value() + 0.0));
          }
        });
    for (MetricAxis axis : MetricAxis.values()) {
      checkChart(run, chart(run, axis, 1 + random.nextInt(600)), expected);
      checkChart(run, randomRange(random, run, axis, expected), expected);
    }
  }

  private void checkPage(Random random, RunId run, String key, NavigableSet<MetricPoint> points) {
    long a = randomStep(random, points);
    long b = randomStep(random, points);
    Optional<MetricPoint> after =
        points.isEmpty() || random.nextBoolean()
            ? Optional.empty()
            : points.stream().skip(random.nextInt(points.size())).findFirst();
    HistoryQuery query = new HistoryQuery(run, key, Math.min(a, b), Math.max(a, b), after);
    int limit = 1 + random.nextInt(5_000);
    assertThat(replica.metrics.history(query, limit))
        .isEqualTo(points.stream().filter(query::wants).limit(limit).toList());
  }

  private static long randomStep(Random random, NavigableSet<MetricPoint> points) {
    return points.isEmpty()
        ? 0
        : points.stream().skip(random.nextInt(points.size())).findFirst().orElseThrow().step();
  }

  private static ChartQuery randomRange(
      Random random, RunId run, MetricAxis axis, Map<String, NavigableSet<MetricPoint>> expected) {
    NavigableSet<MetricPoint> points = expected.get(KEYS[random.nextInt(KEYS.length)]);
    long[] xs =
        points.isEmpty()
            ? new long[] {0}
            : points.stream()
                .mapToLong(
                    point -> axis == MetricAxis.STEP ? point.step() : point.timestampMillis())
                .toArray();
    long origin = axis == MetricAxis.RELATIVE_TIME ? LongStream.of(xs).min().orElseThrow() : 0;
    long a = xs[random.nextInt(xs.length)] - origin;
    long b = xs[random.nextInt(xs.length)] - origin;
    return new ChartQuery(
        List.of(run),
        List.of(KEYS),
        axis,
        random.nextInt(3) == 0 ? OptionalLong.empty() : OptionalLong.of(Math.min(a, b)),
        random.nextInt(3) == 0 ? OptionalLong.empty() : OptionalLong.of(Math.max(a, b)),
        1 + random.nextInt(50));
  }

  private void checkChart(
      RunId run, ChartQuery query, Map<String, NavigableSet<MetricPoint>> expected) {
    Map<String, MetricChart> charts = replica.charts(run, query);
    expected.forEach(
        (key, points) ->
            assertThat(Optional.ofNullable(charts.get(key)))
                .as("%s of %s", query, key)
                .isEqualTo(NaiveChart.of(points, query)));
  }

  @Test
  void longSeries_isCompactedInBoundedPasses() {
    RunId run = newRun();
    int points = 2 * ChunkStore.MAX_POINTS + 12_345;
    List<MetricPoint> line = line(0, points);
    for (int from = 0; from < points; from += 50_000) {
      replica.commit(run, "a", line.subList(from, Math.min(points, from + 50_000)));
    }
    ChartQuery query = chart(run, MetricAxis.STEP, 500);
    Optional<MetricChart> naive = NaiveChart.of(new TreeSet<>(line), query);
    assertThat(Optional.of(replica.charts(run, query).get("a"))).isEqualTo(naive);

    assertThat(replica.compact(run)).isEqualTo(3);

    assertThat(StoredChunks.segments(replica.database, run)).isZero();
    assertThat(StoredChunks.check(replica.database, run)).isEqualTo(points);
    assertThat(Optional.of(replica.charts(run, query).get("a"))).isEqualTo(naive);
    assertThat(replica.history(run, "a")).isEqualTo(line);
  }

  @Test
  void fewPoints_stayInTheirSegments() {
    RunId run = newRun();
    replica.commit(run, "a", line(0, 10));
    assertThat(replica.compact(run)).isZero();
    assertThat(StoredChunks.segments(replica.database, run)).isEqualTo(1);
  }

  @Test
  void segmentsThatAreNotFolded_stay() {
    RunId run = newRun();
    replica.commit(run, "a", line(0, 2_000));
    replica.fold();
    Folds folds = replica.chunks.folds();
    replica.commit(run, "a", line(2_000, 4_000));
    replica.fold();

    Pass pass = replica.chunks.compact(run, folds);

    assertThat(pass).isEqualTo(new Pass(1, 2_000, false, true));
    assertThat(StoredChunks.segments(replica.database, run)).isEqualTo(1);
    assertThat(replica.history(run, "a")).isEqualTo(line(0, 4_000));
  }

  @Test
  void segmentsOfALogThatOpenedMeanwhile_stay() {
    RunId run = newRun();
    Folds before = replica.chunks.folds();
    Replica other = new Replica();
    other.commit(run, "a", line(0, 2_000));
    assertThat(replica.chunks.compact(run, before)).isEqualTo(new Pass(0, 0, false, true));
    assertThat(StoredChunks.segments(replica.database, run)).isEqualTo(1);
  }

  @Test
  void segmentsOfALogThatWasClosed_becomeChunks() {
    RunId run = newRun();
    Folds before = replica.chunks.folds();
    Replica other = new Replica();
    other.commit(run, "a", line(0, 2_000));
    other.fold();
    other.metrics.closeQuietLogs(NOW.plusSeconds(1));
    assertThat(replica.chunks.compact(run, before)).isEqualTo(new Pass(1, 2_000, false, false));
    assertThat(replica.history(run, "a")).isEqualTo(line(0, 2_000));
  }

  @Test
  void pointsOfARunThatIsGone_areRemoved() {
    RunId run = newRun();
    replica.commit(run, "a", line(0, 2_000));
    replica.compact(run);
    replica.commit(run, "a", line(2_000, 2_001));
    replica.fold();
    replica.database.write(
        handle -> handle.execute("DELETE FROM run WHERE run_id = ?", run.uuid()));

    Pass pass = replica.chunks.compact(run, replica.chunks.folds());

    assertThat(pass.segments()).isZero();
    assertNothingLeft(run);
  }

  private void assertNothingLeft(RunId run) {
    for (String table :
        List.of("metric_segment", "metric_chunk", "latest_metric", "metric_compaction")) {
      long rows =
          replica.database.read(
              handle ->
                  handle
                      .createQuery("SELECT COUNT(*) FROM " + table + " WHERE run_id = :run")
                      .bind("run", run.uuid())
                      .mapTo(Long.class)
                      .one());
      assertThat(rows).as(table).isZero();
    }
  }

  /** Whichever comes first, a purge or a compaction: nothing is left of the run. */
  @RepeatedTest(5)
  void purge_whileTheRunIsCompacted_leavesNothing() throws Exception {
    RunId run = newRun();
    for (int i = 0; i < 20; i++) {
      replica.commit(run, "a", line(i * 100L, i * 100L + 100));
    }
    replica.fold();
    Folds folds = replica.chunks.folds();
    replica.runs.delete(run, NOW);
    PurgeScope scope = new PurgeScope(NOW, Optional.empty());
    ExecutorService threads = Executors.newFixedThreadPool(2);
    try {
      Future<Pass> pass = threads.submit(() -> replica.chunks.compact(run, folds));
      Future<Optional<PurgeStore.Removed>> purge =
          threads.submit(() -> new PurgeStore(replica.database).purge(run, scope));
      assertThat(purge.get(60, TimeUnit.SECONDS).orElseThrow().metricBytes()).isPositive();
      assertThat(pass.get(60, TimeUnit.SECONDS).more()).isFalse();
    } finally {
      threads.shutdown();
    }
    assertNothingLeft(run);
  }

  @Test
  void runsWithSegments_areFoundOneAfterTheOther() {
    TreeSet<String> expected = new TreeSet<>();
    for (int i = 0; i < 5; i++) {
      RunId run = newRun();
      expected.add(run.toString());
      replica.commit(run, "a", line(0, 1));
      replica.commit(run, "a", line(1, 2));
    }
    TreeSet<String> found = new TreeSet<>();
    Optional<RunId> run = replica.chunks.nextRunWithSegments(ChunkStore.BEFORE_ALL);
    while (run.isPresent()) {
      assertThat(found.add(run.get().toString())).isTrue();
      run = replica.chunks.nextRunWithSegments(run.get());
    }
    assertThat(found).isEqualTo(expected);
  }

  @Test
  void chart_stopsWhenToldAndContinuesThere() {
    RunId run = newRun();
    for (String key : KEYS) {
      replica.commit(run, key, line(0, 5));
    }
    List<String> read = new ArrayList<>();
    ChartQuery query = chart(run, MetricAxis.STEP, 10);
    int next =
        replica.metrics.charts(
            query,
            run,
            0,
            (key, chart) -> {
              read.add(key);
              return read.size() < 2;
            });
    assertThat(next).isEqualTo(2);
    replica.metrics.charts(query, run, next, (key, chart) -> read.add(key));
    assertThat(read).containsExactly(KEYS);
  }

  /**
   * Two writers, two compactors and readers at once: a reader sees every point that was durable
   * when it began, and none twice.
   */
  @RepeatedTest(2)
  void commitsCompactionsAndReaders_atOnce_missNothing() throws Exception {
    RunId run = newRun();
    Replica other = new Replica();
    int rounds = 60;
    int batch = 700;
    AtomicLong durable = new AtomicLong();
    AtomicBoolean done = new AtomicBoolean();
    ExecutorService threads = Executors.newFixedThreadPool(5);
    List<Future<?>> futures = new ArrayList<>();
    futures.add(
        threads.submit(
            () -> {
              for (int i = 0; i < rounds; i++) {
                replica.commit(run, "a", line((long) i * batch, (i + 1L) * batch));
                durable.set((i + 1L) * batch);
              }
              done.set(true);
            }));
    futures.add(
        threads.submit(
            () -> {
              // The same points again, out of order: as sets they change nothing.
              Random random = new Random(3);
              while (!done.get()) {
                long top = Math.max(1, durable.get());
                long from = random.nextInt((int) top);
                other.commit(run, "a", line(from, Math.min(top, from + 90)));
              }
            }));
    for (Replica compactor : List.of(replica, other)) {
      futures.add(
          threads.submit(
              () -> {
                while (!done.get()) {
                  compactor.compact(run);
                }
              }));
    }
    futures.add(
        threads.submit(
            () -> {
              ChartQuery query = chart(run, MetricAxis.STEP, 7);
              while (!done.get()) {
                long before = durable.get();
                List<MetricPoint> history = replica.history(run, "a");
                assertThat(history).hasSizeGreaterThanOrEqualTo((int) before);
                List<MetricPoint> line = line(0, history.size());
                for (int i = 0; i < history.size(); i++) {
                  assertThat(history.get(i)).isEqualTo(line.get(i));
                }
                MetricChart chart = other.charts(run, query).get("a");
                long points = chart == null ? 0 : chart.points();
                assertThat(points).isGreaterThanOrEqualTo(history.size());
                if (points > 0) {
                  assertThat(chart.maxX()).isEqualTo(points - 1);
                  assertThat(
                          replica.runs.get(run, RunProjection.ALL).metrics().get(0).point().step())
                      .isGreaterThanOrEqualTo(points - 1);
                }
              }
            }));
    try {
      for (Future<?> future : futures) {
        future.get(120, TimeUnit.SECONDS);
      }
    } finally {
      done.set(true);
      threads.shutdown();
      assertThat(threads.awaitTermination(120, TimeUnit.SECONDS)).isTrue();
    }
    other.fold();
    replica.compact(run);
    StoredChunks.check(replica.database, run);
    assertThat(replica.history(run, "a")).isEqualTo(line(0, (long) rounds * batch));
  }

  @Test
  void readers_whenPointsOfAGapGetIntoTheNextChunkMeanwhile_showThemOnce() {
    for (boolean history : new boolean[] {true, false}) {
      RunId run = newRun();
      replica.commit(run, "a", line(0, 4_000));
      assertThat(replica.compact(run)).isEqualTo(1);
      replica.commit(run, "a", line(6_000, 8_000));
      assertThat(replica.compact(run)).isEqualTo(1);
      for (long step = 5_000; step < 5_300; step += 15) {
        replica.commit(run, "a", line(step, step + 15));
      }
      Replica compactor = new Replica();
      AtomicBoolean compacted = new AtomicBoolean();
      Replica reader = new Replica();
      reader.beforeItReadsPoints(
          () -> {
            if (compacted.compareAndSet(false, true)) {
              replica.fold();
              compactor.compact(run);
            }
          });

      if (history) {
        List<MetricPoint> expected = new ArrayList<>(line(0, 4_000));
        expected.addAll(line(5_000, 5_300));
        expected.addAll(line(6_000, 8_000));
        assertThat(reader.history(run, "a")).isEqualTo(expected);
      } else {
        MetricChart chart = reader.charts(run, chart(run, MetricAxis.STEP, 100)).get("a");
        assertThat(chart.points()).isEqualTo(6_300);
      }
      assertThat(compacted).isTrue();
      assertThat(StoredChunks.pointsInSegments(replica.database, run)).isZero();
    }
  }

  @Test
  void charts_readThePointsOnlyOfChunksThatBucketsDivide() {
    RunId run = newRun();
    replica.commit(run, "a", line(0, 20_000));
    replica.compact(run);
    AtomicLong reads = new AtomicLong();
    Replica reader = new Replica();
    reader.beforeItReadsPoints(reads::incrementAndGet);

    MetricChart whole = reader.charts(run, chart(run, MetricAxis.STEP, 1)).get("a");
    assertThat(whole.points()).isEqualTo(20_000);
    assertThat(reads).hasValue(0);

    ChartQuery within =
        new ChartQuery(
            List.of(run),
            List.of("a"),
            MetricAxis.STEP,
            OptionalLong.of(100),
            OptionalLong.of(110),
            1);
    assertThat(reader.charts(run, within).get("a").points()).isEqualTo(11);
    assertThat(reads).hasValue(1);
  }

  @Test
  void twoCompactorsOnOneRun_makeOneSetOfChunks() throws Exception {
    RunId run = newRun();
    Replica other = new Replica();
    for (int i = 0; i < 20; i++) {
      replica.commit(run, KEYS[i % KEYS.length], line(i * 1_000L, i * 1_000L + 1_500));
    }
    replica.fold();
    Folds folds = replica.chunks.folds();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    try {
      List<Future<Pass>> passes =
          IntStream.range(0, 4)
              .mapToObj(
                  i ->
                      threads.submit(
                          () -> (i % 2 == 0 ? replica : other).chunks.compact(run, folds)))
              .toList();
      for (Future<Pass> pass : passes) {
        assertThat(pass.get(60, TimeUnit.SECONDS).more()).isFalse();
      }
    } finally {
      threads.shutdown();
    }
    assertThat(StoredChunks.segments(replica.database, run)).isZero();
    long points = 0;
    for (String key : KEYS) {
      points += replica.history(run, key).size();
    }
    assertThat(StoredChunks.check(replica.database, run)).isEqualTo(points);
  }
}
