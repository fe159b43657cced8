package dev.slipway.client;

import dev.slipway.client.SpillRecord.Kind;
import dev.slipway.tracking.v1.MetricBatch;
import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps on disk, in order, what one run's writer could not send yet: appends records to files,
 * reads batches back, and deletes a file when all of it has been answered. Holds the lock of its
 * folder from {@link #create} to {@link #close}. For one thread.
 */
final class SpillLog implements Closeable {
  private static final Logger log = LoggerFactory.getLogger(SpillLog.class);

  private static final long MAX_SEGMENT_BYTES = 16 << 20;
  // So that acknowledged files make room long before the bound is reached.
  private static final int MIN_SEGMENTS = 8;

  private final Path folder;
  private final Path session;
  private final SpillLock lock;
  private final long maxBytes;
  private final long segmentBytes;
  private final ArrayDeque<SpillSegment> segments = new ArrayDeque<>();
  // The last of them, while it may be appended to.
  private SpillSegment active;
  private long nextSegment = 1;
  private long lastSeq;
  private long committedSeq;
  private final SpillCursor cursor = new SpillCursor(damage -> log.warn("damaged: {}", damage));

  private SpillLog(Path folder, Path session, SpillLock lock, long maxBytes) {
    this.folder = folder;
    this.session = session;
    this.lock = lock;
    this.maxBytes = maxBytes;
    this.segmentBytes = Math.min(MAX_SEGMENT_BYTES, Math.max(1, maxBytes / MIN_SEGMENTS));
  }

  /**
   * Makes the folder of a run and writer.
   *
   * @param maxBytes how many bytes all files in {@code folder} may have, those of others included
   */
  static SpillLog create(Path folder, String runId, String writerId, long maxBytes)
      throws IOException {
    Path session = Files.createDirectories(SpillFolder.session(folder, runId, writerId));
    SpillLock lock =
        SpillLock.tryLock(session)
            .orElseThrow(() -> new IOException(session + " is in use by somebody else"));
    // A new folder is an entry in the one above.
    forceFolder(folder);
    forceFolder(folder.toAbsolutePath().getParent());
    return new SpillLog(folder, session, lock, maxBytes);
  }

  Path folder() {
    return session;
  }

  boolean isEmpty() {
    return segments.isEmpty();
  }

  /**
   * Appends a call or a batch; it survives the death of this process when this returns true. The
   * end of a run finds its place beyond the bound, unless that is 0.
   *
   * @return false when the bound of the folder does not let it
   * @throws IOException if it cannot be written; nothing of it will be read then
   */
  boolean append(SpillRecord record) throws IOException {
    if (active == null || active.sizeBytes() + record.sizeBytes() > segmentBytes) {
      long wanted = Math.max(segmentBytes, record.sizeBytes());
      if (SpillFolder.bytes(folder) + wanted > maxBytes) {
        return record.kind() == Kind.UPDATE_RUN && maxBytes > 0 && appendBeyondBound(record);
      }
      beginSegment();
    }
    write(record);
    if (record.kind() == Kind.METRICS) {
      lastSeq = record.number();
    }
    return true;
  }

  /** Appends to a file that takes nothing else. */
  private boolean appendBeyondBound(SpillRecord record) throws IOException {
    beginSegment();
    write(record);
    active = null;
    return true;
  }

  private void beginSegment() throws IOException {
    force();
    active = SpillSegment.create(SpillFolder.segment(session, nextSegment));
    nextSegment++;
    segments.add(active);
    forceFolder(session);
  }

  private void write(SpillRecord record) throws IOException {
    try {
      active.append(record);
    } catch (IOException e) {
      // It may end with a piece of a record now, after which nothing may come.
      SpillSegment broken = active;
      active = null;
      if (broken.isEmpty() && segments.remove(broken)) {
        broken.delete();
      }
      throw e;
    }
  }

  /** Notes that a call has had its answer and must not be made again. */
  void answered(long call) throws IOException {
    boolean known = false;
    for (SpillSegment segment : segments) {
      known |= segment.answered(call);
    }
    prune();
    if (known && !segments.isEmpty()) {
      if (active == null) {
        beginSegment();
      }
      write(SpillRecord.answered(call));
    }
  }

  /** Notes up to which batch the service has all. */
  void acknowledged(long seq) throws IOException {
    committedSeq = seq;
    prune();
  }

  /** In order, since an answer is noted after the call that it belongs to. */
  private void prune() throws IOException {
    while (!segments.isEmpty() && segments.peek().isDone(committedSeq)) {
      SpillSegment done = segments.remove();
      cursor.leave(done.file());
      if (done == active) {
        active = null;
      }
      done.delete();
    }
  }

  /**
   * Returns the batch with the next number; empty when it is not here.
   *
   * @throws IOException if it is here but cannot be read
   */
  Optional<MetricBatch> after(long seq) throws IOException {
    if (seq >= lastSeq) {
      return Optional.empty();
    }
    List<Path> files = segments.stream().map(SpillSegment::file).toList();
    Optional<SpillRecord> record = cursor.after(files, seq);
    if (record.isEmpty() || record.get().number() != seq + 1) {
      throw new IOException("batch " + (seq + 1) + " is missing in " + session);
    }
    return Optional.of(record.get().batch());
  }

  /** Makes all that was appended survive the death of the machine. */
  void force() throws IOException {
    for (SpillSegment segment : segments) {
      segment.force();
    }
  }

  private static void forceFolder(Path folder) {
    try (FileChannel directory = FileChannel.open(folder, StandardOpenOption.READ)) {
      directory.force(true);
    } catch (IOException e) {
      // Not every system lets a folder be opened; the files are forced all the same.
      log.debug("{} cannot be forced", folder, e);
    }
  }

  /** Lets go of the files; removes the folder when there are none. */
  @Override
  public void close() throws IOException {
    try (lock) {
      cursor.close();
      force();
      for (SpillSegment segment : segments) {
        segment.close();
      }
      if (segments.isEmpty()) {
        SpillFolder.removeEmpty(session);
      }
    }
  }
}
