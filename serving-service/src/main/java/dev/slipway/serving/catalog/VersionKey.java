package dev.slipway.serving.catalog;

import java.util.Comparator;
import java.util.Objects;

/**
 * Names one version of one model.
 *
 * @param model registered model name
 * @param version version number, at least 1
 */
public record VersionKey(String model, long version) implements Comparable<VersionKey> {
  private static final Comparator<VersionKey> ORDER =
      Comparator.comparing(VersionKey::model).thenComparingLong(VersionKey::version);

  /** Checks that both parts are there. */
  public VersionKey {
    Objects.requireNonNull(model, "model");
    if (version < 1) {
      throw new IllegalArgumentException("a version is at least 1, not " + version);
    }
  }

  /** Orders by name, then number. */
  @Override
  public int compareTo(VersionKey other) {
    return ORDER.compare(this, other);
  }

  /** Returns {@code digits/3}. */
  @Override
  public String toString() {
    return model + "/" + version;
  }
}
