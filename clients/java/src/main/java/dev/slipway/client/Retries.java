package dev.slipway.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.ErrorInfo;
import io.grpc.Channel;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.protobuf.StatusProto;
import java.io.IOException;
import java.time.Duration;
import java.util.Set;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Decides whether a transfer is tried again, and waits before it is. For one transfer, one thread.
 */
final class Retries {
  /**
   * What may pass: the server or the way to it is away or silent; a chunk was damaged, or the
   * server has fewer bytes than it said, which asking it again mends.
   */
  private static final Set<Status.Code> MAY_PASS =
      Set.of(
          Status.Code.UNAVAILABLE,
          Status.Code.DEADLINE_EXCEEDED,
          Status.Code.ABORTED,
          Status.Code.DATA_LOSS,
          Status.Code.OUT_OF_RANGE);

  /** The upload's broken stream is just publishing it: its end is asked for, however long it is. */
  private static final String UPLOAD_FINISHING = "UPLOAD_FINISHING";

  /** Somebody else has the upload, or has ended it: taking it back would take it from them. */
  private static final String UPLOAD_TAKEN_OVER = "UPLOAD_TAKEN_OVER";

  /** Room for the next file comes by itself, unlike room on a disk. */
  private static final Set<String> BUSY = Set.of("STORE_BUSY", "TOO_MANY_DOWNLOADS");

  private final TransferOptions options;
  private final Channel channel;
  private int failuresInARow;
  private boolean failed;
  private long furthest;

  Retries(TransferOptions options, Channel channel) {
    this.options = options;
    this.channel = channel;
  }

  boolean failed() {
    return failed;
  }

  /** Notes that a transfer came further than before, which gives it all its attempts back. */
  void progressed(long position) {
    if (position > furthest) {
      furthest = position;
      failuresInARow = 0;
    }
  }

  /** Waits before another attempt, longer each time, or gives up. */
  void waitOrThrow(String what, StatusException failure)
      throws TransferException, InterruptedException {
    if (Thread.interrupted()) {
      // gRPC calls it a cancelled call.
      throw new InterruptedException();
    }
    failed = true;
    String reason = reason(failure);
    if (!reason.equals(UPLOAD_FINISHING)) {
      failuresInARow++;
    }
    Status status = failure.getStatus();
    if (!mayPass(status, reason) || failuresInARow >= options.maxAttempts()) {
      throw new TransferException(
          what + " failed: " + status.getCode() + ": " + status.getDescription(),
          status.getCode(),
          failure);
    }
    Thread.sleep(Backoff.millis(options.firstBackoff(), options.maxBackoff(), failuresInARow));
    ReconnectPolicy.hasten(channel);
  }

  private static boolean mayPass(Status status, String reason) {
    return BUSY.contains(reason)
        || isConnectionLost(status)
        || (MAY_PASS.contains(status.getCode()) && !reason.equals(UPLOAD_TAKEN_OVER));
  }

  /**
   * Tells whether a call met a connection that was just closing: gRPC calls that UNKNOWN. What a
   * server says has no cause.
   */
  private static boolean isConnectionLost(Status status) {
    return status.getCode() == Status.Code.UNKNOWN && status.getCause() instanceof IOException;
  }

  /** Returns the reason in the details of a failure; empty when there is none. */
  static String reason(StatusException failure) {
    com.google.rpc.Status details = StatusProto.fromThrowable(failure);
    if (details == null) {
      return "";
    }
    for (Any detail : details.getDetailsList()) {
      if (detail.is(ErrorInfo.class)) {
        try {
          return detail.unpack(ErrorInfo.class).getReason();
        } catch (InvalidProtocolBufferException e) {
          return "";
        }
      }
    }
    return "";
  }

  /**
   * Computes waits that double, each between half and all of its share, so that clients spread out.
   */
  static final class Backoff {
    private static final int MAX_DOUBLINGS = 20;

    private Backoff() {}

    static long millis(Duration first, Duration max, int failures) {
      long full =
          Math.min(
              max.toMillis(),
              first.toMillis() << Math.min(MAX_DOUBLINGS, Math.max(0, failures - 1)));
      return full / 2 + ThreadLocalRandom.current().nextLong(full / 2 + 1);
    }
  }
}
