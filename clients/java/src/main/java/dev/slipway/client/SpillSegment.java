package dev.slipway.client;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HashSet;
import java.util.Set;

/**
 * Is one file of a spill that this process writes, with what is still wanted of it. For one thread.
 */
final class SpillSegment implements Closeable {
  private final Path file;
  private final FileChannel channel;
  private final Set<Long> unansweredCalls = new HashSet<>();
  private long sizeBytes;
  private boolean empty = true;
  private long lastBatch;
  private boolean dirty;

  private SpillSegment(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  static SpillSegment create(Path file) throws IOException {
    return new SpillSegment(
        file, FileChannel.open(file, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE));
  }

  Path file() {
    return file;
  }

  long sizeBytes() {
    return sizeBytes;
  }

  /**
   * Appends a record; it survives the death of this process when this returns.
   *
   * @throws IOException if it could not be written whole: the file may end with a piece of it then,
   *     and must get no more
   */
  void append(SpillRecord record) throws IOException {
    ByteBuffer bytes = record.encode();
    dirty = true;
    while (bytes.hasRemaining()) {
      sizeBytes += channel.write(bytes);
    }
    empty = false;
    switch (record.kind()) {
      case METRICS -> lastBatch = record.number();
      case CREATE_RUN, LOG_BATCH, UPDATE_RUN -> unansweredCalls.add(record.number());
      case ANSWERED -> {}
    }
  }

  /** Tells whether no record was written whole. */
  boolean isEmpty() {
    return empty;
  }

  /** Notes that a call needs not be made again; returns whether it stands here. */
  boolean answered(long call) {
    return unansweredCalls.remove(call);
  }

  /** Tells whether nothing of the file is wanted any more. */
  boolean isDone(long committedSeq) {
    return unansweredCalls.isEmpty() && lastBatch <= committedSeq;
  }

  /** Makes what was appended survive the death of the machine. */
  void force() throws IOException {
    if (dirty) {
      channel.force(false);
      dirty = false;
    }
  }

  void delete() throws IOException {
    channel.close();
    Files.delete(file);
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
