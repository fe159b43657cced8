package dev.slipway.serving.traffic;

import java.util.OptionalLong;

/** Requests of one side, added up. Not thread-safe. */
final class Figures {
  private final LatencyHistogram latency = new LatencyHistogram();
  private long requests;
  private long errors;
  private long rows;

  void record(boolean failed, long recordRows, OptionalLong nanos) {
    requests++;
    rows += recordRows;
    if (failed) {
      errors++;
    }
    nanos.ifPresent(latency::record);
  }

  void add(Figures other) {
    requests += other.requests;
    errors += other.errors;
    rows += other.rows;
    latency.add(other.latency);
  }

  long requests() {
    return requests;
  }

  long errors() {
    return errors;
  }

  /** Rows of the requests that were answered. */
  long rows() {
    return rows;
  }

  /** Latency of the requests that were answered by computing. */
  LatencyHistogram latency() {
    return latency;
  }
}
