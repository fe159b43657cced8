package dev.slipway.cli.batch;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.cfg.JsonNodeFeature;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Base64;
import java.util.List;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.example.data.simple.SimpleGroup;
import org.apache.parquet.hadoop.ParquetWriter;
import org.apache.parquet.hadoop.example.ExampleParquetWriter;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.io.OutputFile;
import org.apache.parquet.io.PositionOutputStream;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.LogicalTypeAnnotation.TimeUnit;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/** Makes Apache Parquet of rows that are lines of JSON. */
final class ParquetResult {
  /** Held in memory until a row group is whole. */
  private static final long ROW_GROUP_BYTES = 16 << 20;

  /** Numbers keep their digits: some become texts. */
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.USE_BIG_DECIMAL_FOR_FLOATS)
          .disable(JsonNodeFeature.STRIP_TRAILING_BIGDECIMAL_ZEROES)
          .build();

  private ParquetResult() {}

  /**
   * Writes a file.
   *
   * @param rows a file of lines, each an object with all of the columns
   * @param out which is left open
   */
  static void write(Path rows, List<OutputColumn> columns, OutputStream out)
      throws IOException, InterruptedException {
    MessageType schema = schema(columns);
    try (BufferedReader lines = Files.newBufferedReader(rows);
        ParquetWriter<Group> writer =
            ExampleParquetWriter.builder(new Target(out))
                .withConf(new PlainParquetConfiguration())
                .withType(schema)
                .withRowGroupSize(ROW_GROUP_BYTES)
                .withCompressionCodec(CompressionCodecName.SNAPPY)
                .build()) {
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        JsonNode row = MAPPER.readTree(line);
        Group group = new SimpleGroup(schema);
        for (int i = 0; i < columns.size(); i++) {
          JsonNode value = row.path(columns.get(i).name());
          if (!value.isNull()) {
            add(group, i, columns.get(i).type(), value);
          }
        }
        writer.write(group);
      }
    }
  }

  private static MessageType schema(List<OutputColumn> columns) {
    Types.MessageTypeBuilder schema = Types.buildMessage();
    for (OutputColumn column : columns) {
      PrimitiveTypeName primitive =
          switch (column.type()) {
            case BOOLEAN -> PrimitiveTypeName.BOOLEAN;
            case INTEGER -> PrimitiveTypeName.INT32;
            case LONG, DATETIME -> PrimitiveTypeName.INT64;
            case FLOAT -> PrimitiveTypeName.FLOAT;
            case DOUBLE -> PrimitiveTypeName.DOUBLE;
            case TEXT, BINARY -> PrimitiveTypeName.BINARY;
          };
      LogicalTypeAnnotation logical =
          switch (column.type()) {
            case TEXT -> LogicalTypeAnnotation.stringType();
            case DATETIME -> LogicalTypeAnnotation.timestampType(true, TimeUnit.MICROS);
            default -> null;
          };
      schema.addField(Types.optional(primitive).as(logical).named(column.name()));
    }
    return schema.named("predictions");
  }

  private static void add(Group group, int field, OutputColumn.Type type, JsonNode value) {
    switch (type) {
      case BOOLEAN -> group.add(field, value.booleanValue());
      case INTEGER -> group.add(field, value.intValue());
      case LONG -> group.add(field, value.longValue());
      case FLOAT -> group.add(field, Float.parseFloat(value.asText()));
      case DOUBLE -> group.add(field, Double.parseDouble(value.asText()));
      case TEXT -> group.add(field, value.isValueNode() ? value.asText() : value.toString());
      case BINARY ->
          group.add(
              field, Binary.fromConstantByteArray(Base64.getDecoder().decode(value.textValue())));
      case DATETIME ->
          group.add(
              field, ChronoUnit.MICROS.between(Instant.EPOCH, Instant.parse(value.textValue())));
    }
  }

  /** Is the file as Parquet's library wants it. */
  private record Target(OutputStream out) implements OutputFile {
    @Override
    public PositionOutputStream create(long blockSizeHint) {
      return new Position(out);
    }

    @Override
    public PositionOutputStream createOrOverwrite(long blockSizeHint) {
      return create(blockSizeHint);
    }

    @Override
    public boolean supportsBlockSize() {
      return false;
    }

    @Override
    public long defaultBlockSize() {
      return 0;
    }
  }

  /** Counts what is written; leaves the file open. */
  private static final class Position extends PositionOutputStream {
    private final OutputStream out;
    private long position;

    Position(OutputStream out) {
      this.out = out;
    }

    @Override
    public long getPos() {
      return position;
    }

    @Override
    public void write(int value) throws IOException {
      out.write(value);
      position++;
    }

    @Override
    public void write(byte[] bytes, int offset, int length) throws IOException {
      out.write(bytes, offset, length);
      position += length;
    }
  }
}
