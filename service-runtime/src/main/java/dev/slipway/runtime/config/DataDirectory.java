package dev.slipway.runtime.config;

import dev.slipway.runtime.server.StartupException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * Holds a folder for one process alone, by a lock that the operating system drops when the process
 * dies. Thread-safe.
 */
public final class DataDirectory implements AutoCloseable {
  private static final String LOCK_FILE = "slipway.lock";

  private final Path path;
  private final FileChannel channel;
  private final FileLock lock;

  private DataDirectory(Path path, FileChannel channel, FileLock lock) {
    this.path = path;
    this.channel = channel;
    this.lock = lock;
  }

  /**
   * Creates the folder when absent and takes it.
   *
   * @throws StartupException if it cannot be written, or another process holds it
   */
  public static DataDirectory open(Path path) {
    try {
      Files.createDirectories(path);
      FileChannel channel =
          FileChannel.open(
              path.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      FileLock lock = tryLock(channel);
      if (lock == null) {
        channel.close();
        throw new StartupException(
            "data folder "
                + path
                + " is in use by another slipway: stop it or choose another with --data-dir");
      }
      return new DataDirectory(path, channel, lock);
    } catch (IOException e) {
      throw new StartupException(
          "data folder " + path + " cannot be used (" + e + "): choose another with --data-dir", e);
    }
  }

  private static FileLock tryLock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Held by this very process.
      return null;
    }
  }

  /** Returns the folder. */
  public Path path() {
    return path;
  }

  /** Lets go of the folder. */
  @Override
  public void close() {
    try {
      lock.release();
      channel.close();
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }
}
