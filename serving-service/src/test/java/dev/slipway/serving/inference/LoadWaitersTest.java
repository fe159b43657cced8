package dev.slipway.serving.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.execution.Execution;
import dev.slipway.serving.execution.ExpiredException;
import dev.slipway.serving.execution.QueueFullException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;

class LoadWaitersTest {
  private static final VersionKey KEY = new VersionKey("m", 1);

  private final LoadWaiters waiters = new LoadWaiters();
  private final CompletableFuture<Void> load = new CompletableFuture<>();

  private CompletableFuture<Void> await() {
    return waiters.await(KEY, load, 2, Execution.NO_DEADLINE, () -> false);
  }

  @Test
  void allWhoWait_areReleasedByTheLoad() {
    CompletableFuture<Void> first = await();
    CompletableFuture<Void> second = await();

    load.complete(null);

    assertThat(first).isCompleted();
    assertThat(second).isCompleted();
    assertThat(waiters.waiting()).isZero();
    assertThat(await()).isCompleted();
  }

  @Test
  void failureOfTheLoad_isThatOfAllWhoWait() {
    CompletableFuture<Void> waiting = await();

    load.completeExceptionally(new IllegalStateException("no"));

    assertThat(waiting).isCompletedExceptionally();
  }

  @Test
  void moreThanMayWait_areRefusedUntilOneGivesUp() {
    AtomicBoolean gone = new AtomicBoolean();
    CompletableFuture<Void> first = waiters.await(KEY, load, 2, Execution.NO_DEADLINE, gone::get);
    CompletableFuture<Void> second = await();
    assertThatThrownBy(this::await)
        .isInstanceOf(QueueFullException.class)
        .hasMessageContaining("2 requests waiting until it is loaded");

    gone.set(true);
    waiters.dropDead();

    assertThatThrownBy(first::join).hasCauseInstanceOf(ExpiredException.class);
    assertThat(await()).isNotDone();
    assertThat(second).isNotDone();
    assertThat(waiters.waiting()).isEqualTo(2);
  }

  @Test
  void deadlineThatPassed_isTold() {
    CompletableFuture<Void> waiting = waiters.await(KEY, load, 2, System.nanoTime(), () -> false);

    waiters.dropDead();

    assertThatThrownBy(waiting::join).hasMessageContaining("the deadline passed before m/1 ran");
    load.complete(null);
    assertThat(waiting).isCompletedExceptionally();
  }
}
