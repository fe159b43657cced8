package dev.slipway.registry.version;

/** Numbers a version within its model, from 1 upwards; never given out twice. */
public record VersionNumber(long value) implements Comparable<VersionNumber> {
  /** Checks that the number is above 0. */
  public VersionNumber {
    if (value < 1) {
      throw new IllegalArgumentException("is " + value + "; must be above 0");
    }
  }

  @Override
  public int compareTo(VersionNumber other) {
    return Long.compare(value, other.value);
  }

  @Override
  public String toString() {
    return Long.toString(value);
  }
}
