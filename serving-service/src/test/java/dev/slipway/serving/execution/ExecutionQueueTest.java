package dev.slipway.serving.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorBuffers;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExecutionQueueTest {
  private static final int SLOTS = 4;

  private final ExecutorService threads = Executors.newFixedThreadPool(SLOTS);
  private final ModelStatistics statistics = new ModelStatistics();

  @AfterEach
  void stop() {
    threads.shutdownNow();
  }

  private ExecutionQueue queue(
      QueueLimits limits, boolean joins, UnaryOperator<Tensor> model, Executor executor) {
    // Calls that are known to be long do not run on the caller's thread.
    statistics.observeCall(TimeUnit.MILLISECONDS.toNanos(10));
    BatchRunner runner =
        new BatchRunner(
            "m/1",
            new SinglePredictor(joins, model),
            new TensorBuffers(0),
            statistics,
            Clock.systemUTC());
    return new ExecutionQueue("m/1", limits, runner, statistics, executor);
  }

  private static List<Outcome> offer(ExecutionQueue queue, int requests) {
    List<Outcome> outcomes = new ArrayList<>();
    for (int i = 0; i < requests; i++) {
      Outcome outcome = new Outcome();
      queue.offer(outcome.request(Tensor.ofFloats("x", Shape.of(1), i), "y"));
      outcomes.add(outcome);
    }
    return outcomes;
  }

  @Test
  void freeSlots_allRunBesideEachOther() throws Exception {
    CountDownLatch begun = new CountDownLatch(SLOTS);
    CountDownLatch goOn = new CountDownLatch(1);
    ExecutionQueue queue =
        queue(
            new QueueLimits(1000, SLOTS, 64),
            false,
            x -> {
              begun.countDown();
              try {
                goOn.await(10, TimeUnit.SECONDS);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              return x;
            },
            threads);

    List<Outcome> outcomes = offer(queue, 3 * SLOTS);

    assertThat(begun.await(10, TimeUnit.SECONDS)).isTrue();
    goOn.countDown();
    for (Outcome outcome : outcomes) {
      assertThat(outcome.get().outputs()).hasSize(1);
    }
  }

  @Test
  void slotsKeepRunningBesideEachOther_whileRequestsWait() throws Exception {
    AtomicInteger running = new AtomicInteger();
    AtomicInteger most = new AtomicInteger();
    ExecutionQueue queue =
        queue(
            new QueueLimits(1000, SLOTS, 64),
            false,
            x -> {
              most.accumulateAndGet(running.incrementAndGet(), Math::max);
              try {
                TimeUnit.MILLISECONDS.sleep(5);
              } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
              }
              running.decrementAndGet();
              return x;
            },
            threads);

    for (Outcome outcome : offer(queue, 10 * SLOTS)) {
      assertThat(outcome.get().outputs()).hasSize(1);
    }

    assertThat(most).hasValue(SLOTS);
  }

  @Test
  void noRoom_countsOnlyWhatNoSlotWasClaimedFor() {
    List<Runnable> turns = new ArrayList<>();
    ExecutionQueue queue = queue(new QueueLimits(1, 2, 64), false, x -> x, turns::add);

    List<Outcome> outcomes = offer(queue, 3);

    assertThatThrownBy(() -> offer(queue, 1)).isInstanceOf(QueueFullException.class);
    assertThat(turns).hasSize(2);
    for (int i = 0; i < turns.size(); i++) {
      turns.get(i).run();
    }
    assertThat(outcomes).allMatch(Outcome::isTold);
    assertThat(queue.queued()).isZero();
    assertThat(queue.running()).isZero();
  }

  @Test
  void slotWhoseRequestWasJoinedToAnothers_isGivenBack() throws Exception {
    List<Runnable> turns = new ArrayList<>();
    ExecutionQueue queue = queue(new QueueLimits(1, 2, 64), true, x -> x, turns::add);
    List<Outcome> outcomes = offer(queue, 2);

    turns.forEach(Runnable::run);

    assertThat(outcomes.get(1).get().batchRows()).isEqualTo(2);
    assertThat(queue.running()).isZero();
    assertThat(offer(queue, 3)).hasSize(3);
  }
}
