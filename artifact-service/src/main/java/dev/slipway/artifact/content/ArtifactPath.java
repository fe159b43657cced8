package dev.slipway.artifact.content;

import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Is a safe place in the tree of artifacts: relative, slash-separated, normal. The empty path is
 * the root.
 *
 * <p>Safe means that no reader can be led out of the tree by it, however often it decodes percent
 * escapes: the rules hold for the path as it is and for its form after every round of decoding.
 * Every rule but that of the whole length is one of single segments, so each run of whole segments
 * of a safe path is safe too, e.g. what is left of it relative to a directory. What is kept is the
 * path as it came. Immutable.
 *
 * @param value the path, e.g. {@code 1/0f3c/artifacts/model/MLmodel}; empty for the root
 */
public record ArtifactPath(String value) {
  /** The directory that everything lies below. */
  public static final ArtifactPath ROOT = new ArtifactPath("");

  /** Most UTF-8 bytes that a path may have; also the limit of S3 keys. */
  public static final int MAX_BYTES = 1024;

  /** Most UTF-8 bytes that one segment may have; also the limit of common file systems. */
  public static final int MAX_SEGMENT_BYTES = 255;

  private static final int MAX_DECODING_ROUNDS = 10;
  private static final Pattern DRIVE_OR_FILE_URI =
      Pattern.compile("[A-Z]:|file:.*", Pattern.CASE_INSENSITIVE | Pattern.DOTALL);

  /** Checks the path. */
  public ArtifactPath {
    problem(value)
        .ifPresent(
            problem -> {
              throw new IllegalArgumentException(problem);
            });
  }

  /**
   * Returns what makes a text an unsafe path, in words for the caller; empty when it is safe. The
   * root is safe.
   */
  public static Optional<String> problem(String text) {
    if (text.isEmpty()) {
      return Optional.empty();
    }
    if (text.getBytes(StandardCharsets.UTF_8).length > MAX_BYTES) {
      return Optional.of("must not be longer than " + MAX_BYTES + " UTF-8 bytes");
    }
    String form = text;
    for (int round = 0; round <= MAX_DECODING_ROUNDS; round++) {
      Optional<String> problem = problemOfForm(form);
      if (problem.isPresent()) {
        return problem;
      }
      String decoded = decodePercent(form);
      if (decoded.equals(form)) {
        return Optional.empty();
      }
      form = decoded;
    }
    return Optional.of("must not be percent-encoded more than " + MAX_DECODING_ROUNDS + " times");
  }

  private static Optional<String> problemOfForm(String form) {
    for (int i = 0; i < form.length(); i++) {
      char c = form.charAt(i);
      if (c < 0x20 || c == 0x7F) {
        return Optional.of("must not contain control characters");
      }
      if (c == '\\' || c == '#') {
        return Optional.of("must not contain " + c);
      }
    }
    if (form.startsWith("/")) {
      return Optional.of("must be relative");
    }
    for (String segment : form.split("/", -1)) {
      if (segment.isEmpty()) {
        return Optional.of("must not have empty segments or end with a slash");
      }
      if (segment.equals(".") || segment.equals("..")) {
        return Optional.of("must not have segments . or ..");
      }
      if (DRIVE_OR_FILE_URI.matcher(segment).matches()) {
        return Optional.of(
            "must be relative, also in parts: no segment may be a drive or begin with file:");
      }
      if (segment.getBytes(StandardCharsets.UTF_8).length > MAX_SEGMENT_BYTES) {
        return Optional.of(
            "must not have segments longer than " + MAX_SEGMENT_BYTES + " UTF-8 bytes");
      }
    }
    return Optional.empty();
  }

  /** Decodes each well-formed {@code %XX} once; anything else, also a plus, stays as it is. */
  private static String decodePercent(String text) {
    if (text.indexOf('%') < 0) {
      return text;
    }
    byte[] from = text.getBytes(StandardCharsets.UTF_8);
    ByteArrayOutputStream to = new ByteArrayOutputStream(from.length);
    for (int i = 0; i < from.length; i++) {
      if (from[i] == '%' && i + 2 < from.length) {
        int high = Character.digit(from[i + 1], 16);
        int low = Character.digit(from[i + 2], 16);
        if (high >= 0 && low >= 0) {
          to.write(high << 4 | low);
          i += 2;
          continue;
        }
      }
      to.write(from[i]);
    }
    return to.toString(StandardCharsets.UTF_8);
  }

  /** Returns whether this is the root. */
  public boolean isRoot() {
    return value.isEmpty();
  }

  /** Returns the last segment; empty for the root. */
  public String name() {
    return value.substring(value.lastIndexOf('/') + 1);
  }

  /**
   * Returns the directory that this path lies in.
   *
   * @throws IllegalStateException for the root
   */
  public ArtifactPath parent() {
    if (isRoot()) {
      throw new IllegalStateException("the root lies in no directory");
    }
    int slash = value.lastIndexOf('/');
    return slash < 0 ? ROOT : new ArtifactPath(value.substring(0, slash));
  }

  /** Returns the path as UTF-8, which is the order of listings and manifests. */
  public byte[] utf8() {
    return value.getBytes(StandardCharsets.UTF_8);
  }

  /** Returns the path in quotes, for messages. */
  @Override
  public String toString() {
    return isRoot() ? "the root" : "'" + value + "'";
  }
}
