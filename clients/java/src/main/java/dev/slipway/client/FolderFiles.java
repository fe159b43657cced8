package dev.slipway.client;

import java.io.Closeable;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.stream.Stream;

/**
 * Gives the files below a folder, at any depth and in no order, a batch at a time. Links to files
 * are followed, links to folders are not. For one thread.
 */
final class FolderFiles implements Closeable {
  static final int BATCH = 1000;

  private final Stream<Path> walk;
  private final Iterator<Path> files;

  /** Opens a folder that is no link itself; the caller closes. */
  @SuppressWarnings("StreamResourceLeak") // It is closed with this.
  FolderFiles(Path folder) throws IOException {
    this.walk = Files.walk(folder);
    this.files = walk.filter(Files::isRegularFile).iterator();
  }

  /** Returns the next {@value #BATCH} files, or as many as there are; empty at the end. */
  List<Path> next() throws IOException {
    List<Path> batch = new ArrayList<>();
    try {
      while (batch.size() < BATCH && files.hasNext()) {
        batch.add(files.next());
      }
    } catch (UncheckedIOException e) {
      throw e.getCause();
    }
    return batch;
  }

  @Override
  public void close() {
    walk.close();
  }
}
