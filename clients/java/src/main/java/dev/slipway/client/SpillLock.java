package dev.slipway.client;

import java.io.Closeable;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Optional;

/**
 * Owns the spill of one run and writer: whoever has it, be it the job or a sync, is the only one
 * that writes, sends or deletes it. The operating system lets go of it when the process dies.
 */
final class SpillLock implements Closeable {
  private final FileChannel channel;

  private SpillLock(FileChannel channel) {
    this.channel = channel;
  }

  /** Returns the lock of a session; empty while somebody else has it. */
  static Optional<SpillLock> tryLock(Path session) throws IOException {
    Path file = session.resolve(SpillFolder.LOCK);
    FileChannel channel =
        FileChannel.open(file, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    try {
      FileLock lock = channel.tryLock();
      // Whoever had it before may have removed the session, and the file with it.
      if (lock != null && Files.exists(file)) {
        return Optional.of(new SpillLock(channel));
      }
    } catch (OverlappingFileLockException e) {
      // It is this process that has it.
    } catch (IOException e) {
      channel.close();
      throw e;
    }
    channel.close();
    return Optional.empty();
  }

  @Override
  public void close() throws IOException {
    channel.close();
  }
}
