package dev.slipway.engine.predictor.python;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** The resident memory of other processes, as Linux tells it. */
final class ProcessMemory {

  private ProcessMemory() {}

  /** Returns the bytes; 0 where the system does not tell, or the process is gone. */
  static long residentBytes(long pid) {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
        if (line.startsWith("VmRSS:")) {
          String kibibytes = line.substring("VmRSS:".length()).replace("kB", "").strip();
          return Long.parseLong(kibibytes) << 10;
        }
      }
    } catch (IOException | NumberFormatException e) {
      return 0;
    }
    return 0;
  }
}
