package dev.slipway.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;

/** Adds up the progress of the parts of one file. Thread-safe. */
final class PartsProgress {
  private final TransferMeter.File file;
  private final Retries retries;

  @GuardedBy("this")
  private long total;

  /** Creates it; {@code retries} gets its attempts back when the file comes further. */
  PartsProgress(TransferMeter.File file, Retries retries) {
    this.file = file;
    this.retries = retries;
  }

  /** Begins anew: so many bytes are done with. */
  synchronized void reset(long bytes) {
    total = bytes;
    file.at(bytes);
  }

  Part part() {
    return new Part();
  }

  /** Is the progress of one part. Thread-safe. */
  final class Part {
    @GuardedBy("PartsProgress.this")
    private long position;

    private Part() {}

    /** Says how many bytes of the part are moved; fewer than before when it is tried again. */
    void at(long newPosition) {
      synchronized (PartsProgress.this) {
        total += newPosition - position;
        position = newPosition;
        file.at(total);
        retries.progressed(total);
      }
    }
  }
}
