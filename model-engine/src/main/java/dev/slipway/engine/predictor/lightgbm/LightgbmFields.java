package dev.slipway.engine.predictor.lightgbm;

import dev.slipway.engine.predictor.lightgbm.LightgbmModelFile.Malformed;
import java.util.HashMap;
import java.util.Map;
import java.util.Optional;
import java.util.StringTokenizer;

/** The lines {@code key=value} of one section of a model's text. */
final class LightgbmFields {

  private final Map<String, String> values;

  private LightgbmFields(Map<String, String> values) {
    this.values = values;
  }

  /** Reads the lines of {@code text[from, to)}; those without {@code =} are skipped. */
  static LightgbmFields parse(String text, int from, int to) throws Malformed {
    Map<String, String> values = new HashMap<>();
    int start = from;
    while (start < to) {
      int newline = text.indexOf('\n', start);
      int end = newline < 0 || newline > to ? to : newline;
      int equals = text.indexOf('=', start);
      if (equals >= 0 && equals < end) {
        String key = text.substring(start, equals);
        if (values.put(key, text.substring(equals + 1, end)) != null) {
          throw new Malformed(key + " is there twice");
        }
      }
      start = end + 1;
    }
    return new LightgbmFields(values);
  }

  Optional<String> find(String key) {
    return Optional.ofNullable(values.get(key));
  }

  String text(String key) throws Malformed {
    String value = values.get(key);
    if (value == null) {
      throw new Malformed(key + " is missing");
    }
    return value;
  }

  /** Returns one whole number; both ends are included. */
  int number(String key, int least, int most) throws Malformed {
    int value = integer(text(key), key);
    if (value < least || value > most) {
      throw new Malformed(key + " is " + value + ", not from " + least + " to " + most);
    }
    return value;
  }

  /** Returns exactly so many whole numbers. */
  int[] numbers(String key, int count) throws Malformed {
    StringTokenizer words = words(key, count);
    int[] numbers = new int[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = integer(words.nextToken(), key);
    }
    return numbers;
  }

  /** Returns exactly so many numbers. */
  double[] decimals(String key, int count) throws Malformed {
    StringTokenizer words = words(key, count);
    double[] numbers = new double[count];
    for (int i = 0; i < count; i++) {
      numbers[i] = decimal(words.nextToken(), key);
    }
    return numbers;
  }

  private StringTokenizer words(String key, int count) throws Malformed {
    // A key without values may be left out.
    StringTokenizer words = new StringTokenizer(count == 0 ? find(key).orElse("") : text(key), " ");
    if (words.countTokens() != count) {
      throw new Malformed(key + " has " + words.countTokens() + " values instead of " + count);
    }
    return words;
  }

  static int integer(String word, String key) throws Malformed {
    try {
      return Integer.parseInt(word);
    } catch (NumberFormatException e) {
      throw new Malformed(key + " has \"" + shortened(word) + "\" where a whole number belongs");
    }
  }

  private static double decimal(String word, String key) throws Malformed {
    try {
      return switch (word) {
        case "inf" -> Double.POSITIVE_INFINITY;
        case "-inf" -> Double.NEGATIVE_INFINITY;
        case "nan", "-nan" -> Double.NaN;
        default -> Double.parseDouble(word);
      };
    } catch (NumberFormatException e) {
      throw new Malformed(key + " has \"" + shortened(word) + "\" where a number belongs");
    }
  }

  private static String shortened(String word) {
    return word.length() <= 40 ? word : word.substring(0, 40) + "...";
  }
}
