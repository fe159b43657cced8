package dev.slipway.client;

import java.time.Duration;

/**
 * Says how files are moved.
 *
 * @param parallelFiles how many files of a folder are moved at a time, 1 or more; of large ones a
 *     quarter of that, as each is moved in parts
 * @param parallelParts how many parts of a large file are moved at a time, 1 or more
 * @param direct whether large files go straight to the object store and from it, where the service
 *     has one that can be reached
 * @param resumable whether what came of a folder or of a large file is kept when its download
 *     fails, so that the next one to the same place goes on with it
 * @param maxAttempts how often in a row a file may fail without any byte getting through before the
 *     transfer is given up, 1 or more
 * @param firstBackoff how long to wait after the first failure; doubles with each further one, with
 *     some chance in it
 * @param maxBackoff how long to wait at most
 */
public record TransferOptions(
    int parallelFiles,
    int parallelParts,
    boolean direct,
    boolean resumable,
    int maxAttempts,
    Duration firstBackoff,
    Duration maxBackoff) {
  /**
   * Sixteen small files and four parts at a time, direct, eight attempts, waits from 0.1 to 10
   * seconds.
   */
  public static final TransferOptions DEFAULT =
      new TransferOptions(4, 8, Duration.ofMillis(100), Duration.ofSeconds(10)).withParallel(16, 4);

  /** Checks ranges. */
  public TransferOptions {
    if (parallelFiles < 1 || parallelParts < 1 || maxAttempts < 1) {
      throw new IllegalArgumentException(
          "parallelFiles, parallelParts and maxAttempts are 1 or more");
    }
    if (firstBackoff.isNegative() || maxBackoff.isNegative()) {
      throw new IllegalArgumentException("a back-off is not negative");
    }
  }

  /**
   * Creates options with as many parts as files at a time, direct, resumable in this process alone.
   */
  public TransferOptions(
      int parallelFiles, int maxAttempts, Duration firstBackoff, Duration maxBackoff) {
    this(parallelFiles, parallelFiles, true, false, maxAttempts, firstBackoff, maxBackoff);
  }

  /** Returns the same with or without transfers straight to the store and from it. */
  public TransferOptions withDirect(boolean newDirect) {
    return new TransferOptions(
        parallelFiles, parallelParts, newDirect, resumable, maxAttempts, firstBackoff, maxBackoff);
  }

  /** Returns the same with other numbers of files and of parts at a time. */
  public TransferOptions withParallel(int files, int parts) {
    return new TransferOptions(
        files, parts, direct, resumable, maxAttempts, firstBackoff, maxBackoff);
  }

  /** Returns the same with what is unfinished kept for other processes. */
  public TransferOptions withResumable(boolean newResumable) {
    return new TransferOptions(
        parallelFiles, parallelParts, direct, newResumable, maxAttempts, firstBackoff, maxBackoff);
  }
}
