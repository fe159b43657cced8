package dev.slipway.serving.rpc;

import dev.slipway.serving.execution.Execution;
import io.grpc.Context;
import io.grpc.Deadline;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;

/**
 * What the inference path needs to know of the call that a request came by.
 *
 * @param deadlineNanos {@link System#nanoTime} at which it ends, or {@link Execution#NO_DEADLINE}
 * @param gone tells whether the caller has given up
 * @param routeKey whom its requests are from, as its headers say; empty when they do not
 */
record CallContext(long deadlineNanos, BooleanSupplier gone, String routeKey) {
  /** Returns that of the call on whose thread this runs. */
  static CallContext current() {
    Context context = Context.current();
    Deadline deadline = context.getDeadline();
    return new CallContext(
        deadline == null
            ? Execution.NO_DEADLINE
            : System.nanoTime() + deadline.timeRemaining(TimeUnit.NANOSECONDS),
        context::isCancelled,
        RouteKeyHeader.current());
  }

  /** Returns the same call with at most the given time left. */
  CallContext within(long timeoutMicros) {
    // Ten years are as good as none, and do not overflow.
    long nanos =
        TimeUnit.MICROSECONDS.toNanos(Math.min(timeoutMicros, TimeUnit.DAYS.toMicros(3650)));
    long end = System.nanoTime() + nanos;
    return deadlineNanos != Execution.NO_DEADLINE && deadlineNanos - end < 0
        ? this
        : new CallContext(end, gone, routeKey);
  }
}
