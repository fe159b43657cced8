package dev.slipway.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/** Adds up the progress of the files of one transfer. Thread-safe. */
final class TransferMeter {
  private final TransferListener listener;
  private final long filesTotal;

  @GuardedBy("this")
  private long bytesTotal;

  @GuardedBy("this")
  private long filesDone;

  @GuardedBy("this")
  private long bytesDone;

  /**
   * Creates a meter.
   *
   * @param bytesTotal 0 where it is not known yet; grows to what was moved
   */
  TransferMeter(TransferListener listener, long filesTotal, long bytesTotal) {
    this.listener = listener;
    this.filesTotal = filesTotal;
    this.bytesTotal = bytesTotal;
  }

  File file(String path) {
    return new File(path);
  }

  private synchronized void moved(String path, long bytes, boolean done) {
    bytesDone += bytes;
    bytesTotal = Math.max(bytesTotal, bytesDone);
    if (done) {
      filesDone++;
    }
    listener.onProgress(
        new TransferListener.Progress(filesDone, filesTotal, bytesDone, bytesTotal, path));
  }

  private synchronized void expect(long bytes) {
    bytesTotal = Math.max(bytesTotal, bytes);
  }

  /** Is the progress of one file. For one thread. */
  final class File {
    private final String path;
    private long position;

    private File(String path) {
      this.path = path;
    }

    void at(long newPosition) {
      long moved = newPosition - position;
      position = newPosition;
      if (moved != 0) {
        moved(path, moved, false);
      }
    }

    /** Notes the size of the file where the transfer was begun without knowing it. */
    void expect(long size) {
      TransferMeter.this.expect(size);
    }

    void done(long size) {
      long moved = size - position;
      position = size;
      moved(path, moved, true);
    }
  }
}
