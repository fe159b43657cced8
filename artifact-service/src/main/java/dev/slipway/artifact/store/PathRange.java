package dev.slipway.artifact.store;

import dev.slipway.artifact.content.ArtifactPath;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;

/**
 * Is everything below a directory, as a range of UTF-8 paths that is exclusive at both ends: what
 * begins with {@code <path>/} lies between that and {@code <path>0}, as {@code 0} follows the
 * slash.
 */
final class PathRange {
  private static final byte[] FIRST = {};
  // No UTF-8 text has this byte.
  private static final byte[] LAST = {(byte) 0xFF};

  private final byte[] after;
  private final byte[] end;

  private PathRange(byte[] after, byte[] end) {
    this.after = after;
    this.end = end;
  }

  static PathRange below(ArtifactPath directory) {
    if (directory.isRoot()) {
      return new PathRange(FIRST, LAST);
    }
    return new PathRange(utf8(directory.value() + '/'), utf8(directory.value() + '0'));
  }

  byte[] after() {
    return after;
  }

  byte[] end() {
    return end;
  }

  /**
   * Returns what lies behind a path of this range.
   *
   * @throws IllegalArgumentException if the path is none of this range
   */
  PathRange from(byte[] lastSeen) {
    if (Arrays.compareUnsigned(lastSeen, after) <= 0
        || Arrays.compareUnsigned(lastSeen, end) >= 0) {
      throw new IllegalArgumentException("not below this directory");
    }
    return new PathRange(lastSeen, end);
  }

  /** Returns how many bytes the paths of the range have in common, up to and with the slash. */
  static int prefixLength(ArtifactPath directory) {
    return directory.isRoot() ? 0 : directory.utf8().length + 1;
  }

  static byte[] utf8(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }
}
