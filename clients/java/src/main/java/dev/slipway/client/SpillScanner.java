package dev.slipway.client;

import java.io.Closeable;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads the records of one spill file in order. What is damaged is skipped up to the next record
 * that stands there whole, and told. May read behind a writer that appends. For one thread.
 */
final class SpillScanner implements Closeable {
  private static final int WINDOW_BYTES = 64 << 10;

  private final Path file;
  private final FileChannel channel;
  private final Consumer<Damage> damages;
  private long position;

  /**
   * Is a stretch of a file that holds no record.
   *
   * @param torn whether it is the end of a record that was being written when the writer died,
   *     which has cost nothing that counted as kept; else it is damage
   */
  record Damage(Path file, long offset, long bytes, boolean torn) {}

  private SpillScanner(Path file, FileChannel channel, Consumer<Damage> damages) {
    this.file = file;
    this.channel = channel;
    this.damages = damages;
  }

  static SpillScanner open(Path file, Consumer<Damage> damages) throws IOException {
    return new SpillScanner(file, FileChannel.open(file, StandardOpenOption.READ), damages);
  }

  /** Returns the next record; empty at the end of the file as it is now. */
  Optional<SpillRecord> next() throws IOException {
    long size = channel.size();
    if (position >= size) {
      return Optional.empty();
    }
    Optional<SpillRecord> record = readAt(position, size);
    if (record.isEmpty()) {
      long begun = position;
      position = findNext(begun + 1, size);
      damages.accept(new Damage(file, begun, position - begun, isTorn(begun, size)));
      record = readAt(position, size);
    }
    position += record.map(SpillRecord::sizeBytes).orElse(0);
    return record;
  }

  private Optional<SpillRecord> readAt(long offset, long size) throws IOException {
    if (size - offset < SpillRecord.HEADER_BYTES) {
      return Optional.empty();
    }
    int length = SpillRecord.lengthIn(read(offset, SpillRecord.HEADER_BYTES));
    if (length < 0 || size - offset - SpillRecord.HEADER_BYTES < length) {
      return Optional.empty();
    }
    try {
      return Optional.of(SpillRecord.decode(read(offset, SpillRecord.HEADER_BYTES + length)));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  private ByteBuffer read(long offset, int bytes) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(bytes);
    while (buffer.hasRemaining()) {
      if (channel.read(buffer, offset + buffer.position()) < 0) {
        throw new EOFException(file + " has become shorter");
      }
    }
    return buffer.flip();
  }

  /** Returns where the next whole record begins; the end of the file when there is none. */
  private long findNext(long from, long size) throws IOException {
    for (long at = from; at + Integer.BYTES <= size; at += WINDOW_BYTES - Integer.BYTES + 1) {
      ByteBuffer window = read(at, (int) Math.min(WINDOW_BYTES, size - at));
      for (int i = 0; i + Integer.BYTES <= window.limit(); i++) {
        if (window.getInt(i) == SpillRecord.MARKER && readAt(at + i, size).isPresent()) {
          return at + i;
        }
      }
    }
    return size;
  }

  /** Tells whether a file ends with a record that was begun, or with blocks never written. */
  private boolean isTorn(long begun, long size) throws IOException {
    if (position < size) {
      return false;
    }
    if (isZero(begun, size)) {
      return true;
    }
    int bytes = (int) Math.min(SpillRecord.HEADER_BYTES, size - begun);
    ByteBuffer header = read(begun, bytes);
    if (bytes < SpillRecord.HEADER_BYTES) {
      return bytes < Integer.BYTES || header.getInt(0) == SpillRecord.MARKER;
    }
    int length = SpillRecord.lengthIn(header);
    return length >= 0 && size - begun - SpillRecord.HEADER_BYTES < length;
  }

  private boolean isZero(long from, long size) throws IOException {
    for (long at = from; at < size; at += WINDOW_BYTES) {
      ByteBuffer window = read(at, (int) Math.min(WINDOW_BYTES, size - at));
      while (window.hasRemaining()) {
        if (window.get() != 0) {
          return false;
        }
      }
    }
    return true;
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
