package dev.slipway.serving.execution;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

class EngineThreadsTest {
  /** Moved by the turns themselves, so that nothing depends on how fast the machine is. */
  private long now;

  private final Deque<Runnable> threads = new ArrayDeque<>();
  private final List<String> order = new ArrayList<>();

  private void fill(Executor lane, String name, int turns, long nanos) {
    for (int i = 0; i < turns; i++) {
      lane.execute(
          () -> {
            now += nanos;
            order.add(name);
          });
    }
  }

  private long before(String name, int turns, String other) {
    int seen = 0;
    long others = 0;
    for (String turn : order) {
      seen += turn.equals(name) ? 1 : 0;
      if (seen == turns) {
        return others;
      }
      others += turn.equals(other) ? 1 : 0;
    }
    throw new AssertionError(name + " did not have " + turns + " turns");
  }

  @Test
  void versionWithLongCallsAndMuchWaiting_takesNoMoreTimeThanOneWithShortCalls() {
    EngineThreads engine = new EngineThreads(threads::add, 1, () -> now);
    fill(engine.lane(), "long", 1_000, 1_000_000);
    fill(engine.lane(), "short", 100, 10_000);

    threads.poll().run();

    // A hundred short calls are as long as one long one; the first ones are charged when they end.
    assertThat(before("short", 100, "long")).isBetween(1L, 4L);
    assertThat(order).hasSize(1_100);
  }

  @Test
  void equalCalls_takeTurns() {
    EngineThreads engine = new EngineThreads(threads::add, 1, () -> now);
    fill(engine.lane(), "a", 500, 1_000);
    fill(engine.lane(), "b", 10, 1_000);

    threads.poll().run();

    assertThat(before("b", 10, "a")).isBetween(9L, 13L);
  }

  @Test
  void versionThatWasIdle_hasNoClaimToThatTime() {
    EngineThreads engine = new EngineThreads(threads::add, 1, () -> now);
    Executor idle = engine.lane();
    Executor busy = engine.lane();
    fill(busy, "busy", 1_000, 1_000);
    threads.poll().run();
    order.clear();

    fill(idle, "idle", 1_000, 1_000);
    fill(busy, "busy", 10, 1_000);
    threads.poll().run();

    assertThat(before("busy", 10, "idle")).isBetween(8L, 13L);
  }

  @Test
  void versionWhoseCallsHang_leavesHalfOfTheThreadsToOthers() throws Exception {
    ExecutorService pool = Executors.newFixedThreadPool(4);
    try {
      EngineThreads engine = new EngineThreads(pool, 4);
      CountDownLatch goOn = new CountDownLatch(1);
      CountDownLatch half = new CountDownLatch(2);
      AtomicInteger hanging = new AtomicInteger();
      Executor hung = engine.lane();
      for (int i = 0; i < 10; i++) {
        hung.execute(
            () -> {
              hanging.incrementAndGet();
              half.countDown();
              try {
                goOn.await();
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
            });
      }
      CountDownLatch others = new CountDownLatch(20);
      Executor other = engine.lane();
      for (int i = 0; i < 20; i++) {
        other.execute(others::countDown);
      }

      assertThat(others.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(half.await(60, TimeUnit.SECONDS)).isTrue();
      assertThat(hanging).hasValue(2);
      goOn.countDown();
      pool.shutdown();
      assertThat(pool.awaitTermination(60, TimeUnit.SECONDS)).isTrue();
      assertThat(hanging).hasValue(10);
    } finally {
      pool.shutdownNow();
    }
  }
}
