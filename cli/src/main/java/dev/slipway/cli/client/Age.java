package dev.slipway.cli.client;

import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads an age as people write it: {@code 90s}, {@code 45m}, {@code 12h}, {@code 30d}; and writes
 * it, in the largest unit of which it is a whole number. Stateless.
 */
public final class Age implements ITypeConverter<Duration> {
  private static final Pattern FORM = Pattern.compile("([0-9]{1,9})([smhd])");
  private static final Map<String, ChronoUnit> UNITS =
      Map.of(
          "s", ChronoUnit.SECONDS,
          "m", ChronoUnit.MINUTES,
          "h", ChronoUnit.HOURS,
          "d", ChronoUnit.DAYS);

  private static final List<ChronoUnit> LARGEST_FIRST =
      List.of(ChronoUnit.DAYS, ChronoUnit.HOURS, ChronoUnit.MINUTES, ChronoUnit.SECONDS);

  /** Returns an age of whole seconds as it is read: {@code 7d}. */
  public static String write(Duration age) {
    ChronoUnit unit = unit(age);
    return count(age, unit) + word(unit).substring(0, 1);
  }

  /** Returns an age of whole seconds in words: {@code 7 days}. */
  public static String words(Duration age) {
    ChronoUnit unit = unit(age);
    long count = count(age, unit);
    String plural = word(unit);
    return count + " " + (count == 1 ? plural.substring(0, plural.length() - 1) : plural);
  }

  private static ChronoUnit unit(Duration age) {
    return LARGEST_FIRST.stream()
        .filter(unit -> age.toSeconds() % unit.getDuration().toSeconds() == 0)
        .findFirst()
        .orElseThrow();
  }

  private static long count(Duration age, ChronoUnit unit) {
    return age.toSeconds() / unit.getDuration().toSeconds();
  }

  private static String word(ChronoUnit unit) {
    return unit.toString().toLowerCase(Locale.ROOT);
  }

  /** Returns whether a text is an age. */
  public static boolean isAge(String text) {
    return FORM.matcher(text).matches();
  }

  @Override
  public Duration convert(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new TypeConversionException(
          "'" + text + "' is no age: give a number and s, m, h or d, such as 30d");
    }
    return Duration.of(Long.parseLong(form.group(1)), UNITS.get(form.group(2)));
  }
}
