package dev.slipway.serving.execution;

import dev.slipway.engine.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/** Keeps what a request was told; being told twice is a failure. */
final class Outcome implements Execution.Receiver {
  private final CompletableFuture<Execution.Answer> told = new CompletableFuture<>();

  /** Returns a request without a deadline that reports here. */
  Execution request(Tensor input, String output) {
    return request(input, output, Execution.NO_DEADLINE, () -> false);
  }

  /** Returns a request that reports here. */
  Execution request(Tensor input, String output, long deadlineNanos, BooleanSupplier callerGone) {
    return new Execution(
        List.of(input),
        List.of(output),
        Map.of(),
        Execution.Conditions.until(deadlineNanos, callerGone),
        this,
        System.nanoTime());
  }

  @Override
  public void answered(Execution.Answer answer) {
    if (!told.complete(answer)) {
      throw new AssertionError("told twice");
    }
  }

  @Override
  public void failed(RuntimeException failure) {
    if (!told.completeExceptionally(failure)) {
      throw new AssertionError("told twice", failure);
    }
  }

  boolean isTold() {
    return told.isDone();
  }

  Execution.Answer get() throws Exception {
    return told.get(10, TimeUnit.SECONDS);
  }
}
