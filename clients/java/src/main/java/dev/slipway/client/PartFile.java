package dev.slipway.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.security.MessageDigest;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;

/**
 * Is a large file beside its target while ranges of it are missing, with a second file that says
 * which are there. Who downloads the same content to the same target later goes on with both, also
 * in another process; one at a time has them. What is there is not trusted: the digest of the whole
 * is computed of the file. Thread-safe.
 */
final class PartFile implements Closeable {
  private static final int NAME_DIGITS = 32;

  private final Path target;
  private final Ranges plan;
  private final FileChannel channel;
  private final FileChannel ranges;

  @GuardedBy("this")
  private final BitSet done = new BitSet();

  @GuardedBy("this")
  private boolean kept;

  private PartFile(Path target, Ranges plan, FileChannel channel, FileChannel ranges) {
    this.target = target;
    this.plan = plan;
    this.channel = channel;
    this.ranges = ranges;
  }

  /**
   * Opens what there is of a file, or begins; where another content was begun it is forgotten.
   *
   * @param plan what is downloaded, and how it is cut
   * @throws IOException if another download to the target is under way
   */
  static PartFile open(Path target, Ranges plan) throws IOException {
    FileChannel channel = openLocked(target);
    FileChannel ranges = null;
    try {
      ranges =
          FileChannel.open(rangesOf(target), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      PartFile file = new PartFile(target, plan, channel, ranges);
      file.read();
      return file;
    } catch (IOException | RuntimeException e) {
      channel.close();
      if (ranges != null) {
        ranges.close();
      }
      throw e;
    }
  }

  /**
   * Opens and locks the file of that name. Until it is locked another download may give the file
   * that was opened the name of the target, or delete it; it is not ours then.
   */
  private static FileChannel openLocked(Path target) throws IOException {
    Path path = bytesOf(target);
    while (true) {
      try {
        Object key =
            Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
                .fileKey();
        FileChannel channel =
            FileChannel.open(
                path, StandardOpenOption.READ, StandardOpenOption.WRITE, LinkOption.NOFOLLOW_LINKS);
        boolean ours = false;
        try {
          lock(channel, target);
          ours = isStill(path, key);
        } finally {
          if (!ours) {
            channel.close();
          }
        }
        if (ours) {
          return channel;
        }
      } catch (NoSuchFileException e) {
        create(path);
      }
    }
  }

  /** Returns whether a name is still that of the file with a key. */
  private static boolean isStill(Path path, Object key) throws IOException {
    try {
      return Objects.equals(
          Files.readAttributes(path, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS)
              .fileKey(),
          key);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private static void create(Path path) throws IOException {
    try {
      Path unused = Files.createFile(path);
    } catch (FileAlreadyExistsException e) {
      // Somebody else was faster.
    }
  }

  /**
   * Locks a file for the one download to a target, until the channel is closed.
   *
   * @throws IOException also if another one, in this process or another, holds it
   */
  static void lock(FileChannel channel, Path target) throws IOException {
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new IOException("another download to " + target + " is under way");
    }
  }

  /** Names are of one length, however long that of the target is. */
  private static Path part(Path target, String suffix) {
    String name = target.toAbsolutePath().getFileName().toString();
    MessageDigest digest = Digests.newSha256();
    digest.update(name.getBytes(StandardCharsets.UTF_8));
    return target
        .toAbsolutePath()
        .resolveSibling(".slipway-" + Digests.hex(digest).substring(0, NAME_DIGITS) + suffix);
  }

  static Path bytesOf(Path target) {
    return part(target, ".part");
  }

  static Path rangesOf(Path target) {
    return part(target, ".ranges");
  }

  private synchronized void read() throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(rangesOf(target), StandardCharsets.US_ASCII);
    } catch (CharacterCodingException e) {
      // Not ours.
      lines = List.of();
    }
    if (lines.isEmpty() || !lines.get(0).equals(plan.describe())) {
      restart();
      return;
    }
    for (String line : lines.subList(1, lines.size())) {
      // The last may have been cut, and then belongs to a range that comes again.
      if (line.matches("[0-9]{1,6};")) {
        int range = Integer.parseInt(line.substring(0, line.length() - 1));
        // The bytes may be lost where the note of them is not.
        if (range < plan.count() && plan.offset(range) + plan.length(range) <= channel.size()) {
          done.set(range);
        }
      }
    }
    kept = !done.isEmpty();
    ranges.truncate(0);
    append(plan.describe());
    for (int range = done.nextSetBit(0); range >= 0; range = done.nextSetBit(range + 1)) {
      append(range + ";");
    }
  }

  /** Returns whether there were ranges when this was opened, or begun anew. */
  synchronized boolean hadRanges() {
    return kept;
  }

  /** Forgets all ranges, which are damaged. */
  synchronized void restart() throws IOException {
    kept = false;
    done.clear();
    channel.truncate(0);
    ranges.truncate(0);
    append(plan.describe());
  }

  /** Truncation moves the position back to the end. */
  private void append(String line) throws IOException {
    ByteBuffer text = ByteBuffer.wrap((line + '\n').getBytes(StandardCharsets.US_ASCII));
    while (text.hasRemaining()) {
      int unused = ranges.write(text);
    }
  }

  /** Returns where the bytes go; closed with this. */
  FileChannel channel() {
    return channel;
  }

  /** Returns whether a range is there. */
  synchronized boolean has(int range) {
    return done.get(range);
  }

  /** Notes that a range is there. */
  synchronized void add(int range) throws IOException {
    done.set(range);
    append(range + ";");
  }

  /** Gives the file, which is whole, its name. */
  void finish() throws IOException {
    channel.force(true);
    // First: once the file has another name, the next download of it may begin.
    Files.deleteIfExists(rangesOf(target));
    Files.move(bytesOf(target), target, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Forgets what is there, which is damaged. */
  void discard() throws IOException {
    Files.deleteIfExists(rangesOf(target));
    Files.deleteIfExists(bytesOf(target));
  }

  @Override
  public void close() throws IOException {
    ranges.close();
    channel.close();
  }
}
