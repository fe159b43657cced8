package dev.slipway.benchmarks;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Reads from the log of a JVM's garbage collector how much of the heap was ever in use, which is
 * most right before a collection. For one thread.
 */
final class HeapPeak {
  // As in "Pause Young (Allocation Failure) 80M->12M(247M) 9.1ms".
  private static final Pattern COLLECTION = Pattern.compile("(\\d+)M->\\d+M\\(\\d+M\\)");

  private final Path log;

  /**
   * Creates it.
   *
   * @param log a file for the JVM to write, see {@link #option}
   */
  HeapPeak(Path log) {
    this.log = log;
  }

  /** Returns the JVM option that writes the log. */
  String option() {
    return "-Xlog:gc:file=" + log + ":none:filecount=0";
  }

  /** Returns the lines there are, to be told what came after them. */
  int mark() throws IOException {
    return lines().size();
  }

  /** Returns the most that was in use since a mark, in MiB; 0 when nothing was collected since. */
  int mebibytesSince(int mark) throws IOException {
    return lines().stream()
        .skip(mark)
        .map(COLLECTION::matcher)
        .filter(Matcher::find)
        .mapToInt(collection -> Integer.parseInt(collection.group(1)))
        .max()
        .orElse(0);
  }

  private List<String> lines() throws IOException {
    return Files.readAllLines(log);
  }
}
