package dev.slipway.cli.client;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.UUID;

/**
 * Is a file that appears under its name only when it is whole: it is written beside, and renamed by
 * {@link #complete}. What is unfinished is removed when this is closed, or when the process is told
 * to stop before. Not thread-safe.
 */
public final class OutputFile implements AutoCloseable {
  private final Path target;
  private final Path partial;
  private final FileChannel channel;
  private final Thread removeAtExit = new Thread(this::removeQuietly, "remove-unfinished-file");

  private OutputFile(Path target, Path partial) throws IOException {
    this.target = target;
    this.partial = partial;
    this.channel =
        FileChannel.open(partial, StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
  }

  /** Begins a file; one that is there already stays as it is until the new one is complete. */
  public static OutputFile create(Path path) throws IOException {
    // Whoever gives a link means the file that it leads to.
    Path target = Files.exists(path) ? path.toRealPath() : path.toAbsolutePath();
    Path partial =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
    OutputFile file = new OutputFile(target, partial);
    Runtime.getRuntime().addShutdownHook(file.removeAtExit);
    return file;
  }

  /**
   * Returns a stream to standard output, which unlike {@link System#out} tells of a closed pipe.
   */
  @SuppressWarnings("resource") // Standard output belongs to the process.
  public static OutputStream standardOutput() {
    return new FileOutputStream(FileDescriptor.out);
  }

  /** Returns a stream to the file, which {@link #close} closes. */
  public OutputStream stream() {
    return Channels.newOutputStream(channel);
  }

  /** Makes the file durable and gives it its name. */
  public void complete() throws IOException {
    channel.force(true);
    channel.close();
    Files.move(
        partial, target, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }

  @Override
  public void close() throws IOException {
    channel.close();
    Files.deleteIfExists(partial);
    try {
      Runtime.getRuntime().removeShutdownHook(removeAtExit);
    } catch (IllegalStateException e) {
      // The process is stopping already, and finds nothing left to remove.
      return;
    }
  }

  private void removeQuietly() {
    try {
      Files.deleteIfExists(partial);
    } catch (IOException e) {
      partial.toFile().deleteOnExit();
    }
  }
}
