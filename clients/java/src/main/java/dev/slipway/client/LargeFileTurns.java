package dev.slipway.client;

import java.io.IOException;
import java.util.concurrent.Semaphore;

/**
 * Lets fewer large files of a folder move at a time than small ones: a small file waits for answers
 * more than for bytes, a large one fills the line by itself. Thread-safe.
 */
final class LargeFileTurns {
  private static final int SMALL_FILES_PER_LARGE = 4;

  private final TransferSizes sizes;
  private final Semaphore turns;

  /** Creates turns for one folder. */
  LargeFileTurns(TransferOptions options, TransferSizes sizes) {
    this.sizes = sizes;
    this.turns = new Semaphore(Math.max(1, options.parallelFiles() / SMALL_FILES_PER_LARGE));
  }

  /** Moves a file, when it is its turn. */
  <T> T take(long sizeBytes, ParallelTasks.Task<T> move) throws IOException, InterruptedException {
    if (!sizes.suitParts(sizeBytes)) {
      return move.call();
    }
    turns.acquire();
    try {
      return move.call();
    } finally {
      turns.release();
    }
  }
}
