package dev.slipway.cli.batch;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.gateway.scoring.InputRows;
import dev.slipway.gateway.scoring.JsonRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.apache.parquet.ParquetReadOptions;
import org.apache.parquet.conf.ParquetConfiguration;
import org.apache.parquet.conf.PlainParquetConfiguration;
import org.apache.parquet.example.data.Group;
import org.apache.parquet.hadoop.ParquetFileReader;
import org.apache.parquet.hadoop.ParquetReader;
import org.apache.parquet.hadoop.api.ReadSupport;
import org.apache.parquet.hadoop.example.GroupReadSupport;
import org.apache.parquet.hadoop.metadata.BlockMetaData;
import org.apache.parquet.hadoop.metadata.ColumnChunkMetaData;
import org.apache.parquet.hadoop.metadata.CompressionCodecName;
import org.apache.parquet.hadoop.metadata.ParquetMetadata;
import org.apache.parquet.io.InputFile;
import org.apache.parquet.io.LocalInputFile;
import org.apache.parquet.schema.MessageType;

/** Reads Apache Parquet. Holds one of the file's row groups in memory. Not thread-safe. */
final class ParquetSource implements RowSource {
  /** What is read without Hadoop. */
  private static final Set<CompressionCodecName> CODECS =
      EnumSet.of(
          CompressionCodecName.UNCOMPRESSED,
          CompressionCodecName.SNAPPY,
          CompressionCodecName.ZSTD,
          CompressionCodecName.LZ4_RAW);

  private final MessageType schema;
  private final long rowCount;
  private final ParquetReader<Group> reader;
  private long done;

  ParquetSource(Path path) throws IOException {
    InputFile file = new LocalInputFile(path);
    ParquetConfiguration configuration = new PlainParquetConfiguration();
    try (ParquetFileReader footer =
        ParquetFileReader.open(file, ParquetReadOptions.builder(configuration).build())) {
      this.schema = footer.getFileMetaData().getSchema();
      this.rowCount = footer.getRecordCount();
      requireCodecs(path, footer.getFooter());
    } catch (RuntimeException e) {
      throw new IOException(path + " is no Parquet file: " + e.getMessage(), e);
    }
    this.reader = new Builder(file, configuration).build();
  }

  private static void requireCodecs(Path path, ParquetMetadata footer) throws IOException {
    for (BlockMetaData rowGroup : footer.getBlocks()) {
      for (ColumnChunkMetaData column : rowGroup.getColumns()) {
        if (!CODECS.contains(column.getCodec())) {
          throw new IOException(
              "%s is compressed as %s; what can be read is %s"
                  .formatted(path, column.getCodec(), CODECS));
        }
      }
    }
  }

  /** Makes a reader of a file that is not Hadoop's. */
  private static final class Builder extends ParquetReader.Builder<Group> {
    Builder(InputFile file, ParquetConfiguration configuration) {
      super(file, configuration);
    }

    @Override
    protected ReadSupport<Group> getReadSupport() {
      return new GroupReadSupport();
    }
  }

  @Override
  public Optional<List<OutputColumn>> columns() {
    return Optional.of(
        schema.getFields().stream()
            .map(field -> new OutputColumn(field.getName(), ParquetValues.type(field)))
            .toList());
  }

  @Override
  public InputRows next(int most) throws IOException {
    List<ObjectNode> rows = new ArrayList<>();
    try {
      long size = 0;
      while (rows.size() < most && size < MOST_CHARACTERS) {
        Group row = reader.read();
        if (row == null) {
          break;
        }
        ObjectNode value = ParquetValues.read(row);
        size += ParquetValues.size(value);
        rows.add(value);
      }
    } catch (RuntimeException e) {
      throw new IOException(
          "the Parquet file cannot be read after row %d: %s"
              .formatted(done + rows.size(), e.getMessage()),
          e);
    }
    done += rows.size();
    return JsonRows.of(rows);
  }

  @Override
  public double progress() {
    return rowCount == 0 ? 1 : (double) done / rowCount;
  }

  @Override
  public void close() throws IOException {
    reader.close();
  }
}
