package dev.slipway.tracking.service;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.metric.SequenceGapException;
import dev.slipway.tracking.metric.WriterAdvance;
import dev.slipway.tracking.metric.WriterPosition;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.store.RunWrite;
import java.util.List;
import java.util.Optional;

/**
 * Is one connection of a writer: takes numbered batches, hands them to the committer, and tells how
 * far they are durable.
 *
 * <p>Batches come from one thread at a time, outcomes from the committer's; the listener is called
 * by either, never by two at once unless to say that there is room.
 */
public final class MetricStream {
  /** Hears of a stream's progress. */
  public interface Listener {
    /**
     * Says that more is durable, once for all batches of one commit; or that a batch came again
     * that had come before.
     */
    void progressed(long committedSeq);

    /** Says that a stream without room has room again. Comes from any thread, at any time. */
    void roomAgain();

    /**
     * Says that nothing will come any more: every batch taken is durable or refused.
     *
     * @param stream the stream, which may not have been returned to its opener yet
     * @param reason why the stream ended; absent when the client ended it
     */
    void ended(MetricStream stream, Optional<RuntimeException> reason);
  }

  private final RunId run;
  private final String writerId;
  private final WriterPosition opened;
  private final GroupCommitter committer;
  private final Listener listener;
  private final StreamRoom room;
  private final StreamRoom.Reader place;

  @GuardedBy("this")
  private long receivedSeq;

  @GuardedBy("this")
  private long committedSeq;

  /** What the listener knows of {@link #committedSeq}. */
  @GuardedBy("this")
  private long reportedSeq;

  @GuardedBy("this")
  private int pendingBatches;

  @GuardedBy("this")
  private long pendingBytes;

  /** The credit below which the listener wants to hear of room; 0 when it does not. */
  @GuardedBy("this")
  private long awaitedRoom;

  @GuardedBy("this")
  private boolean ending;

  @GuardedBy("this")
  private Optional<RuntimeException> endReason = Optional.empty();

  MetricStream(
      RunId run,
      String writerId,
      WriterPosition opened,
      GroupCommitter committer,
      StreamRoom room,
      Listener listener) {
    this.run = run;
    this.writerId = writerId;
    this.opened = opened;
    this.committer = committer;
    this.listener = listener;
    this.room = room;
    this.place = room.reader(listener::roomAgain);
    this.receivedSeq = opened.committedSeq();
    this.committedSeq = opened.committedSeq();
    this.reportedSeq = opened.committedSeq();
  }

  RunId run() {
    return run;
  }

  String writerId() {
    return writerId;
  }

  /** Returns where the writer stood when this connection was opened. */
  public WriterPosition opened() {
    return opened;
  }

  /**
   * Returns whether the writer may send on, which is so while it keeps within its credit and all
   * streams together within their memory. After a no the listener hears when there is room; after
   * the stream's end there is never room again.
   *
   * @param credit points that may be pending; names, and each batch by itself, count as points of
   *     the same size
   */
  public synchronized boolean hasRoom(long credit) {
    if (ending) {
      return false;
    }
    if (hasRoomWithin(credit)) {
      return place.mayRead();
    }
    awaitedRoom = credit;
    return false;
  }

  @GuardedBy("this")
  private boolean hasRoomWithin(long credit) {
    return pendingBytes < credit * MetricBatch.POINT_BYTES;
  }

  @GuardedBy("this")
  private void tellRoom() {
    if (awaitedRoom > 0 && !ending && hasRoomWithin(awaitedRoom)) {
      awaitedRoom = 0;
      if (place.mayRead()) {
        listener.roomAgain();
      }
    }
  }

  /**
   * Takes a batch. One that came before is acknowledged and ignored; one too far ends the stream,
   * and so does one for which all streams together have no memory left.
   */
  public synchronized void receive(long seq, MetricBatch batch) {
    if (ending) {
      return;
    }
    if (seq <= receivedSeq) {
      listener.progressed(committedSeq);
      return;
    }
    if (seq != receivedSeq + 1) {
      end(Optional.of(new SequenceGapException(receivedSeq + 1, seq)));
      return;
    }
    RunWrite write =
        new RunWrite(
            run,
            Optional.of(new WriterAdvance(writerId, opened.epoch(), seq)),
            batch,
            List.of(),
            List.of());
    long bytes = write.costBytes();
    try {
      place.received(bytes);
    } catch (GroupCommitter.OverloadedException e) {
      end(Optional.of(e));
      return;
    }
    receivedSeq = seq;
    pendingBatches++;
    pendingBytes += bytes;
    try {
      committer.submitOfStream(write, new BatchOutcome(seq, bytes));
    } catch (RuntimeException e) {
      decided(bytes);
      end(Optional.of(e));
    }
  }

  /**
   * Takes nothing any more and ends once the batches taken are decided. The first reason counts.
   *
   * @param reason absent when the client has said all
   */
  public synchronized void end(Optional<RuntimeException> reason) {
    if (!ending) {
      ending = true;
      place.leave();
      endReason = reason;
      endWhenDecided();
    }
  }

  @GuardedBy("this")
  private void decided(long bytes) {
    pendingBatches--;
    pendingBytes -= bytes;
    room.decided(bytes);
  }

  @GuardedBy("this")
  private void endWhenDecided() {
    if (ending && pendingBatches == 0) {
      tellProgress();
      listener.ended(this, endReason);
    }
  }

  private synchronized void committed(long seq, long bytes) {
    committedSeq = seq;
    decided(bytes);
  }

  /** Tells of all batches of a commit at once. */
  private synchronized void report() {
    if (tellProgress()) {
      tellRoom();
      endWhenDecided();
    }
  }

  /** Returns whether there was something to tell. */
  @GuardedBy("this")
  private boolean tellProgress() {
    if (reportedSeq == committedSeq) {
      return false;
    }
    reportedSeq = committedSeq;
    listener.progressed(committedSeq);
    return true;
  }

  private synchronized void failed(long bytes, RuntimeException reason) {
    decided(bytes);
    // A refusal says more than the client's own end of the stream.
    if (!ending || endReason.isEmpty()) {
      ending = true;
      place.leave();
      endReason = Optional.of(reason);
    }
    endWhenDecided();
  }

  private final class BatchOutcome implements GroupCommitter.Outcome {
    private final long seq;
    private final long bytes;

    BatchOutcome(long seq, long bytes) {
      this.seq = seq;
      this.bytes = bytes;
    }

    @Override
    public void committed() {
      MetricStream.this.committed(seq, bytes);
    }

    @Override
    public void groupCommitted() {
      report();
      room.letInNext();
    }

    @Override
    public void failed(RuntimeException reason) {
      MetricStream.this.failed(bytes, reason);
      room.letInNext();
    }
  }
}
