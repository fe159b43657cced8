package dev.slipway.tracking.export;

import dev.slipway.tracking.metric.MetricPoint;
import java.io.BufferedWriter;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.nio.charset.StandardCharsets;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;

/**
 * Writes RFC 4180 text. Values are written as {@link Double#toString} does it, which reads back as
 * the same number: {@code NaN}, {@code Infinity} and {@code -Infinity} among them.
 */
final class CsvMetricFile implements MetricFile {
  private static final CSVFormat FORMAT =
      CSVFormat.RFC4180
          .builder()
          .setHeader("run_id", "metric_key", "step", "timestamp_ms", "value")
          .get();

  private final CSVPrinter printer;

  CsvMetricFile(OutputStream out) throws IOException {
    this.printer =
        new CSVPrinter(
            new BufferedWriter(new OutputStreamWriter(out, StandardCharsets.UTF_8)), FORMAT);
  }

  @Override
  public void append(MetricRows rows) throws IOException {
    String run = rows.run().toString();
    for (MetricPoint point : rows.points()) {
      printer.printRecord(
          run, rows.metricKey(), point.step(), point.timestampMillis(), point.value());
    }
    printer.flush();
  }

  @Override
  public void finish() throws IOException {
    printer.flush();
  }

  @Override
  public void close() {
    // There is nothing to free.
  }
}
