package dev.slipway.runtime.database;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.Test;

class SharedFlushTest {
  @Test
  void await_isCoveredOnlyByAFlushThatBeganAfterIt() throws Exception {
    AtomicLong commits = new AtomicLong();
    AtomicLong flushedUpTo = new AtomicLong();
    SharedFlush sync =
        new SharedFlush(
            () -> {
              long seen = commits.get();
              flushedUpTo.accumulateAndGet(seen, Math::max);
            });
    ExecutorService threads = Executors.newFixedThreadPool(8);
    List<Future<Boolean>> results = new ArrayList<>();
    for (int t = 0; t < 8; t++) {
      results.add(
          threads.submit(
              () -> {
                boolean covered = true;
                for (int i = 0; i < 5_000; i++) {
                  long mine = commits.incrementAndGet();
                  sync.await();
                  covered &= flushedUpTo.get() >= mine;
                }
                return covered;
              }));
    }

    for (Future<Boolean> result : results) {
      assertThat(result.get(60, TimeUnit.SECONDS)).isTrue();
    }
    threads.shutdown();
  }

  @Test
  void await_manyWaitersDuringOneFlush_shareTheNext() throws Exception {
    CountDownLatch firstRuns = new CountDownLatch(1);
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger flushes = new AtomicInteger();
    SharedFlush sync =
        new SharedFlush(
            () -> {
              if (flushes.incrementAndGet() == 1) {
                firstRuns.countDown();
                awaitQuietly(release);
              }
            });
    Thread first = new Thread(sync::await);
    first.start();
    firstRuns.await();
    List<Thread> waiters = new ArrayList<>();
    for (int i = 0; i < 20; i++) {
      Thread waiter = new Thread(sync::await);
      waiter.start();
      waiters.add(waiter);
    }
    while (waiters.stream().anyMatch(w -> w.getState() != Thread.State.WAITING)) {
      Thread.onSpinWait();
    }

    release.countDown();
    first.join();
    for (Thread waiter : waiters) {
      waiter.join();
    }

    assertThat(flushes).hasValue(2);
  }

  @Test
  void await_flushFails_throwsAndTheNextTriesAgain() {
    AtomicInteger flushes = new AtomicInteger();
    SharedFlush sync =
        new SharedFlush(
            () -> {
              if (flushes.incrementAndGet() == 1) {
                throw new IllegalStateException("disk full");
              }
            });

    assertThatThrownBy(sync::await).hasMessage("disk full");
    sync.await();

    assertThat(flushes).hasValue(2);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
  }
}
