package dev.slipway.artifact.rpc;

import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Bounds what all downloads of a server hold in memory together, however many clients stall. The
 * first ones read far ahead, for speed; those that come while they last read little ahead; and
 * beyond a number that each costs a thing too, an open file or connection, they are refused.
 * Thread-safe.
 */
final class DownloadBudget {
  /** How many read far ahead: together 48 MiB. */
  static final int FAR_AHEAD = 64;

  /** How many there are at most: the others hold 32 KiB each, together 30 MiB. */
  static final int MAX_DOWNLOADS = 1024;

  private static final int FAR_CHUNK_BYTES = 256 << 10;
  private static final int FAR_READ_AHEAD_BYTES = 2 * FAR_CHUNK_BYTES;
  private static final int NEAR_BYTES = 16 << 10;

  private final Semaphore farAhead = new Semaphore(FAR_AHEAD);
  private final Semaphore downloads = new Semaphore(MAX_DOWNLOADS);

  /**
   * Takes the share of one download, which the caller closes.
   *
   * @throws TooManyDownloadsException if none is left
   */
  Share take() {
    if (!downloads.tryAcquire()) {
      throw new TooManyDownloadsException(MAX_DOWNLOADS);
    }
    return new Share(farAhead.tryAcquire());
  }

  /** Is what one download may hold. Given back once, however often it is closed. */
  final class Share implements AutoCloseable {
    private final boolean far;
    private final AtomicBoolean closed = new AtomicBoolean();

    private Share(boolean far) {
      this.far = far;
    }

    /** Returns how many bytes a chunk has at most. */
    int chunkBytes() {
      return far ? FAR_CHUNK_BYTES : NEAR_BYTES;
    }

    /** Returns with how many bytes waiting to be sent no further chunk is read. */
    int readAheadBytes() {
      return far ? FAR_READ_AHEAD_BYTES : NEAR_BYTES;
    }

    @Override
    public void close() {
      if (closed.compareAndSet(false, true)) {
        if (far) {
          farAhead.release();
        }
        downloads.release();
      }
    }
  }
}
