package dev.slipway.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Collections;

/** Is a new folder that is gone, with all that is in it, when the benchmark is done with it. */
record ScratchFolder(Path path) implements AutoCloseable {
  static ScratchFolder create() throws IOException {
    return new ScratchFolder(Files.createTempDirectory("slipway-benchmark-"));
  }

  @Override
  public void close() throws IOException {
    try (var paths = Files.walk(path)) {
      for (Path found : paths.sorted(Collections.reverseOrder()).toList()) {
        Files.delete(found);
      }
    }
  }
}
