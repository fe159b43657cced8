package dev.slipway.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import com.google.protobuf.MessageLite;
import dev.slipway.client.SpillRecord.Kind;
import dev.slipway.tracking.v1.UpdateRunRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Holds the calls of one run other than its metrics, numbered from 1 in the order in which they are
 * to be made, until they are answered: its creation, params and tags, its end. Bounded by bytes.
 * Thread-safe.
 */
final class RunCallQueue {
  private static final long MAX_BYTES = 8 << 20;

  private final Wakeup wakeup;

  @GuardedBy("this")
  private final TreeMap<Long, RunCall> calls = new TreeMap<>();

  @GuardedBy("this")
  private long bytes;

  @GuardedBy("this")
  private long nextNumber = 1;

  // Those of the calls that stand in no file.
  @GuardedBy("this")
  private final TreeMap<Long, RunCall> unspilled = new TreeMap<>();

  @GuardedBy("this")
  private boolean closed;

  @GuardedBy("this")
  private boolean refused;

  /**
   * Is one call.
   *
   * @param kind which call it is
   * @param request its request
   * @param sinceNanos since when it waits, by {@link System#nanoTime}
   */
  record RunCall(long number, Kind kind, MessageLite request, long sinceNanos) {}

  RunCallQueue(Wakeup wakeup) {
    this.wakeup = wakeup;
  }

  /** Takes a call; returns false when there is no room or nothing is taken any more. */
  synchronized boolean add(Kind kind, MessageLite request) {
    long size = request.getSerializedSize();
    // The end of a run must find its place.
    if (closed || (kind == Kind.LOG_BATCH && bytes + size > MAX_BYTES)) {
      return false;
    }
    restore(new RunCall(nextNumber, kind, request, System.nanoTime()));
    wakeup.signal();
    return true;
  }

  /** Takes a call that has its number already. */
  synchronized void restore(RunCall call) {
    calls.put(call.number(), call);
    unspilled.put(call.number(), call);
    bytes += call.request().getSerializedSize();
    nextNumber = call.number() + 1;
  }

  /** Takes the end of the run, if this is one, and nothing after it. */
  synchronized void close(Optional<UpdateRunRequest> end) {
    end.ifPresent(request -> add(Kind.UPDATE_RUN, request));
    closed = true;
  }

  synchronized Optional<RunCall> first() {
    return calls.isEmpty() ? Optional.empty() : Optional.of(calls.firstEntry().getValue());
  }

  /** Lets go of a call that was answered. */
  synchronized void remove(RunCall call) {
    calls.remove(call.number());
    unspilled.remove(call.number());
    bytes -= call.request().getSerializedSize();
    notifyAll();
  }

  /** Returns the calls that stand in no file. */
  synchronized List<RunCall> unspilled() {
    return new ArrayList<>(unspilled.values());
  }

  /** Notes that a call stands in a file. */
  synchronized void spilled(RunCall call) {
    unspilled.remove(call.number());
  }

  /** Returns since when the oldest call waits that stands in no file; empty when there is none. */
  synchronized OptionalLong oldestUnspilledNanos() {
    return unspilled.isEmpty()
        ? OptionalLong.empty()
        : OptionalLong.of(unspilled.firstEntry().getValue().sinceNanos());
  }

  synchronized int size() {
    return calls.size();
  }

  /** Notes that no call will be answered any more, so that nobody waits. */
  synchronized void refuse() {
    refused = true;
    notifyAll();
  }

  /** Waits until all calls that are here now are answered, but not longer than a time. */
  synchronized boolean awaitAnswers(long nanos) throws InterruptedException {
    long last = nextNumber - 1;
    long deadline = System.nanoTime() + nanos;
    while (!refused && !calls.isEmpty() && calls.firstKey() <= last) {
      long left = deadline - System.nanoTime();
      if (left <= 0) {
        return false;
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return !refused;
  }
}
