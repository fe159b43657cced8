package dev.slipway.cli.quickstart;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Is a folder that is removed with everything in it when closed.
 *
 * @param path the folder
 */
record TemporaryFolder(Path path) implements AutoCloseable {
  /** Creates an empty folder. */
  static TemporaryFolder create() throws IOException {
    return new TemporaryFolder(Files.createTempDirectory("slipway-quickstart-"));
  }

  @Override
  public void close() throws IOException {
    List<Path> deepestFirst;
    try (Stream<Path> paths = Files.walk(path)) {
      deepestFirst = paths.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path each : deepestFirst) {
      Files.delete(each);
    }
  }
}
