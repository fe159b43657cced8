package dev.slipway.cli.server;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Is a folder that is removed with everything in it when closed, or when the process is told to
 * stop before.
 */
public final class TemporaryFolder implements AutoCloseable {
  private final Path path;
  private final Thread removeAtExit = new Thread(this::removeQuietly, "remove-temporary-folder");

  private TemporaryFolder(Path path) {
    this.path = path;
  }

  /** Creates an empty folder. */
  public static TemporaryFolder create() throws IOException {
    TemporaryFolder folder = new TemporaryFolder(Files.createTempDirectory("slipway-"));
    Runtime.getRuntime().addShutdownHook(folder.removeAtExit);
    return folder;
  }

  /** Returns the folder. */
  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    remove();
    try {
      Runtime.getRuntime().removeShutdownHook(removeAtExit);
    } catch (IllegalStateException e) {
      // The process is stopping already, and finds nothing left to remove.
      return;
    }
  }

  private void removeQuietly() {
    try {
      remove();
    } catch (IOException e) {
      // A server in this process may still be writing: the system cleans its temporary folder up
      // some day.
      path.toFile().deleteOnExit();
    }
  }

  private void remove() throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(path)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : deepestFirst) {
      Files.deleteIfExists(each);
    }
  }
}
