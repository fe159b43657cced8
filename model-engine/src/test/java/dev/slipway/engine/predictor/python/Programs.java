package dev.slipway.engine.predictor.python;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Programs of a few lines of shell, to be taken for a Python. */
final class Programs {
  private Programs() {}

  /** Writes a program and returns its command. */
  static String write(Path folder, String script) throws IOException {
    Path file = Files.createTempFile(folder, "program", "");
    Files.writeString(file, "#!/bin/sh\n" + script + "\n");
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
    return file.toString();
  }
}
