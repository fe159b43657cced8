package dev.slipway.serving.rpc;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.ServerCallStreamObserver;
import java.util.ArrayDeque;
import java.util.Deque;

/**
 * Sends the replies of a stream in the order of its requests, whatever the order in which they
 * become known, and reads on only while there is room: a bounded number of requests is unanswered,
 * and the caller takes what it is sent. Thread-safe.
 */
final class OrderedReplies<T> {
  private final ServerCallStreamObserver<T> out;
  private final int maxInFlight;
  private final OpenStreams streams;

  @GuardedBy("this")
  private final Deque<Slot> slots = new ArrayDeque<>();

  /** Messages that were asked for and have not come yet. */
  @GuardedBy("this")
  private int asked;

  @GuardedBy("this")
  private boolean halfClosed;

  @GuardedBy("this")
  private boolean draining;

  @GuardedBy("this")
  private boolean over;

  @GuardedBy("this")
  private int limit;

  OrderedReplies(ServerCallStreamObserver<T> out, int maxInFlight, OpenStreams streams) {
    this.out = out;
    this.maxInFlight = maxInFlight;
    this.limit = maxInFlight;
    this.streams = streams;
    out.disableAutoRequest();
    out.setOnReadyHandler(this::readOn);
    // A cancelled call takes no replies; what is in flight ends into nothing.
    out.setOnCancelHandler(this::end);
  }

  /** The place of one request's reply. */
  final class Slot {
    /** Guarded by the replies that it belongs to. */
    private T reply;

    /** Sends the reply when it is its turn. */
    void complete(T value) {
      synchronized (OrderedReplies.this) {
        reply = value;
      }
      send();
    }
  }

  /** Lowers the number of unanswered requests. */
  synchronized void limitTo(int inFlight) {
    limit = Math.min(maxInFlight, Math.max(1, inFlight));
  }

  /** Takes note of a message that needs no reply, and reads on. */
  void passedOver() {
    synchronized (this) {
      asked--;
    }
    readOn();
  }

  /** Keeps a place for the reply to the message that came. */
  synchronized Slot open() {
    asked--;
    Slot slot = new Slot();
    slots.addLast(slot);
    return slot;
  }

  /** Takes note that no more messages come; completes once all replies are sent. */
  void halfClosed() {
    synchronized (this) {
      halfClosed = true;
    }
    send();
  }

  /** Ends the stream with a failure; what is in flight ends into nothing. */
  synchronized void fail(StatusRuntimeException status) {
    if (!over) {
      end();
      out.onError(status);
    }
  }

  private synchronized void end() {
    over = true;
    slots.clear();
    streams.ended(this);
  }

  /** Reads no more; ends the stream with UNAVAILABLE once what is in flight is answered. */
  synchronized void drain() {
    draining = true;
    send();
  }

  private synchronized void send() {
    while (!over && !slots.isEmpty() && slots.peekFirst().reply != null) {
      out.onNext(slots.pollFirst().reply);
    }
    if (!over && slots.isEmpty() && (halfClosed || draining)) {
      end();
      if (halfClosed) {
        out.onCompleted();
      } else {
        out.onError(
            Status.UNAVAILABLE
                .withDescription("this server stops; open the stream anew")
                .asRuntimeException());
      }
    }
    readOn();
  }

  /** Asks for messages as long as there is room. */
  synchronized void readOn() {
    while (!over && !halfClosed && !draining && out.isReady() && asked + slots.size() < limit) {
      asked++;
      out.request(1);
    }
  }
}
