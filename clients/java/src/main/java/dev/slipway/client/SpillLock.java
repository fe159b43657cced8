package dev.slipway.client;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Owns the spill of one run and writer: whoever has it, be it the job or a sync, is the only one
 * that writes, sends or deletes it. The operating system lets go of it when the process dies.
 */
final class SpillLock implements Closeable {
  // The system's locks belong to the process, like this: it drops them once the process closes the
  // file anywhere. So a file that is locked here must not even be opened.
  private static final Set<Path> HELD = ConcurrentHashMap.newKeySet();

  private final Path file;
  private final FileChannel channel;

  private SpillLock(Path file, FileChannel channel) {
    this.file = file;
    this.channel = channel;
  }

  /** Returns the lock of a session; empty while somebody else has it. */
  static Optional<SpillLock> tryLock(Path session) throws IOException {
    Path file = session.toRealPath().resolve(SpillFolder.LOCK);
    if (!HELD.add(file)) {
      return Optional.empty();
    }
    Optional<SpillLock> lock = Optional.empty();
    try {
      lock = lock(file);
      return lock;
    } finally {
      if (lock.isEmpty()) {
        HELD.remove(file);
      }
    }
  }

  private static Optional<SpillLock> lock(Path file) throws IOException {
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      // Whoever had it before may have removed the session, and the file with it.
      if (lock != null && Files.exists(file)) {
        return Optional.of(new SpillLock(file, channel));
      }
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    try {
      channel.close();
    } finally {
      HELD.remove(file);
    }
  }
}
