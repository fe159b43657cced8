package dev.slipway.tracking.service;

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
import org.junit.jupiter.api.Test;

class ListCallsTest {
  @Test
  void manyAtOnce_leaveConnectionsToTheCommitter() throws Exception {
    ListCalls lists = new ListCalls(8);
    ExecutorService threads = Executors.newFixedThreadPool(8);
    CountDownLatch twoRun = new CountDownLatch(2);
    CountDownLatch release = new CountDownLatch(1);
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    List<Future<Integer>> answers = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      int answer = i;
      answers.add(
          threads.submit(
              () ->
                  lists.call(
                      () -> {
                        most.accumulateAndGet(running.incrementAndGet(), Math::max);
                        twoRun.countDown();
                        await(release);
                        running.decrementAndGet();
                        return answer;
                      })));
    }
    await(twoRun);
    release.countDown();
    for (int i = 0; i < 8; i++) {
      assertThat(answers.get(i).get(30, TimeUnit.SECONDS)).isEqualTo(i);
    }
    threads.shutdown();
    assertThat(most).hasValue(2);
  }

  @Test
  void failure_givesThePlaceBack() {
    ListCalls lists = new ListCalls(2);
    assertThatThrownBy(
            () ->
                lists.call(
                    () -> {
                      throw new IllegalStateException("planned");
                    }))
        .hasMessage("planned");
    assertThat(lists.call(() -> 1)).isEqualTo(1);
  }

  private static void await(CountDownLatch latch) {
    try {
      assertThat(latch.await(30, TimeUnit.SECONDS)).isTrue();
    } catch (InterruptedException e) {
      throw new AssertionError(e);
    }
  }
}
