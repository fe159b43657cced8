package dev.slipway.tracking.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.ExperimentStore;
import dev.slipway.tracking.store.FeedStore;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.store.RunWrite;
import dev.slipway.tracking.watch.ChangeLog;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class WatchFeedTest {
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir private Path folder;

  private Database database;
  private RunStore runs;
  private MetricStore metrics;
  private WatchFeed feed;

  @BeforeEach
  void start() {
    database =
        Database.open(
            TestDatabases.h2(folder), "tracking", "db/migration/tracking", new MetricRegistry());
    new ExperimentStore(database, "a:/").ensureDefault(NOW);
    runs = new RunStore(database);
    metrics = new MetricStore(database);
    feed = new WatchFeed(new FeedStore(database));
    feed.start();
  }

  @AfterEach
  void stop() {
    feed.close();
    database.close();
  }

  private RunId newRun() {
    RunId id = RunId.create(NOW);
    runs.create(
        new NewRun(Optional.empty(), id, ExperimentId.DEFAULT, "run", "", NOW, List.of()), NOW);
    return id;
  }

  /** Counts down as what is watched is there, and then as it changes. */
  private record Latches(CountDownLatch joining, CountDownLatch changing)
      implements WatchFeed.Watcher {
    @Override
    public void joined() {
      joining.countDown();
    }

    @Override
    public void changed() {
      changing.countDown();
    }

    @Override
    public void gone(RuntimeException reason) {}
  }

  private static void await(CountDownLatch latch) throws InterruptedException {
    assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
  }

  @Test
  void errorInACallback_endsNeitherTheRoundNorTheFeed() throws Exception {
    RunId run = newRun();
    CountDownLatch joined = new CountDownLatch(1);
    CountDownLatch changed = new CountDownLatch(1);
    try (WatchFeed.Subscription subscription =
        feed.watch(run, false, Duration.ofMillis(50), new Latches(joined, changed))) {
      await(joined);
      CountDownLatch called = new CountDownLatch(2);
      subscription.afterNextRound(
          () -> {
            called.countDown();
            throw new AssertionError("test");
          });
      subscription.afterNextRound(called::countDown);
      await(called);
      runs.delete(run, NOW);
      await(changed);
    }
  }

  @Test
  void watcherThatFails_endsAlone_andTheFeedGoesOn() throws Exception {
    CountDownLatch gone = new CountDownLatch(1);
    RunId run = newRun();
    CountDownLatch joined = new CountDownLatch(1);
    CountDownLatch changed = new CountDownLatch(1);
    WatchFeed.Watcher failing =
        new WatchFeed.Watcher() {
          @Override
          public void joined() {
            throw new AssertionError("test");
          }

          @Override
          public void changed() {}

          @Override
          public void gone(RuntimeException reason) {
            gone.countDown();
          }
        };
    WatchFeed.Subscription first = feed.watch(newRun(), false, Duration.ofMillis(50), failing);
    WatchFeed.Subscription second =
        feed.watch(run, false, Duration.ofMillis(50), new Latches(joined, changed));
    await(gone);
    await(joined);
    runs.delete(run, NOW);
    await(changed);
    assertThat(feed.watched()).isEqualTo(2);
    first.close();
    second.close();
    assertThat(feed.watched()).isZero();
  }

  @Test
  void roundWithMoreThanFits_losesNoChangeSilently() throws Exception {
    List<RunId> watched = IntStream.range(0, 101).mapToObj(i -> newRun()).toList();
    CountDownLatch joined = new CountDownLatch(watched.size());
    CountDownLatch changed = new CountDownLatch(watched.size());
    List<ChangeLog> logs = new ArrayList<>();
    List<WatchFeed.Subscription> subscriptions =
        watched.stream()
            .map(run -> feed.watch(run, false, Duration.ofMillis(50), new Latches(joined, changed)))
            .toList();
    await(joined);
    subscriptions.forEach(subscription -> logs.add(subscription.log()));
    List<Long> before = logs.stream().map(log -> log.mark().tick()).toList();

    List<Param> params =
        IntStream.range(0, 20).mapToObj(i -> new Param("p" + i, "x".repeat(6_000))).toList();
    metrics.commit(
        metrics.openLog(NOW),
        1,
        watched.stream()
            .map(run -> new RunWrite(run, Optional.empty(), MetricBatch.EMPTY, params, List.of()))
            .toList(),
        NOW);

    await(changed);
    for (int i = 0; i < logs.size(); i++) {
      // Who finds nothing in the log is told to look elsewhere.
      assertThat(logs.get(i).since(before.get(i)))
          .satisfiesAnyOf(
              changes -> assertThat(changes).isEmpty(),
              changes ->
                  assertThat(changes.orElseThrow().runs().get(0).params())
                      .containsExactlyInAnyOrderElementsOf(params));
    }
    subscriptions.forEach(WatchFeed.Subscription::close);
  }
}
