package dev.slipway.tracking.export;

import java.io.IOException;

/**
 * Writes an exported table in the form of one file: columns {@code run_id}, {@code metric_key},
 * {@code step}, {@code timestamp_ms} and {@code value}. What has been appended may wait in memory,
 * bounded, until the next rows or {@link #finish}. Not thread-safe.
 */
public interface MetricFile extends AutoCloseable {
  /** Appends rows after those before. */
  void append(MetricRows rows) throws IOException;

  /** Writes what waits and the end of the file. */
  void finish() throws IOException;

  /** Frees memory; without {@link #finish} the file stays incomplete. */
  @Override
  void close();
}
