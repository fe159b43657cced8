package dev.slipway.artifact.asset;

import java.time.DateTimeException;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.ResolverStyle;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Is a complete version: two numbers that are ordered one after the other. A date is the seconds
 * since 1970 as major, with minor 0. Immutable.
 *
 * @param scheme how it is written
 * @param major first number: 0 to 999,999,999, or seconds of the years 0 to 9999
 * @param minor second number, 0 to 999,999,999
 */
public record VersionNumber(VersioningScheme scheme, long major, long minor)
    implements Comparable<VersionNumber> {
  /** Highest number of a major or minor. */
  public static final long MAX_NUMBER = 999_999_999;

  private static final Comparator<VersionNumber> ORDER =
      Comparator.comparing(VersionNumber::scheme)
          .thenComparingLong(VersionNumber::major)
          .thenComparingLong(VersionNumber::minor);

  private static final Pattern NUMBERS = Pattern.compile("(0|[1-9]\\d{0,8})\\.(0|[1-9]\\d{0,8})");
  private static final Pattern DATE = Pattern.compile("\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\dZ");
  private static final DateTimeFormatter DATE_FORMAT =
      DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH-mm-ss'Z'")
          .withResolverStyle(ResolverStyle.STRICT);
  private static final long FIRST_SECOND = Instant.parse("0000-01-01T00:00:00Z").getEpochSecond();
  private static final long LAST_SECOND = Instant.parse("9999-12-31T23:59:59Z").getEpochSecond();

  /** Checks the ranges. */
  public VersionNumber {
    boolean valid =
        scheme == VersioningScheme.DATE
            ? minor == 0 && major >= FIRST_SECOND && major <= LAST_SECOND
            : inRange(major) && inRange(minor);
    if (!valid) {
      throw new IllegalArgumentException("out of range: " + major + ", " + minor);
    }
  }

  /**
   * Reads a complete version of either scheme; their forms have nothing in common.
   *
   * @throws IllegalArgumentException if the text is none
   */
  public static VersionNumber parse(String text) {
    Matcher numbers = NUMBERS.matcher(text);
    if (numbers.matches()) {
      return numbers(Long.parseLong(numbers.group(1)), Long.parseLong(numbers.group(2)));
    }
    if (DATE.matcher(text).matches()) {
      try {
        LocalDateTime date = LocalDateTime.parse(text, DATE_FORMAT);
        return date(date.toEpochSecond(ZoneOffset.UTC));
      } catch (DateTimeException e) {
        throw new IllegalArgumentException("is no date: " + e.getMessage(), e);
      }
    }
    throw new IllegalArgumentException(
        "must be <major>.<minor>, each 0 to 999999999 without leading zeros, or a date"
            + " YYYY-MM-DDThh-mm-ssZ");
  }

  /** Returns a version of two numbers. */
  public static VersionNumber numbers(long major, long minor) {
    return new VersionNumber(VersioningScheme.MAJOR_MINOR, major, minor);
  }

  private static VersionNumber date(long second) {
    return new VersionNumber(VersioningScheme.DATE, second, 0);
  }

  /** Returns the first version of an asset that is pushed now. */
  public static VersionNumber first(VersioningScheme scheme, Instant now) {
    return scheme == VersioningScheme.DATE ? date(now.getEpochSecond()) : numbers(0, 0);
  }

  /**
   * Returns the version after this one, which is the newest of its asset or major.
   *
   * @param bumpMajor whether to raise the major; means nothing to dates
   * @param now when it is pushed; a clock that is behind this date gives the second after it
   * @throws VersionNumbersExhaustedException if there is no higher number
   */
  public VersionNumber next(boolean bumpMajor, Instant now) {
    if (scheme == VersioningScheme.DATE) {
      requireRoom(major, LAST_SECOND);
      return date(Math.max(now.getEpochSecond(), major + 1));
    }
    requireRoom(bumpMajor ? major : minor, MAX_NUMBER);
    return bumpMajor ? numbers(major + 1, 0) : numbers(major, minor + 1);
  }

  private void requireRoom(long number, long max) {
    if (number >= max) {
      throw new VersionNumbersExhaustedException(this);
    }
  }

  private static boolean inRange(long number) {
    return number >= 0 && number <= MAX_NUMBER;
  }

  @Override
  public int compareTo(VersionNumber other) {
    return ORDER.compare(this, other);
  }

  /** Returns the version as people write it. */
  @Override
  public String toString() {
    return scheme == VersioningScheme.DATE
        ? DATE_FORMAT.format(LocalDateTime.ofEpochSecond(major, 0, ZoneOffset.UTC))
        : major + "." + minor;
  }
}
