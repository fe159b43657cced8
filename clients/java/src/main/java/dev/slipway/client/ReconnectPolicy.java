package dev.slipway.client;

import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import java.time.Duration;
import java.util.EnumSet;
import java.util.Set;
import java.util.concurrent.TimeUnit;

/**
 * Decides when the service is tried again after a failure, and which failures are for good. For one
 * thread.
 */
final class ReconnectPolicy {
  private static final Set<Status.Code> REFUSALS =
      EnumSet.of(
          Status.Code.INVALID_ARGUMENT,
          Status.Code.NOT_FOUND,
          Status.Code.ALREADY_EXISTS,
          Status.Code.FAILED_PRECONDITION,
          Status.Code.PERMISSION_DENIED,
          Status.Code.UNAUTHENTICATED,
          Status.Code.UNIMPLEMENTED);

  private final Channel channel;
  private final Duration firstBackoff;
  private final Duration maxBackoff;
  private int failuresInARow;
  private long nextNanos = System.nanoTime();

  ReconnectPolicy(Channel channel, Duration firstBackoff, Duration maxBackoff) {
    this.channel = channel;
    this.firstBackoff = firstBackoff;
    this.maxBackoff = maxBackoff;
  }

  /** Tells whether a call that ended so will always end so. */
  static boolean refusesCall(Status.Code code) {
    return REFUSALS.contains(code);
  }

  /** Tells whether a stream that ended so must not be opened again. */
  static boolean refusesStream(Status.Code code) {
    // A stream that is aborted belongs to a newer one of the same writer.
    return code == Status.Code.ABORTED || REFUSALS.contains(code);
  }

  /** Is to be called before each attempt. */
  void attempt() {
    if (failuresInARow > 0) {
      hasten(channel);
    }
  }

  /** Lets a channel connect at the next call: by itself it waits up to two minutes in the end. */
  static void hasten(Channel channel) {
    if (channel instanceof ManagedChannel managed) {
      managed.resetConnectBackoff();
    }
  }

  void succeeded() {
    failuresInARow = 0;
  }

  void failed(long now) {
    failuresInARow++;
    long millis = Retries.Backoff.millis(firstBackoff, maxBackoff, failuresInARow);
    nextNanos = now + TimeUnit.MILLISECONDS.toNanos(millis);
  }

  /** Returns in how many nanoseconds the service may be tried; 0 or less: at once. */
  long waitNanos(long now) {
    return nextNanos - now;
  }
}
