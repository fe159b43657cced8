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
import dev.slipway.tracking.entry.KeySelection;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.ParamConflictException;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.experiment.NewExperiment;
import dev.slipway.tracking.lifecycle.ViewType;
import dev.slipway.tracking.metric.HistoryQuery;
import dev.slipway.tracking.metric.LatestPoints;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SequenceGapException;
import dev.slipway.tracking.metric.WriterAdvance;
import dev.slipway.tracking.metric.WriterFencedException;
import dev.slipway.tracking.metric.WriterPosition;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.Run;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunNotActiveException;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.run.RunUpdate;
import dev.slipway.tracking.search.ExperimentQuery;
import dev.slipway.tracking.search.RunField;
import dev.slipway.tracking.search.RunFieldRules;
import dev.slipway.tracking.search.RunQuery;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what stores promise on every database. */
abstract class TrackingStoreContract {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  private final SearchParser<RunField> parser = new SearchParser<>(new RunFieldRules());

  private Database database;
  private ExperimentStore experiments;
  private RunStore runs;
  private MetricStore metrics;
  private long log;
  private long commitNo;
  private int started;

  abstract DatabaseConfig databaseConfig();

  @BeforeEach
  void open() {
    database =
        Database.open(databaseConfig(), "tracking", "db/migration/tracking", new MetricRegistry());
    experiments = new ExperimentStore(database, "mlflow-artifacts:/");
    experiments.ensureDefault(NOW);
    experiments.ensureDefault(NOW);
    runs = new RunStore(database);
    metrics = new MetricStore(database);
    log = metrics.openLog(NOW);
  }

  @AfterEach
  void close() {
    database.close();
  }

  private RunId newRun() {
    return newRun("run");
  }

  private RunId newRun(String name) {
    RunId id = RunId.create(NOW);
    runs.create(
        new NewRun(
            Optional.empty(),
            id,
            ExperimentId.DEFAULT,
            name,
            "",
            NOW.plusSeconds(started++),
            List.of(new Tag(Tag.RUN_NAME, name))),
        NOW);
    return id;
  }

  private static RunWrite points(RunId run, String key, MetricPoint... points) {
    return write(run, batch(key, points), List.of(), List.of());
  }

  private static MetricBatch batch(String key, MetricPoint... points) {
    return new MetricBatch(
        List.of(key),
        new int[points.length],
        Arrays.stream(points).mapToLong(MetricPoint::step).toArray(),
        Arrays.stream(points).mapToLong(MetricPoint::timestampMillis).toArray(),
        Arrays.stream(points).mapToDouble(MetricPoint::value).toArray());
  }

  private static RunWrite write(RunId run, MetricBatch batch, List<Param> params, List<Tag> tags) {
    return new RunWrite(run, Optional.empty(), batch, params, tags);
  }

  private static RunWrite streamed(
      RunId run, WriterPosition position, String writer, long seq, MetricPoint... points) {
    return new RunWrite(
        run,
        Optional.of(new WriterAdvance(writer, position.epoch(), seq)),
        batch("m", points),
        List.of(),
        List.of());
  }

  private CommitResult commit(RunWrite... writes) {
    return metrics.commit(log, ++commitNo, List.of(writes), NOW);
  }

  private void commitAll(RunWrite... writes) {
    assertThat(commit(writes).refusals()).allMatch(Optional::isEmpty);
  }

  private List<MetricPoint> history(RunId run, String key) {
    return metrics.history(
        new HistoryQuery(run, key, Long.MIN_VALUE, Long.MAX_VALUE, Optional.empty()), 1_000_000);
  }

  private static MetricPoint point(long step, double value) {
    return new MetricPoint(step, 1000 + step, value);
  }

  @Test
  void commit_oddPoints_readBackInOrderAsTheyWere() {
    RunId run = newRun();
    MetricPoint[] odd = {
      point(3, Double.NaN),
      point(-5, Double.NEGATIVE_INFINITY),
      point(Long.MAX_VALUE - 5000, 1),
      new MetricPoint(3, 7, Double.POSITIVE_INFINITY),
      new MetricPoint(3, 7, -0.0),
      new MetricPoint(3, 7, 0.0),
      point(Long.MIN_VALUE, Double.MIN_VALUE)
    };
    commitAll(points(run, "m", odd));

    assertThat(history(run, "m")).isEqualTo(Arrays.stream(odd).sorted().toList());
    assertThat(history(run, "other")).isEmpty();
    assertThat(history(newRun(), "m")).isEmpty();
  }

  @Test
  void commit_equalPoints_countOnce() {
    RunId run = newRun();
    commitAll(points(run, "m", point(1, 1), point(1, 1)), points(run, "m", point(1, 1)));
    commitAll(points(run, "m", point(1, 1), point(1, 2)));

    assertThat(history(run, "m")).containsExactly(point(1, 1), point(1, 2));
  }

  @Test
  void history_overManySegments_pagesWithoutGapOrRepetition() {
    RunId run = newRun();
    Random random = new Random(3);
    TreeSet<MetricPoint> expected = new TreeSet<>();
    for (int c = 0; c < 700; c++) {
      MetricPoint[] some =
          IntStream.range(0, 5)
              .mapToObj(i -> point(random.nextInt(2000) - 1000, random.nextInt(3)))
              .toArray(MetricPoint[]::new);
      expected.addAll(List.of(some));
      commitAll(points(run, "m", some), points(run, "noise", point(c, c)));
    }

    List<MetricPoint> read = new ArrayList<>();
    Optional<MetricPoint> after = Optional.empty();
    while (true) {
      List<MetricPoint> page =
          metrics.history(new HistoryQuery(run, "m", Long.MIN_VALUE, Long.MAX_VALUE, after), 97);
      read.addAll(page);
      if (page.size() < 97) {
        break;
      }
      after = Optional.of(page.get(96));
    }
    assertThat(read).isEqualTo(List.copyOf(expected));
    assertThat(metrics.history(new HistoryQuery(run, "m", -10, 10, Optional.empty()), 10_000))
        .isEqualTo(expected.stream().filter(p -> Math.abs(p.step()) <= 10).toList());
  }

  @Test
  void get_seesLatestPointsBeforeAndAfterTheyAreFolded() {
    RunId run = newRun();
    commitAll(points(run, "a", point(5, 1), point(2, 9)), points(run, "b", point(1, Double.NaN)));
    assertThat(latest(run))
        .containsExactly(
            new LatestMetric("a", point(5, 1)), new LatestMetric("b", point(1, Double.NaN)));

    LatestPoints first = new LatestPoints();
    CommitResult second = commit(points(run, "a", point(6, 2)), points(run, "c", point(0, 3)));
    metrics.fold(log, 0, 0, first);
    assertThat(latest(run)).hasSize(3).contains(new LatestMetric("a", point(6, 2)));

    metrics.foldOthers(-1);
    assertThat(latest(run))
        .containsExactly(
            new LatestMetric("a", point(6, 2)),
            new LatestMetric("b", point(1, Double.NaN)),
            new LatestMetric("c", point(0, 3)));
    metrics.fold(log, 0, commitNo, second.latest());
    commitAll(points(run, "a", point(4, 100)));
    assertThat(latest(run)).hasSize(3).contains(new LatestMetric("a", point(6, 2)));
  }

  private List<LatestMetric> latest(RunId run) {
    return runs.get(run, RunProjection.ALL).metrics();
  }

  @Test
  void fold_newValueAtSameStepAndTime_winsByValue() {
    RunId run = newRun();
    commitAll(points(run, "a", new MetricPoint(1, 1, 5)));
    metrics.foldOthers(-1);
    commitAll(points(run, "a", new MetricPoint(1, 1, 4)));
    metrics.foldOthers(-1);
    assertThat(latest(run)).containsExactly(new LatestMetric("a", new MetricPoint(1, 1, 5)));
    commitAll(points(run, "a", new MetricPoint(1, 1, Double.NaN)));
    metrics.foldOthers(-1);
    assertThat(latest(run))
        .containsExactly(new LatestMetric("a", new MetricPoint(1, 1, Double.NaN)));
  }

  @Test
  void latest_negativeZero_isZeroBeforeAndAfterTheFoldAndStaysInTheHistory() {
    RunId run = newRun();
    MetricPoint negative = new MetricPoint(1, 1, -0.0);
    LatestMetric zero = new LatestMetric("a", new MetricPoint(1, 1, 0.0));
    commitAll(points(run, "a", negative));
    assertThat(latest(run)).containsExactly(zero);
    metrics.foldOthers(-1);
    assertThat(latest(run)).containsExactly(zero);
    assertThat(history(run, "a")).containsExactly(negative);
    CommitResult again = commit(points(run, "b", negative));
    metrics.fold(log, 0, commitNo, again.latest());
    assertThat(latest(run)).contains(new LatestMetric("b", new MetricPoint(1, 1, 0.0)));
  }

  @Test
  void closedLog_refusesCommitsAndItsPointsStay() {
    RunId run = newRun();
    commitAll(points(run, "a", point(1, 1)));
    metrics.closeQuietLogs(NOW.plusSeconds(60));
    commitAll(points(run, "a", point(2, 2)));
    metrics.foldOthers(-1);
    metrics.closeQuietLogs(NOW.plusSeconds(60));

    assertThatThrownBy(() -> commit(points(run, "a", point(3, 3))))
        .isInstanceOf(LogClosedException.class);
    assertThat(latest(run)).containsExactly(new LatestMetric("a", point(2, 2)));
    assertThat(history(run, "a")).containsExactly(point(1, 1), point(2, 2));
  }

  @Test
  void commit_refusedWrite_doesNotTouchTheOthers() {
    RunId good = newRun();
    RunId deleted = newRun();
    runs.delete(deleted, NOW);
    RunId absent = RunId.create(NOW);
    List<Optional<ServiceException>> refusals =
        commit(
                points(deleted, "m", point(1, 1)),
                points(good, "m", point(1, 1)),
                write(absent, MetricBatch.EMPTY, List.of(new Param("p", "1")), List.of()),
                write(good, MetricBatch.EMPTY, List.of(new Param("p", "1")), List.of()),
                write(
                    good,
                    batch("n", point(1, 1)),
                    List.of(new Param("q", "1"), new Param("p", "2")),
                    List.of(new Tag("t", "x"))))
            .refusals();

    assertThat(refusals.get(0)).containsInstanceOf(RunNotActiveException.class);
    assertThat(refusals.get(1)).isEmpty();
    assertThat(refusals.get(2)).containsInstanceOf(RunNotFoundException.class);
    assertThat(refusals.get(3)).isEmpty();
    assertThat(refusals.get(4)).containsInstanceOf(ParamConflictException.class);
    Run run = runs.get(good, RunProjection.ALL);
    assertThat(run.params()).containsExactly(new Param("p", "1"));
    assertThat(run.tags()).containsExactly(new Tag(Tag.RUN_NAME, "run"));
    assertThat(history(good, "n")).isEmpty();
    assertThat(history(deleted, "m")).isEmpty();
  }

  @Test
  void commit_newNameForAnAbsentRun_isNotKept() {
    RunId run = newRun();
    List<Optional<ServiceException>> refusals =
        commit(points(RunId.create(NOW), "mine", point(1, 1)), points(run, "yours", point(1, 1)))
            .refusals();

    assertThat(refusals.get(0)).containsInstanceOf(RunNotFoundException.class);
    assertThat(refusals.get(1)).isEmpty();
    assertThat(metrics.isKnownName("mine")).isFalse();
    assertThat(metrics.isKnownName("yours")).isTrue();
  }

  @Test
  void commit_paramsAgain_sameValueIsFineOtherIsRefused() {
    RunId run = newRun();
    commitAll(write(run, MetricBatch.EMPTY, List.of(new Param("p", "")), List.of()));
    commitAll(write(run, MetricBatch.EMPTY, List.of(new Param("p", "")), List.of()));
    assertThat(
            commit(write(run, MetricBatch.EMPTY, List.of(new Param("p", "x")), List.of()))
                .refusals()
                .get(0))
        .containsInstanceOf(ParamConflictException.class);
  }

  @Test
  void commit_tags_lastWinsAndTheNameFollows() {
    RunId run = newRun();
    commitAll(
        write(run, MetricBatch.EMPTY, List.of(), List.of(new Tag("t", "1"))),
        write(
            run,
            MetricBatch.EMPTY,
            List.of(),
            List.of(new Tag("t", "2"), new Tag(Tag.RUN_NAME, "other"))));

    Run read = runs.get(run, RunProjection.ALL);
    assertThat(read.tags()).containsExactly(new Tag(Tag.RUN_NAME, "other"), new Tag("t", "2"));
    assertThat(read.info().name()).isEqualTo("other");
  }

  @Test
  void concurrentWritersOfOneParam_oneValueWins() throws Exception {
    RunId run = newRun();
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<Boolean>> outcomes = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String value = "v" + i;
      long own = metrics.openLog(NOW);
      outcomes.add(
          threads.submit(
              () ->
                  metrics
                      .commit(
                          own,
                          1,
                          List.of(
                              write(
                                  run,
                                  batch("m" + value, point(1, 1)),
                                  List.of(new Param("p", value)),
                                  List.of())),
                          NOW)
                      .refusals()
                      .get(0)
                      .isEmpty()));
    }
    int winners = 0;
    for (Future<Boolean> outcome : outcomes) {
      winners += outcome.get() ? 1 : 0;
    }
    threads.shutdown();
    assertThat(winners).isEqualTo(1);
    assertThat(runs.get(run, RunProjection.ALL).params()).hasSize(1);
    assertThat(latest(run)).hasSize(1);
  }

  @Test
  void writer_olderEpoch_isFenced() {
    RunId run = newRun();
    WriterPosition first = metrics.openWriter(run, "w");
    assertThat(first).isEqualTo(new WriterPosition(1, 0));
    commitAll(streamed(run, first, "w", 1, point(1, 1)), streamed(run, first, "w", 2, point(2, 2)));
    WriterPosition second = metrics.openWriter(run, "w");
    assertThat(second).isEqualTo(new WriterPosition(2, 2));

    List<Optional<ServiceException>> refusals =
        commit(
                streamed(run, first, "w", 3, point(9, 9)),
                streamed(run, second, "w", 3, point(3, 3)),
                streamed(run, second, "w", 5, point(5, 5)))
            .refusals();

    assertThat(refusals.get(0)).containsInstanceOf(WriterFencedException.class);
    assertThat(refusals.get(1)).isEmpty();
    assertThat(refusals.get(2)).containsInstanceOf(SequenceGapException.class);
    assertThat(history(run, "m")).containsExactly(point(1, 1), point(2, 2), point(3, 3));
    assertThat(metrics.openWriter(run, "other")).isEqualTo(new WriterPosition(1, 0));
  }

  @Test
  void writer_batchThatIsDurable_isAnsweredAndNotWrittenAgain() {
    RunId run = newRun();
    WriterPosition position = metrics.openWriter(run, "w");
    commitAll(
        streamed(run, position, "w", 1, point(1, 1)), streamed(run, position, "w", 2, point(2, 2)));

    CommitResult again =
        commit(
            streamed(run, position, "w", 1, point(7, 7)),
            streamed(run, position, "w", 2, point(8, 8)),
            streamed(run, position, "w", 3, point(3, 3)));

    assertThat(again.refusals()).allMatch(Optional::isEmpty);
    assertThat(history(run, "m")).containsExactly(point(1, 1), point(2, 2), point(3, 3));
    runs.delete(run, NOW);
    assertThat(commit(streamed(run, position, "w", 3, point(9, 9))).refusals().get(0)).isEmpty();
  }

  @Test
  void openWriter_deletedOrAbsentRun_isRefused() {
    RunId run = newRun();
    runs.delete(run, NOW);
    assertThatThrownBy(() -> metrics.openWriter(run, "w"))
        .isInstanceOf(RunNotActiveException.class);
    assertThatThrownBy(() -> metrics.openWriter(RunId.create(NOW), "w"))
        .isInstanceOf(RunNotFoundException.class);
  }

  @Test
  void create_sameRequestIdAtOnce_createsOnce() throws Exception {
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<ExperimentId>> created = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      created.add(
          threads.submit(
              () ->
                  experiments
                      .create(
                          new NewExperiment(Optional.of("r-1"), "e", Optional.empty(), List.of()),
                          NOW)
                      .id()));
    }
    Set<ExperimentId> ids = new HashSet<>();
    for (Future<ExperimentId> one : created) {
      ids.add(one.get());
    }
    threads.shutdown();
    assertThat(ids).hasSize(1);
  }

  private List<String> search(String filter, String... order) {
    metrics.foldOthers(-1);
    return runs
        .search(query(filter, order), PageRequest.of(0, "", 1000, 1000, "q", new Violations()))
        .items()
        .stream()
        .map(run -> run.info().name())
        .toList();
  }

  private RunQuery query(String filter, String... order) {
    return new RunQuery(
        Set.of(ExperimentId.DEFAULT),
        parser.filter(filter),
        Arrays.stream(order).map(parser::orderBy).toList(),
        ViewType.ACTIVE_ONLY,
        RunProjection.ALL);
  }

  private void searchable() {
    RunId a = newRun("a");
    RunId b = newRun("b");
    newRun("c");
    RunId d = newRun("d");
    commitAll(
        write(
            a,
            batch("acc", point(1, 0.5)),
            List.of(new Param("lr", "0.1"), new Param("opt", "adam")),
            List.of(new Tag("team", "x"))),
        write(
            b,
            batch("acc", point(1, 0.9), point(2, 0.8)),
            List.of(new Param("lr", "0.01"), new Param("opt", "sgd_1")),
            List.of(new Tag("team", "Y"))),
        write(d, batch("acc", point(1, Double.NaN)), List.of(new Param("lr", "n/a")), List.of()));
  }

  @Test
  void search_clauses_matchWhatTheySay() {
    searchable();
    assertThat(search("")).containsExactly("d", "c", "b", "a");
    assertThat(search("metrics.acc > 0.7")).containsExactly("b");
    assertThat(search("metrics.acc >= 0.5")).containsExactly("b", "a");
    assertThat(search("metrics.acc < 0.85 and params.lr = '0.01'")).containsExactly("b");
    assertThat(search("metrics.acc != 0.5")).containsExactly("d", "b");
    assertThat(search("metrics.nothing != 0.5")).isEmpty();
    assertThat(search("params.lr < 0.05")).containsExactly("b");
    assertThat(search("params.lr != 0.1")).containsExactly("b");
    assertThat(search("params.lr != '0.1'")).containsExactly("d", "b");
    assertThat(search("params.opt LIKE 'sgd_1'")).containsExactly("b");
    assertThat(search("params.opt LIKE 'SGD%'")).isEmpty();
    assertThat(search("params.opt ILIKE 'SGD%'")).containsExactly("b");
    assertThat(search("params.opt LIKE '%\\%'")).isEmpty();
    assertThat(search("tags.team IN ('x', 'Y')")).containsExactly("b", "a");
    assertThat(search("tags.team NOT IN ('x')")).containsExactly("b");
    assertThat(search("tags.team IS NULL")).containsExactly("d", "c");
    assertThat(search("params.opt IS NOT NULL")).containsExactly("b", "a");
    assertThat(search("not metrics.acc > 0.7")).containsExactly("d", "c", "a");
    assertThat(search("run_name = 'a' or (tags.team = 'Y' and not params.lr = '1')"))
        .containsExactly("b", "a");
    assertThat(search("status = 'RUNNING' and run_name LIKE '_'")).hasSize(4);
    assertThat(search("status IN ('FAILED')")).isEmpty();
    assertThat(search("end_time > 0")).isEmpty();
    assertThat(search("not end_time > 0")).hasSize(4);
    assertThat(search("start_time > " + NOW.toEpochMilli())).containsExactly("d", "c", "b");
    assertThat(search("run_id = 'zzz'")).isEmpty();
    assertThat(search("run_id != 'zzz'")).hasSize(4);
    assertThat(search("run_id LIKE '%'")).hasSize(4);
    assertThat(search("run_id LIKE '%-%'")).isEmpty();
    assertThat(search("artifact_uri ILIKE 'MLFLOW-artifacts:/0/%'")).hasSize(4);
    assertThat(search("params.lr = \"' OR 1=1 --\"")).isEmpty();
  }

  @Test
  void search_order_putsNanAfterNumbersAndMissingLast() {
    searchable();
    assertThat(search("", "metrics.acc")).containsExactly("a", "b", "d", "c");
    assertThat(search("", "metrics.acc DESC")).containsExactly("b", "a", "d", "c");
    assertThat(search("", "params.lr")).containsExactly("b", "a", "d", "c");
    assertThat(search("", "params.lr DESC")).containsExactly("d", "a", "b", "c");
    assertThat(search("", "tags.team")).containsExactly("b", "a", "d", "c");
    assertThat(search("", "run_name DESC")).containsExactly("d", "c", "b", "a");
    assertThat(search("", "start_time")).containsExactly("a", "b", "c", "d");
    assertThat(search("", "end_time DESC", "status", "run_id")).hasSize(4);
  }

  @Test
  void search_orderByEndTime_putsRunningRunsLast() {
    RunId a = newRun("a");
    newRun("b");
    RunId c = newRun("c");
    end(a, NOW.plusSeconds(60));
    end(c, NOW.plusSeconds(30));
    assertThat(search("", "end_time")).containsExactly("c", "a", "b");
    assertThat(search("", "end_time DESC")).containsExactly("a", "c", "b");
    assertThat(search("end_time > " + NOW.plusSeconds(40).toEpochMilli())).containsExactly("a");
  }

  private void end(RunId run, Instant time) {
    RunUpdate update =
        new RunUpdate(
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.empty(),
            Optional.of(Optional.of(time)));
    assertThat(runs.update(run, update, NOW).endTime()).contains(time);
  }

  @Test
  void search_pages_surviveInsertsAndCoverEverythingOnce() {
    Random random = new Random(5);
    for (int i = 0; i < 60; i++) {
      RunId run = newRun("r" + i);
      if (random.nextInt(3) > 0) {
        double value = random.nextInt(4) == 0 ? Double.NaN : random.nextInt(5);
        commitAll(
            write(
                run,
                batch("m", point(1, value)),
                List.of(new Param("p", "v" + random.nextInt(3))),
                List.of()));
      }
    }
    metrics.foldOthers(-1);
    for (String[] order :
        new String[][] {{}, {"metrics.m DESC"}, {"params.p", "metrics.m"}, {"run_name DESC"}}) {
      List<String> whole = search("", order);
      List<String> paged = new ArrayList<>();
      List<RunId> come = new ArrayList<>();
      List<RunId> gone = new ArrayList<>();
      String token = "";
      do {
        Violations violations = new Violations();
        PageRequest page = PageRequest.of(7, token, 10, 10, "f", violations);
        violations.throwIfAny();
        Page<Run> runsPage = runs.search(query("", order), page);
        runsPage.items().forEach(run -> paged.add(run.info().name()));
        token = runsPage.nextPageToken();
        // Whatever comes and goes, those that stay are seen once; a place before the last one seen
        // is over, and one that was seen may go.
        come.add(newRun("new"));
        runs.delete(runsPage.items().get(0).info().id(), NOW);
        gone.add(runsPage.items().get(0).info().id());
      } while (!token.isEmpty());
      assertThat(paged).filteredOn(name -> !name.equals("new")).isEqualTo(whole).hasSize(60);
      come.forEach(run -> runs.delete(run, NOW));
      gone.stream().filter(run -> !come.contains(run)).forEach(runs::restore);
    }
  }

  @Test
  void search_projection_bringsOnlyWhatIsAskedFor() {
    searchable();
    metrics.foldOthers(-1);
    RunQuery query =
        new RunQuery(
            Set.of(ExperimentId.DEFAULT),
            parser.filter("run_name = 'a'"),
            List.of(),
            ViewType.ALL,
            new RunProjection(
                KeySelection.NONE, KeySelection.of(Set.of("lr", "none")), KeySelection.ALL));
    Run run =
        runs.search(query, PageRequest.of(0, "", 10, 10, "q", new Violations())).items().get(0);
    assertThat(run.metrics()).isEmpty();
    assertThat(run.params()).containsExactly(new Param("lr", "0.1"));
    assertThat(run.tags()).hasSize(2);
  }

  @Test
  void search_showsPointsThatAreNotFoldedYet() {
    RunId a = newRun("a");
    RunId b = newRun("b");
    commitAll(points(a, "m", point(1, 1)), points(b, "m", point(1, 1)));
    metrics.foldOthers(-1);
    commitAll(points(a, "m", point(2, 2)), points(a, "Z", point(1, 3)));
    List<Run> found = page("").items();

    assertThat(found.get(1).metrics())
        .containsExactly(new LatestMetric("Z", point(1, 3)), new LatestMetric("m", point(2, 2)));
    assertThat(found.get(0).metrics()).containsExactly(new LatestMetric("m", point(1, 1)));
    RunQuery listed =
        new RunQuery(
            Set.of(ExperimentId.DEFAULT),
            Optional.empty(),
            List.of(),
            ViewType.ALL,
            new RunProjection(KeySelection.of(Set.of("m")), KeySelection.NONE, KeySelection.NONE));
    assertThat(
            runs.search(listed, PageRequest.of(0, "", 10, 10, "q", new Violations()))
                .items()
                .get(1)
                .metrics())
        .containsExactly(new LatestMetric("m", point(2, 2)));
  }

  private Page<Run> page(String filter) {
    return runs.search(query(filter), PageRequest.of(0, "", 1000, 1000, "q", new Violations()));
  }

  @Test
  void keys_comeInOneOrderWhateverTheDatabase() {
    RunId run = newRun();
    List<String> keys = List.of("B", "a", "_x", "A", "b");
    List<String> sorted = List.of("A", "B", "_x", "a", "b");
    commitAll(
        write(
            run,
            MetricBatch.EMPTY,
            keys.stream().map(key -> new Param(key, "1")).toList(),
            keys.stream().map(key -> new Tag(key, "1")).toList()));
    keys.forEach(key -> commitAll(points(run, key, point(1, 1))));
    metrics.foldOthers(-1);
    for (Run read : List.of(runs.get(run, RunProjection.ALL), page("").items().get(0))) {
      assertThat(read.params()).extracting(Param::key).isEqualTo(sorted);
      assertThat(read.metrics()).extracting(LatestMetric::key).isEqualTo(sorted);
      assertThat(read.tags())
          .extracting(Tag::key)
          .containsExactly("A", "B", "_x", "a", "b", Tag.RUN_NAME);
    }
    ExperimentId id =
        experiments
            .create(
                new NewExperiment(
                    Optional.empty(),
                    "e",
                    Optional.empty(),
                    keys.stream().map(key -> new Tag(key, "1")).toList()),
                NOW)
            .id();
    assertThat(experiments.get(id).tags()).extracting(Tag::key).isEqualTo(sorted);
  }

  @Test
  void searchExperiments_largeTags_cutsThePageShortAndLosesNothing() {
    for (int i = 0; i < 30; i++) {
      experiments.create(
          new NewExperiment(
              Optional.empty(),
              "big" + i,
              Optional.empty(),
              IntStream.range(0, 10).mapToObj(t -> new Tag("t" + t, "x".repeat(5000))).toList()),
          NOW);
    }
    List<String> names = new ArrayList<>();
    int pages = 0;
    String token = "";
    do {
      Page<Experiment> page =
          experiments.search(
              new ExperimentQuery(Optional.empty(), List.of(), ViewType.ALL),
              PageRequest.of(0, token, 1000, 1000, "q", new Violations()));
      page.items().forEach(experiment -> names.add(experiment.name()));
      assertThat(page.items()).allMatch(e -> e.tags().size() == 10 || e.tags().isEmpty());
      token = page.nextPageToken();
      pages++;
    } while (!token.isEmpty());
    assertThat(names).hasSize(31).doesNotHaveDuplicates();
    assertThat(pages).isBetween(2, 5);
  }

  @Test
  void search_largeRuns_cutsThePageShort() {
    for (int i = 0; i < 30; i++) {
      RunId run = newRun("big" + i);
      commitAll(
          write(
              run,
              MetricBatch.EMPTY,
              IntStream.range(0, 10).mapToObj(p -> new Param("p" + p, "x".repeat(6000))).toList(),
              List.of()));
    }
    Page<Run> page =
        runs.search(query(""), PageRequest.of(0, "", 1000, 1000, "q", new Violations()));
    assertThat(page.items()).hasSizeBetween(5, 29);
    assertThat(page.nextPageToken()).isNotEmpty();
  }

  @Test
  void deletedExperiment_takesItsRunsAlongAndBack() {
    ExperimentId id =
        experiments
            .create(new NewExperiment(Optional.empty(), "e", Optional.empty(), List.of()), NOW)
            .id();
    RunId run = RunId.create(NOW);
    runs.create(new NewRun(Optional.empty(), run, id, "n", "u", NOW, List.of()), NOW);
    experiments.delete(id, NOW);
    assertThat(runs.getInfo(run).active()).isFalse();
    assertThat(commit(points(run, "m", point(1, 1))).refusals().get(0))
        .containsInstanceOf(RunNotActiveException.class);
    experiments.restore(id, NOW);
    assertThat(runs.getInfo(run).active()).isTrue();
  }

  @Test
  void deleteAndRestoreOfAnExperiment_lockItsRunsBeforeItsRevision() throws Exception {
    RunId run = newRun();

    assertLocksRunsFirst(run, () -> experiments.delete(ExperimentId.DEFAULT, NOW));
    assertLocksRunsFirst(run, () -> experiments.restore(ExperimentId.DEFAULT, NOW));
  }

  /** Asserts that a change which waits for a run keeps nobody from the experiment's revision. */
  private void assertLocksRunsFirst(RunId run, Runnable change) throws Exception {
    CompletableFuture<Void> changed =
        database.write(
            handle -> {
              handle.attach(RunDao.class).lock(run.uuid());
              CompletableFuture<Void> begun = CompletableFuture.runAsync(change);
              while (!isLocked("experiment")) {
                assertThat(begun).isNotDone();
              }
              // For what would be locked between the experiment and the run.
              pause();
              assertThat(isLocked("experiment_revision")).isFalse();
              return begun;
            });
    changed.get(30, TimeUnit.SECONDS);
  }

  /** Returns whether another thread's transaction holds the default experiment's row. */
  private boolean isLocked(String table) {
    String sql =
        "SELECT experiment_id FROM " + table + " WHERE experiment_id = 0 FOR UPDATE SKIP LOCKED";
    return CompletableFuture.supplyAsync(
            () ->
                database.write(
                    handle -> handle.createQuery(sql).mapTo(Long.class).findOne().isEmpty()))
        .join();
  }

  private static void pause() {
    try {
      Thread.sleep(300);
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
