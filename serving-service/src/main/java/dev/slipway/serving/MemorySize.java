package dev.slipway.serving;

import java.lang.management.ManagementFactory;
import java.util.Locale;
import java.util.Map;
import java.util.OptionalLong;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** An amount of memory as people write it: {@code 8GiB}, {@code 500 MB}, {@code 50%}, 4096. */
final class MemorySize {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,15})\\s*([A-Za-z]*|%)");

  private static final Map<String, Long> UNITS =
      Map.of(
          "", 1L,
          "b", 1L,
          "kb", 1_000L,
          "mb", 1_000_000L,
          "gb", 1_000_000_000L,
          "tb", 1_000_000_000_000L,
          "kib", 1L << 10,
          "mib", 1L << 20,
          "gib", 1L << 30,
          "tib", 1L << 40);

  private MemorySize() {}

  /**
   * Reads an amount, bytes; empty if it is malformed or too large.
   *
   * @param wholeBytes what 100 % are
   */
  static OptionalLong parse(String text, long wholeBytes) {
    Matcher form = FORM.matcher(text.strip());
    if (!form.matches()) {
      return OptionalLong.empty();
    }
    long number = Long.parseLong(form.group(1));
    if (form.group(2).equals("%")) {
      return number > 100
          ? OptionalLong.empty()
          : OptionalLong.of((long) (wholeBytes / 100.0 * number));
    }
    Long unit = UNITS.get(form.group(2).toLowerCase(Locale.ROOT));
    return unit == null || number > Long.MAX_VALUE / unit
        ? OptionalLong.empty()
        : OptionalLong.of(number * unit);
  }

  /** Returns the memory that this process may use: the machine's, or its container's. */
  static long ofMachine() {
    return ManagementFactory.getOperatingSystemMXBean()
            instanceof com.sun.management.OperatingSystemMXBean system
        ? system.getTotalMemorySize()
        : Runtime.getRuntime().maxMemory();
  }
}
