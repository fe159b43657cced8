package dev.slipway.tracking.export;

import java.io.IOException;
import java.io.OutputStream;

/** Names the forms that an exported table can have. */
public enum MetricFileFormat {
  /** RFC 4180 text in UTF-8 with a header line. */
  CSV {
    @Override
    public MetricFile open(OutputStream out) throws IOException {
      return new CsvMetricFile(out);
    }
  },
  /** An Apache Arrow IPC stream. */
  ARROW {
    @Override
    public MetricFile open(OutputStream out) throws IOException {
      return ArrowMetricFile.open(out);
    }
  };

  /**
   * Begins a file.
   *
   * @param out receives the bytes; left open
   * @throws ArrowUnavailableException if this process cannot write Arrow
   */
  public abstract MetricFile open(OutputStream out) throws IOException;
}
