package dev.slipway.cli.batch;

import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.gateway.scoring.CsvAnswers;
import java.io.BufferedWriter;
import java.io.Closeable;
import java.io.FileOutputStream;
import java.io.FilterOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.OutputStreamWriter;
import java.io.Writer;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/**
 * Gathers the rows of an output: CSV for CSV, lines of JSON for every other form. One process has
 * it at a time. Not thread-safe.
 */
final class PartFile implements Closeable {
  private final FileOutputStream file;
  private final Counting counted;
  private final Writer text;
  private final RowWriter rows;

  /** Writes rows as text. */
  @FunctionalInterface
  private interface RowWriter {
    void write(List<ObjectNode> rows) throws IOException;
  }

  /** Counts what is written; no channel, which an interrupt would close. */
  private static final class Counting extends FilterOutputStream {
    private long length;

    Counting(OutputStream out, long length) {
      super(out);
      this.length = length;
    }

    @Override
    public void write(byte[] bytes, int offset, int count) throws IOException {
      out.write(bytes, offset, count);
      length += count;
    }
  }

  private PartFile(FileOutputStream file, FileFormat format, List<String> columns, long length)
      throws IOException {
    this.file = file;
    this.counted = new Counting(file, length);
    this.text =
        new BufferedWriter(new OutputStreamWriter(counted, StandardCharsets.UTF_8), 1 << 16);
    if (format == FileFormat.CSV) {
      CsvAnswers csv = new CsvAnswers(text, false);
      if (length == 0) {
        csv.writeHeader(columns);
      }
      this.rows = csv::write;
    } else {
      this.rows = this::writeLines;
    }
  }

  /**
   * Opens a file, makes it if need be, and cuts off what is behind the certain rows.
   *
   * @param columns of every row
   * @param length of the rows that are certain, in bytes; 0 begins anew
   * @throws IOException if another process writes it, or it is shorter
   */
  static PartFile open(Path path, FileFormat format, List<String> columns, long length)
      throws IOException {
    FileOutputStream file = new FileOutputStream(path.toFile(), true);
    try {
      // Held until the file is closed.
      if (!lock(file)) {
        throw new IOException("another process writes " + path);
      }
      if (file.getChannel().size() < length) {
        throw new IOException(
            "%s has %,d bytes and its checkpoint speaks of %,d; --restart begins anew"
                .formatted(path, file.getChannel().size(), length));
      }
      var unused = file.getChannel().truncate(length);
      return new PartFile(file, format, columns, length);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  private static boolean lock(FileOutputStream file) throws IOException {
    try {
      return file.getChannel().tryLock() != null;
    } catch (OverlappingFileLockException e) {
      return false;
    }
  }

  /** Appends rows. */
  void write(List<ObjectNode> values) throws IOException {
    rows.write(values);
  }

  private void writeLines(List<ObjectNode> values) throws IOException {
    for (ObjectNode value : values) {
      text.write(value.toString());
      text.write('\n');
    }
  }

  /** Makes all rows durable and returns the length of the file. */
  long force() throws IOException {
    text.flush();
    file.getFD().sync();
    return counted.length;
  }

  @Override
  public void close() throws IOException {
    file.close();
  }
}
