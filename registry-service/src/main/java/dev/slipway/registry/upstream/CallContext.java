package dev.slipway.registry.upstream;

import io.grpc.Context;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeoutException;

/** Takes the deadline and the cancellation of the call that is being served to other threads. */
public final class CallContext {
  private CallContext() {}

  /** Returns a task under which other services are asked as the present call asks them. */
  public static <T> Callable<T> carry(Callable<T> task) {
    return Context.current().wrap(task);
  }

  /**
   * Checks that somebody still waits for the answer of the call that is being served.
   *
   * @throws CallEndedException if the caller has left, or its deadline has passed
   */
  public static void requireWaiting() {
    Context call = Context.current();
    if (call.isCancelled()) {
      throw call.cancellationCause() instanceof TimeoutException
          ? CallEndedException.deadlinePassed()
          : CallEndedException.cancelled();
    }
  }
}
