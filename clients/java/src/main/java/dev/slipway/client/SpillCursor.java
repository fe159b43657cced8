package dev.slipway.client;

import dev.slipway.client.SpillRecord.Kind;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Reads the batches of a spill's files by number. Going on in order costs one read; going back
 * starts over. For one thread.
 */
final class SpillCursor implements Closeable {
  private final Consumer<SpillScanner.Damage> damages;
  // The file being read, and the last batch that was.
  private Path reading;
  private SpillScanner scanner;
  private long readSeq;

  SpillCursor(Consumer<SpillScanner.Damage> damages) {
    this.damages = damages;
  }

  /** Returns the first batch with a greater number than that; empty when there is none. */
  Optional<SpillRecord> after(List<Path> files, long seq) throws IOException {
    if (readSeq != seq) {
      close();
    }
    int begin = reading == null ? 0 : Math.max(0, files.indexOf(reading));
    for (Path file : files.subList(begin, files.size())) {
      if (!file.equals(reading)) {
        close();
        scanner = SpillScanner.open(file, damages);
        reading = file;
      }
      Optional<SpillRecord> found = findAfter(seq);
      if (found.isPresent()) {
        readSeq = found.get().number();
        return found;
      }
    }
    return Optional.empty();
  }

  private Optional<SpillRecord> findAfter(long seq) throws IOException {
    Optional<SpillRecord> record = scanner.next();
    while (record.isPresent()
        && (record.get().kind() != Kind.METRICS || record.get().number() <= seq)) {
      record = scanner.next();
    }
    return record;
  }

  /** Lets go of a file that is to be deleted. */
  void leave(Path file) throws IOException {
    if (file.equals(reading)) {
      close();
    }
  }

  @Override
  public void close() throws IOException {
    if (scanner != null) {
      scanner.close();
    }
    scanner = null;
    reading = null;
  }
}
