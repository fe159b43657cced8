package dev.slipway.gateway.artifacts;

import io.javalin.http.Context;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The part of a file that a request asks for.
 *
 * @param first where it begins, in bytes from 0
 * @param length how many bytes are wanted at most, 0 for all to the end
 */
record ByteRange(long first, long length) {
  private static final Pattern FORM = Pattern.compile("bytes=(\\d{1,18})-(\\d{1,18})?");

  /**
   * Returns what a request asks for; empty when it wants the whole file. A server may leave ranges
   * that it does not know unheeded: several at once, those counted from the end, and those under a
   * condition.
   */
  static Optional<ByteRange> of(Context context) {
    String header = context.header("Range");
    if (header == null || context.header("If-Range") != null) {
      return Optional.empty();
    }
    Matcher form = FORM.matcher(header.strip());
    if (!form.matches()) {
      return Optional.empty();
    }
    long first = Long.parseLong(form.group(1));
    if (form.group(2) == null) {
      return Optional.of(new ByteRange(first, 0));
    }
    long last = Long.parseLong(form.group(2));
    return last < first ? Optional.empty() : Optional.of(new ByteRange(first, last - first + 1));
  }
}
