package dev.slipway.serving.execution;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorBuffers;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BrokenBarrierException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class ExecutionQueueTest {
  private static final int SLOTS = 4;
  private static final int CALLERS_THREADS = 2;

  private final ExecutorService threads = Executors.newFixedThreadPool(SLOTS);
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Semaphore callersThreads = new Semaphore(CALLERS_THREADS);
  private final ModelStatistics statistics = new ModelStatistics();

  @AfterEach
  void stop() {
    threads.shutdownNow();
    timer.shutdownNow();
  }

  private ExecutionQueue queue(
      QueueLimits limits, boolean joins, UnaryOperator<Tensor> model, Executor executor) {
    // Calls that are known to be long do not run on the caller's thread.
    statistics.observeCall(1, TimeUnit.MILLISECONDS.toNanos(10));
    BatchRunner runner =
        new BatchRunner(
            "m/1",
            new SinglePredictor(joins, model),
            new TensorBuffers(0),
            statistics,
            Clock.systemUTC());
    return new ExecutionQueue(
        "m/1", () -> limits, runner, statistics, executor, callersThreads, timer);
  }

  /** Returns a queue whose calls are known to be short. */
  private ExecutionQueue shortCalls(UnaryOperator<Tensor> model, Executor executor) {
    ModelStatistics quick = new ModelStatistics();
    for (int i = 0; i < 1000; i++) {
      // So many that no pause of the machine makes them look long.
      quick.observeCall(1, 1_000);
    }
    return new ExecutionQueue(
        "m/1",
        () -> new QueueLimits(1000, SLOTS, 64),
        new BatchRunner(
            "m/1",
            new SinglePredictor(false, model),
            new TensorBuffers(0),
            quick,
            Clock.systemUTC()),
        quick,
        executor,
        callersThreads,
        timer);
  }

  /** Waits like native code: without heed of interrupts. */
  private static void hang(CountDownLatch goOn) {
    while (goOn.getCount() > 0) {
      try {
        boolean unused = goOn.await(1, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        // Goes on.
      }
    }
  }

  @Test
  void versionWhoseCallHangsOnItsCallersThread_borrowsNoOtherUntilItEnds() throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    List<Runnable> turns = new ArrayList<>();
    ExecutionQueue queue =
        shortCalls(
            x -> {
              if (x.toFloats()[0] == 13) {
                begun.countDown();
                hang(goOn);
              }
              return x;
            },
            turns::add);
    Outcome hanging = new Outcome();
    threads.execute(() -> queue.offer(hanging.request(Tensor.ofFloats("x", Shape.of(1), 13), "y")));
    assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

    // What comes within a moment does not know yet.
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (turns.isEmpty() && System.nanoTime() - end < 0) {
      offer(queue, 1);
    }
    assertThat(turns).hasSize(1);
    offer(queue, 1);
    assertThat(turns).hasSize(2);

    goOn.countDown();
    assertThat(hanging.get().outputs()).hasSize(1);
    runAll(turns);
    callersThreads.acquire(CALLERS_THREADS);
    callersThreads.release(CALLERS_THREADS);
    Outcome after = offer(queue, 1).get(0);
    assertThat(after.isTold()).isTrue();
    assertThat(turns).isEmpty();
  }

  @Test
  void callersThreads_areBorrowedByAllVersionsTogetherAndGivenBack() throws Exception {
    CountDownLatch begun = new CountDownLatch(CALLERS_THREADS);
    CountDownLatch goOn = new CountDownLatch(1);
    List<Runnable> turns = new ArrayList<>();
    ExecutionQueue other = shortCalls(x -> x, turns::add);
    for (int i = 0; i < CALLERS_THREADS; i++) {
      ExecutionQueue hangs =
          shortCalls(
              x -> {
                begun.countDown();
                hang(goOn);
                return x;
              },
              threads);
      threads.execute(() -> offer(hangs, 1));
    }
    assertThat(begun.await(60, TimeUnit.SECONDS)).isTrue();

    Outcome handedOver = offer(other, 1).get(0);

    assertThat(handedOver.isTold()).isFalse();
    runAll(turns);
    assertThat(handedOver.isTold()).isTrue();
    goOn.countDown();
    callersThreads.acquire(CALLERS_THREADS);
    callersThreads.release(CALLERS_THREADS);
    assertThat(offer(other, 1)).allMatch(Outcome::isTold);
    assertThat(turns).isEmpty();
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
    CyclicBarrier allSlots = new CyclicBarrier(SLOTS);
    ExecutionQueue queue =
        queue(
            new QueueLimits(1000, SLOTS, 64),
            false,
            x -> {
              try {
                // Each call goes on only when as many run as there are slots.
                int unused = allSlots.await(30, TimeUnit.SECONDS);
              } catch (InterruptedException | BrokenBarrierException | TimeoutException e) {
                throw new IllegalStateException("fewer calls run than there are slots", e);
              }
              return x;
            },
            threads);

    for (Outcome outcome : offer(queue, 10 * SLOTS)) {
      assertThat(outcome.get().outputs()).hasSize(1);
    }
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

  private Execution within(Outcome outcome, long millis, float... x) {
    return outcome.request(
        Tensor.ofFloats("x", Shape.of(x.length), x),
        "y",
        System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis),
        () -> false);
  }

  /** Calls of 100 seconds and one more for each row: no machine is slow enough to matter. */
  private void learnLongCalls() {
    for (int i = 0; i < 20; i++) {
      long rows = i % 2 == 0 ? 1 : 10;
      statistics.observeCall(rows, TimeUnit.SECONDS.toNanos(100 + rows));
    }
  }

  @Test
  void deadlineThatTheQueueAheadLeavesNoTimeFor_isRefusedAtArrival() {
    learnLongCalls();
    List<Runnable> turns = new ArrayList<>();
    ExecutionQueue queue = queue(new QueueLimits(1000, 1, 4), true, x -> x, turns::add);
    offer(queue, 5);
    Outcome late = new Outcome();
    Outcome patient = new Outcome();

    // Two calls are ahead: four rows, and one beside which there is room.
    assertThatThrownBy(() -> queue.offer(within(late, 200_000, 1)))
        .isInstanceOfSatisfying(
            QueueFullException.class,
            refused -> assertThat(refused.retryDelay()).isEqualTo(Duration.ofSeconds(5)))
        .hasMessageContaining("deadline");
    queue.offer(within(patient, 400_000, 1));

    assertThat(late.isTold()).isFalse();
    assertThat(queue.queued()).isEqualTo(6);
    assertThat(statistics.rejections()).isEqualTo(1);
  }

  @Test
  void requestThatFindsRoom_isNeverRefusedForItsDeadline() {
    learnLongCalls();
    List<Runnable> turns = new ArrayList<>();
    ExecutionQueue queue = queue(new QueueLimits(1000, 1, 4), true, x -> x, turns::add);
    Outcome outcome = new Outcome();

    queue.offer(within(outcome, 60_000, 1));
    turns.get(0).run();

    assertThat(outcome.isTold()).isTrue();
  }

  @Test
  void costThatIsNotKnownYet_refusesNobody() {
    List<Runnable> turns = new ArrayList<>();
    ExecutionQueue queue = queue(new QueueLimits(1000, 1, 4), true, x -> x, turns::add);
    offer(queue, 3);

    queue.offer(within(new Outcome(), 5, 1));

    assertThat(queue.queued()).isEqualTo(4);
  }

  /** Offers requests until one waits for company, which is returned; all others have run. */
  private Outcome firstThatWaits(ExecutionQueue queue, List<Runnable> turns) {
    learnLongCalls();
    // Until requests are known to come often, each runs at once.
    for (int i = 0; i < 100; i++) {
      Outcome outcome = offer(queue, 1).get(0);
      if (turns.isEmpty()) {
        learnLongCalls();
        return outcome;
      }
      runAll(turns);
    }
    throw new AssertionError("no request waits for company");
  }

  private static void runAll(List<Runnable> turns) {
    while (!turns.isEmpty()) {
      turns.remove(0).run();
    }
  }

  @Test
  void waitForCompany_whereItPays_endsWhenTheBatchIsFull() throws Exception {
    List<Runnable> turns = new ArrayList<>();
    QueueLimits limits = new QueueLimits(1000, 1000, 3, Duration.ofSeconds(200));
    ExecutionQueue queue = queue(limits, true, x -> x, turns::add);
    Outcome first = firstThatWaits(queue, turns);
    assertThat(first.isTold()).isFalse();

    Outcome second = offer(queue, 1).get(0);
    assertThat(turns).isEmpty();
    Outcome third = offer(queue, 1).get(0);

    assertThat(turns).hasSize(1);
    runAll(turns);
    assertThat(first.get().batchRows()).isEqualTo(3);
    assertThat(second.isTold()).isTrue();
    assertThat(third.isTold()).isTrue();
  }

  @Test
  void callThatEndsDuringAWaitForCompany_leavesTheWaitAlone() throws Exception {
    List<Runnable> turns = new ArrayList<>();
    QueueLimits limits = new QueueLimits(1000, 1000, 3, Duration.ofSeconds(200));
    AtomicReference<Runnable> duringCall = new AtomicReference<>(() -> {});
    ExecutionQueue queue =
        queue(
            limits,
            true,
            x -> {
              duringCall.getAndSet(() -> {}).run();
              return x;
            },
            turns::add);
    firstThatWaits(queue, turns);
    offer(queue, 2);
    runAll(turns);
    learnLongCalls();
    List<Outcome> waiting = new ArrayList<>();
    duringCall.set(() -> waiting.addAll(offer(queue, 2)));
    // It has no time to wait for company.
    queue.offer(within(new Outcome(), 60_000, 1));
    assertThat(turns).hasSize(1);

    runAll(turns);
    assertThat(waiting).hasSize(2).noneMatch(Outcome::isTold);
    waiting.addAll(offer(queue, 1));

    assertThat(turns).hasSize(1);
    runAll(turns);
    assertThat(waiting.get(0).get().batchRows()).isEqualTo(3);
    assertThat(waiting).allMatch(Outcome::isTold);
    assertThat(queue.running()).isZero();
  }

  @Test
  void turnWhoseRequestWasTaken_leavesAWaitForCompanyAlone() throws Exception {
    List<Runnable> turns = new ArrayList<>();
    QueueLimits limits = new QueueLimits(1000, 1000, 3, Duration.ofSeconds(200));
    ExecutionQueue queue = queue(limits, true, x -> x, turns::add);
    firstThatWaits(queue, turns);
    offer(queue, 2);
    runAll(turns);
    learnLongCalls();
    queue.offer(within(new Outcome(), 60_000, 1));
    queue.offer(within(new Outcome(), 60_000, 1));
    turns.remove(0).run();

    Outcome waits = offer(queue, 1).get(0);
    runAll(turns);

    assertThat(waits.isTold()).isFalse();
    offer(queue, 2);
    runAll(turns);
    assertThat(waits.get().batchRows()).isEqualTo(3);
    assertThat(queue.running()).isZero();
  }

  @Test
  void requestThatCannotJoinTheCallThatWaits_takesAFreeSlot() throws Exception {
    List<Runnable> turns = new ArrayList<>();
    QueueLimits limits = new QueueLimits(0, 2, 3, Duration.ofSeconds(200));
    ExecutionQueue queue = queue(limits, true, x -> x, turns::add);
    Outcome waits = firstThatWaits(queue, turns);
    Outcome large = new Outcome();

    queue.offer(large.request(Tensor.ofFloats("x", Shape.of(3), 1, 2, 3), "y"));

    assertThat(turns).hasSize(2);
    turns.remove(0).run();
    assertThat(waits.get().batchRows()).isEqualTo(1);
    assertThat(large.isTold()).isFalse();
    runAll(turns);
    assertThat(large.get().batchRows()).isEqualTo(3);
    assertThat(queue.running()).isZero();
  }

  @Test
  void requestThatJoinsTheCallThatWaits_needsNoRoomInTheQueue() throws Exception {
    List<Runnable> turns = new ArrayList<>();
    QueueLimits limits = new QueueLimits(0, 1, 3, Duration.ofSeconds(200));
    ExecutionQueue queue = queue(limits, true, x -> x, turns::add);
    Outcome waits = firstThatWaits(queue, turns);

    offer(queue, 2);
    assertThatThrownBy(() -> offer(queue, 1)).isInstanceOf(QueueFullException.class);

    runAll(turns);
    assertThat(waits.get().batchRows()).isEqualTo(3);
  }

  @Test
  void waitForCompany_thatTheDeadlineForbids_isNotBegun() {
    learnLongCalls();
    List<Runnable> turns = new ArrayList<>();
    QueueLimits limits = new QueueLimits(1000, 1000, 3, Duration.ofSeconds(200));
    ExecutionQueue queue = queue(limits, true, x -> x, turns::add);

    for (int i = 0; i < 50; i++) {
      queue.offer(within(new Outcome(), 150_000, 1));
    }

    assertThat(turns).hasSize(50);
  }

  @Test
  void limitsThatChange_takeEffectAtTheNextRequest() {
    AtomicInteger maxRunning = new AtomicInteger(1);
    List<Runnable> turns = new ArrayList<>();
    statistics.observeCall(1, TimeUnit.MILLISECONDS.toNanos(10));
    ExecutionQueue queue =
        new ExecutionQueue(
            "m/1",
            () -> new QueueLimits(10, maxRunning.get(), 1),
            new BatchRunner(
                "m/1",
                new SinglePredictor(true, x -> x),
                new TensorBuffers(0),
                statistics,
                Clock.systemUTC()),
            statistics,
            turns::add,
            callersThreads,
            timer);
    offer(queue, 2);
    assertThat(turns).hasSize(1);

    maxRunning.set(3);
    offer(queue, 2);

    assertThat(turns).hasSize(3);
    maxRunning.set(1);
    for (int i = 0; i < turns.size(); i++) {
      turns.get(i).run();
    }
    assertThat(queue.queued()).isZero();
    assertThat(queue.running()).isZero();
  }
}
