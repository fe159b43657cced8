package dev.slipway.serving.model;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.serving.testing.ServingHarness;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class LoadTurnsTest {
  private static final Duration LONG = Duration.ofMinutes(1);
  private static final Duration SHORT = Duration.ofMillis(20);

  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final CountDownLatch goOn = new CountDownLatch(1);

  @AfterEach
  void stop() {
    goOn.countDown();
    timer.shutdownNow();
  }

  /** Waits like native code: without heed of interrupts. */
  private String hang() {
    boolean done = false;
    while (!done) {
      try {
        done = goOn.await(20, TimeUnit.SECONDS);
      } catch (InterruptedException e) {
        // Goes on.
      }
    }
    return "opened";
  }

  private static <T> T get(CompletableFuture<T> future) throws Exception {
    return future.get(20, TimeUnit.SECONDS);
  }

  @Test
  void openings_runOneAfterTheOther() throws Exception {
    LoadTurns turns = new LoadTurns(LONG, LONG, timer);
    AtomicInteger inside = new AtomicInteger();
    List<CompletableFuture<Integer>> all = new ArrayList<>();
    for (int i = 0; i < 50; i++) {
      all.add(
          turns.open(
              "name-" + i % 3,
              () -> {
                int beside = inside.incrementAndGet();
                Thread.sleep(1);
                inside.decrementAndGet();
                return beside;
              },
              late -> {}));
    }

    for (CompletableFuture<Integer> opening : all) {
      assertThat(get(opening)).isEqualTo(1);
    }
    turns.close();
  }

  @Test
  void slowOpening_isOvertakenAfterAWhile() throws Exception {
    LoadTurns turns = new LoadTurns(SHORT, LONG, timer);
    CompletableFuture<String> slow = turns.open("slow", this::hang, late -> {});

    assertThat(get(turns.open("next", () -> "next", late -> {}))).isEqualTo("next");

    assertThat(slow).isNotDone();
    goOn.countDown();
    assertThat(get(slow)).isEqualTo("opened");
    turns.close();
  }

  @Test
  void hangingOpening_failsAndItsResultIsHandedOverWhenItComes() throws Exception {
    // Long enough for those that do not hang.
    LoadTurns turns = new LoadTurns(LONG, Duration.ofSeconds(2), timer);
    LinkedBlockingQueue<String> late = new LinkedBlockingQueue<>();
    CompletableFuture<String> hanging = turns.open("hangs", this::hang, late::add);
    CompletableFuture<String> behind = turns.open("next", () -> "next", late::add);

    assertThatThrownBy(() -> get(hanging))
        .hasCauseInstanceOf(TimeoutException.class)
        .hasMessageContaining("did not end within");
    assertThat(get(behind)).isEqualTo("next");
    assertThat(turns.hanging()).isEqualTo(1);
    assertThatThrownBy(() -> get(turns.open("hangs", () -> "again", late::add)))
        .hasCauseInstanceOf(TimeoutException.class)
        .hasMessageContaining("still hangs");
    assertThat(late).isEmpty();

    goOn.countDown();
    assertThat(late.poll(20, TimeUnit.SECONDS)).isEqualTo("opened");
    ServingHarness.await(() -> turns.hanging() == 0);
    assertThat(get(turns.open("hangs", () -> "again", late::add))).isEqualTo("again");
    turns.close();
  }

  @Test
  void failure_isToldAndTheNextGoesOn() throws Exception {
    LoadTurns turns = new LoadTurns(LONG, LONG, timer);
    CompletableFuture<String> failing =
        turns.open(
            "fails",
            () -> {
              throw new StackOverflowError("deep");
            },
            late -> {});

    assertThatThrownBy(() -> get(failing)).hasCauseInstanceOf(StackOverflowError.class);
    assertThat(get(turns.open("next", () -> "next", late -> {}))).isEqualTo("next");
    turns.close();
  }

  @Test
  void close_interruptsWhatRunsAndCancelsWhatWaits() {
    LoadTurns turns = new LoadTurns(LONG, LONG, timer);
    CompletableFuture<Boolean> running =
        turns.open("running", () -> goOn.await(20, TimeUnit.SECONDS), late -> {});
    CompletableFuture<String> waiting = turns.open("waiting", () -> "never", late -> {});

    turns.close();

    assertThatThrownBy(() -> get(running)).hasCauseInstanceOf(InterruptedException.class);
    assertThat(waiting).isCancelled();
    assertThat(turns.open("later", () -> "never", late -> {})).isCancelled();
  }

  @Test
  void close_waitsUntilWhatWasOpenedIsHandedOver() throws Exception {
    LoadTurns turns = new LoadTurns(LONG, LONG, timer);
    CountDownLatch mayOpen = new CountDownLatch(1);
    CountDownLatch opened = new CountDownLatch(1);
    AtomicBoolean handedOver = new AtomicBoolean();
    CompletableFuture<Void> unused =
        turns
            .open("slow to take", () -> mayOpen.await(20, TimeUnit.SECONDS), late -> {})
            .thenAccept(
                taken -> {
                  opened.countDown();
                  hang();
                  handedOver.set(true);
                });
    mayOpen.countDown();
    assertThat(opened.await(20, TimeUnit.SECONDS)).isTrue();
    Thread closing = Thread.currentThread();
    CompletableFuture<Void> watching =
        CompletableFuture.runAsync(
            () -> {
              ServingHarness.await(() -> closing.getState() == Thread.State.TIMED_WAITING);
              goOn.countDown();
            });

    turns.close();

    assertThat(handedOver).isTrue();
    get(watching);
  }
}
