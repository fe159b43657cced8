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
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.BitSet;
import java.util.List;

/**
 * Is a large file beside its target while ranges of it are missing, with a second file that says
 * which are there. Who downloads the same content to the same target later goes on with both, also
 * in another process; one at a time has them. What is there is not trusted: the digest of the whole
 * is computed of the file. Thread-safe.
 */
final class PartFile implements Closeable {
  private static final int NAME_DIGITS = 32;

  private final Path target;
  private final Path bytes;
  private final FileChannel channel;
  private final FileChannel ranges;

  @GuardedBy("this")
  private final BitSet done = new BitSet();

  private PartFile(Path target, FileChannel channel, FileChannel ranges) {
    this.target = target;
    this.bytes = bytesOf(target);
    this.channel = channel;
    this.ranges = ranges;
  }

  /**
   * Opens what there is of a file, or begins.
   *
   * @param content says in one line what is downloaded and how it is cut; where another content was
   *     begun it is forgotten
   * @throws IOException if another download to the target is under way
   */
  static PartFile open(Path target, String content) throws IOException {
    FileChannel channel =
        FileChannel.open(
            bytesOf(target),
            StandardOpenOption.CREATE,
            StandardOpenOption.READ,
            StandardOpenOption.WRITE);
    FileChannel ranges = null;
    try {
      lock(channel, target);
      ranges =
          FileChannel.open(rangesOf(target), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      PartFile file = new PartFile(target, channel, ranges);
      file.read(content);
      return file;
    } catch (IOException | RuntimeException e) {
      channel.close();
      if (ranges != null) {
        ranges.close();
      }
      throw e;
    }
  }

  private static void lock(FileChannel channel, Path target) throws IOException {
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

  private synchronized void read(String content) throws IOException {
    List<String> lines;
    try {
      lines = Files.readAllLines(rangesOf(target), StandardCharsets.US_ASCII);
    } catch (CharacterCodingException e) {
      // Not ours.
      lines = List.of();
    }
    if (lines.isEmpty() || !lines.get(0).equals(content)) {
      channel.truncate(0);
      ranges.truncate(0);
      append(content);
      return;
    }
    for (String line : lines.subList(1, lines.size())) {
      // The last may have been cut, and then belongs to a range that comes again.
      if (line.matches("[0-9]{1,6};")) {
        done.set(Integer.parseInt(line.substring(0, line.length() - 1)));
      }
    }
    ranges.position(ranges.size());
    append("");
  }

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
    Files.move(bytes, target, StandardCopyOption.ATOMIC_MOVE);
    Files.deleteIfExists(rangesOf(target));
  }

  /** Forgets what is there, which is damaged. */
  void discard() throws IOException {
    Files.deleteIfExists(rangesOf(target));
    Files.deleteIfExists(bytes);
  }

  @Override
  public void close() throws IOException {
    ranges.close();
    channel.close();
  }
}
