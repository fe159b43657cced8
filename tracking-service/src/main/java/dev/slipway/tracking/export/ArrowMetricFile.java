package dev.slipway.tracking.export;

import dev.slipway.tracking.metric.MetricPoint;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.Buffer;
import java.nio.charset.StandardCharsets;
import java.util.List;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.BigIntVector;
import org.apache.arrow.vector.Float8Vector;
import org.apache.arrow.vector.VarCharVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.ipc.ArrowStreamWriter;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;

/**
 * Writes an Arrow IPC stream: record batches of up to {@value #MAX_BATCH_ROWS} rows, in memory
 * outside the heap until a batch is full.
 */
final class ArrowMetricFile implements MetricFile {
  private static final int MAX_BATCH_ROWS = 8192;

  /** Ends a batch early when keys are long. */
  private static final int MAX_BATCH_TEXT_BYTES = 512 << 10;

  /** Well beyond what a batch takes, so that only a defect meets it. */
  private static final long MAX_MEMORY_BYTES = 32L << 20;

  private static final Schema SCHEMA =
      new Schema(
          List.of(
              column("run_id", ArrowType.Utf8.INSTANCE),
              column("metric_key", ArrowType.Utf8.INSTANCE),
              column("step", new ArrowType.Int(Long.SIZE, true)),
              column("timestamp_ms", new ArrowType.Int(Long.SIZE, true)),
              column("value", new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE))));

  private final BufferAllocator allocator;
  private final VectorSchemaRoot batch;
  private final ArrowStreamWriter writer;
  private final VarCharVector runIds;
  private final VarCharVector metricKeys;
  private final BigIntVector steps;
  private final BigIntVector timestamps;
  private final Float8Vector values;
  private int rows;
  private int textBytes;

  private ArrowMetricFile(BufferAllocator allocator, OutputStream out) {
    this.allocator = allocator;
    this.batch = VectorSchemaRoot.create(SCHEMA, allocator);
    this.writer = new ArrowStreamWriter(batch, null, out);
    this.runIds = (VarCharVector) batch.getVector("run_id");
    this.metricKeys = (VarCharVector) batch.getVector("metric_key");
    this.steps = (BigIntVector) batch.getVector("step");
    this.timestamps = (BigIntVector) batch.getVector("timestamp_ms");
    this.values = (Float8Vector) batch.getVector("value");
  }

  static ArrowMetricFile open(OutputStream out) throws IOException {
    // Asked first: Arrow itself would fail with an error, and leave its classes unusable.
    if (!Buffer.class.getModule().isOpen("java.nio", ArrowBuf.class.getModule())) {
      throw new ArrowUnavailableException();
    }
    ArrowMetricFile file = new ArrowMetricFile(new RootAllocator(MAX_MEMORY_BYTES), out);
    file.writer.start();
    return file;
  }

  private static Field column(String name, ArrowType type) {
    return new Field(name, FieldType.notNullable(type), List.of());
  }

  @Override
  public void append(MetricRows some) throws IOException {
    byte[] run = some.run().toString().getBytes(StandardCharsets.US_ASCII);
    byte[] key = some.metricKey().getBytes(StandardCharsets.UTF_8);
    for (MetricPoint point : some.points()) {
      runIds.setSafe(rows, run);
      metricKeys.setSafe(rows, key);
      steps.setSafe(rows, point.step());
      timestamps.setSafe(rows, point.timestampMillis());
      values.setSafe(rows, point.value());
      rows++;
      textBytes += run.length + key.length;
      if (rows == MAX_BATCH_ROWS || textBytes >= MAX_BATCH_TEXT_BYTES) {
        writeBatch();
      }
    }
  }

  @Override
  public void finish() throws IOException {
    if (rows > 0) {
      writeBatch();
    }
    writer.end();
  }

  private void writeBatch() throws IOException {
    batch.setRowCount(rows);
    writer.writeBatch();
    batch.clear();
    rows = 0;
    textBytes = 0;
  }

  @Override
  public void close() {
    batch.close();
    allocator.close();
  }
}
