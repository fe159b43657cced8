package dev.slipway.client;

import dev.slipway.client.SpillContents.Stretch;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.MetricStreamHints;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Gives the batches of one stretch of a spill from its files, under their numbers or under numbers
 * from 1. For one thread.
 */
final class StretchSource implements BatchSource, Closeable {
  private final List<Path> files;
  private final Stretch stretch;
  // How much greater the number in the file is than the one on the wire.
  private final long offset;
  private final SpillCursor cursor = new SpillCursor(known -> {});
  private boolean begun;
  private long committed;
  private long acknowledgedPoints;

  /**
   * @param renumbered whether the stretch is sent as one of a writer of its own
   */
  StretchSource(List<Path> files, Stretch stretch, boolean renumbered) {
    this.files = files;
    this.stretch = stretch;
    this.offset = renumbered ? stretch.first() - 1 : 0;
  }

  @Override
  public void continueAfter(long committedSeq) {
    begun = true;
    committed = committedSeq + offset;
  }

  /** Tells whether the service lacks a batch before this stretch, which nobody has any more. */
  boolean isCutOff() {
    return begun && committed + 1 < stretch.first();
  }

  /** Tells whether the service has all of the stretch. */
  boolean isDone() {
    return begun && committed >= stretch.last();
  }

  long acknowledgedPoints() {
    return acknowledgedPoints;
  }

  @Override
  public Optional<MetricBatch> after(long seq) throws IOException {
    long number = seq + offset;
    if (isCutOff() || number >= stretch.last()) {
      return Optional.empty();
    }
    Optional<SpillRecord> record = cursor.after(files, number);
    if (record.isEmpty() || record.get().number() != number + 1) {
      throw new IOException("batch " + (number + 1) + " is gone");
    }
    return Optional.of(record.get().batch().toBuilder().setSeq(seq + 1).build());
  }

  @Override
  public void acknowledged(long seq, long points) {
    committed = seq + offset;
    acknowledgedPoints += points;
  }

  @Override
  public void heed(MetricStreamHints hints) {
    // The batches are made already.
  }

  @Override
  public void close() throws IOException {
    cursor.close();
  }
}
