package dev.slipway.registry.upstream;

import io.grpc.Context;
import java.util.concurrent.Callable;

/** Takes the deadline and the cancellation of the call that is being served to other threads. */
public final class CallContext {
  private CallContext() {}

  /** Returns a task under which other services are asked as the present call asks them. */
  public static <T> Callable<T> carry(Callable<T> task) {
    return Context.current().wrap(task);
  }
}
