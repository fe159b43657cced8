package dev.slipway.client;

import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.MetricStreamHints;
import java.io.IOException;
import java.util.Optional;

/** Gives a {@link MetricLane} its batches, and hears what became of them. Called by one thread. */
interface BatchSource {
  /**
   * Hears which batch is the last that the service had before the first of this lane. Called once,
   * and only when the lane was not told the number.
   */
  void continueAfter(long committedSeq);

  /**
   * Returns the batch that follows a number, or empty while there is none. May be asked for the
   * same batch again until it is acknowledged.
   *
   * @throws IOException if it cannot be read from where it is kept
   */
  Optional<MetricBatch> after(long seq) throws IOException;

  /**
   * Hears that batches are durable at the service.
   *
   * @param seq the last of them
   * @param points how many more points than at the call before
   */
  void acknowledged(long seq, long points);

  /** Hears how the service would like to be written to. */
  void heed(MetricStreamHints hints);
}
