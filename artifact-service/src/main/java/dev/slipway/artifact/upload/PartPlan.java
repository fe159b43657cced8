package dev.slipway.artifact.upload;

import java.util.OptionalLong;

/**
 * Says how a file is cut into the parts of a presigned upload. Part numbers begin at 1. Immutable.
 *
 * @param sizeBytes size of the file; empty when it is not known
 * @param partSizeBytes size of each part but the last; 0 when the size of the file is not known
 * @param partCount number of parts, 1 to {@link #MAX_PARTS}
 */
public record PartPlan(OptionalLong sizeBytes, long partSizeBytes, int partCount) {
  /** The most parts that an upload has, which is the limit of S3. */
  public static final int MAX_PARTS = 10_000;

  /** The least bytes that each part but the last has, which is the limit of S3. */
  public static final long MIN_PART_BYTES = 5L << 20;

  /** The most bytes that a part has, which is the limit of S3. */
  public static final long MAX_PART_BYTES = 5L << 30;

  private static final long DEFAULT_PART_BYTES = 16L << 20;
  private static final long MEBIBYTE = 1 << 20;

  /** Checks the number of parts. */
  public PartPlan {
    if (partCount < 1 || partCount > MAX_PARTS) {
      throw new IllegalArgumentException(
          "there would be " + partCount + " parts; 1 to " + MAX_PARTS + " are allowed");
    }
  }

  /** Returns the plan for a file whose size is not known. */
  public static PartPlan ofUnknownSize(int partCount) {
    return new PartPlan(OptionalLong.empty(), 0, partCount);
  }

  /**
   * Returns the size of parts that suits a file: 16 MiB, or as many whole MiB as keep the parts few
   * enough.
   */
  public static long partSizeBytes(long sizeBytes) {
    return Math.max(DEFAULT_PART_BYTES, leastPartBytes(sizeBytes));
  }

  /** Returns as many whole MiB as keep the parts of a file few enough. */
  public static long leastPartBytes(long sizeBytes) {
    long smallest = (sizeBytes + MAX_PARTS - 1) / MAX_PARTS;
    return (smallest + MEBIBYTE - 1) / MEBIBYTE * MEBIBYTE;
  }

  /**
   * Returns the plan for a file with parts of a given size. An empty file has one empty part.
   *
   * @throws IllegalArgumentException if the parts are too small, too large or too many
   */
  public static PartPlan of(long sizeBytes, long partSizeBytes) {
    if (partSizeBytes < MIN_PART_BYTES || partSizeBytes > MAX_PART_BYTES) {
      throw new IllegalArgumentException(
          "is " + partSizeBytes + "; must be 5 MiB to 5 GiB, or 0 for the server to choose");
    }
    long count = Math.max(1, (sizeBytes + partSizeBytes - 1) / partSizeBytes);
    return new PartPlan(
        OptionalLong.of(sizeBytes), partSizeBytes, (int) Math.min(count, Integer.MAX_VALUE));
  }

  /** Returns where in the file a part begins; 0 when the size of the file is not known. */
  public long offset(int partNumber) {
    return partSizeBytes * (partNumber - 1);
  }

  /** Returns the number of bytes of a part, when the size of the file is known. */
  public OptionalLong knownSizeBytes(int partNumber) {
    return sizeBytes.isEmpty() ? OptionalLong.empty() : OptionalLong.of(sizeBytes(partNumber));
  }

  /** Returns the number of bytes of a part; 0 when the size of the file is not known. */
  public long sizeBytes(int partNumber) {
    return sizeBytes.isEmpty()
        ? 0
        : Math.min(partSizeBytes, sizeBytes.getAsLong() - offset(partNumber));
  }
}
