package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.function.BiFunction;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Makes random filters together with what they mean, said over the objects themselves: by no code
 * that the search shares.
 *
 * @param <T> what is searched
 */
abstract class RandomFilters<T> {
  /** Keys, some of them words of the language, some that need quotes. */
  static final List<String> KEYS = List.of("lr", "in", "and.or", "größe", "a b/c", "not", "x-1");

  /** Texts that differ in little: by case, as patterns, as numbers. */
  static final List<String> TEXTS =
      List.of(
          "",
          "0.1",
          "1",
          "01",
          "1e3",
          "-5",
          " 7 ",
          "adam",
          "Adam",
          "ADAMW",
          "100%",
          "a_b",
          "a%b",
          "axb",
          "\\",
          "a\\%",
          "it's",
          "say \"hi\"",
          "(x) or 1=1 --",
          "größe",
          "a\nb");

  /** Numbers that metrics have and filters ask for. */
  static final List<Double> NUMBERS = List.of(0.0, 1.0, -1.0, 0.5, 0.1, 1000.0, -5.0, 1e-9, 7.0);

  static final List<String> COMPARISONS = List.of("=", "!=", "<", "<=", ">", ">=");

  final Random random;

  /** Is a filter and what it means. */
  record Sample<T>(String text, Predicate<T> meaning) {}

  RandomFilters(Random random) {
    this.random = random;
  }

  /** Returns a filter of one clause. */
  abstract Sample<T> clause();

  final Sample<T> next() {
    return disjunction(3);
  }

  private Sample<T> disjunction(int depth) {
    List<Sample<T>> parts = some(random.nextInt(4) == 0 ? 2 + random.nextInt(2) : 1, depth, true);
    return new Sample<>(
        joined(parts, " or "), one -> parts.stream().anyMatch(part -> part.meaning().test(one)));
  }

  private Sample<T> conjunction(int depth) {
    List<Sample<T>> parts = some(1 + random.nextInt(3), depth, false);
    return new Sample<>(
        joined(parts, " and "), one -> parts.stream().allMatch(part -> part.meaning().test(one)));
  }

  private List<Sample<T>> some(int count, int depth, boolean conjunctions) {
    List<Sample<T>> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      parts.add(conjunctions ? conjunction(depth) : term(depth));
    }
    return parts;
  }

  private String joined(List<Sample<T>> parts, String word) {
    return parts.stream().map(Sample::text).collect(Collectors.joining(anyCase(word)));
  }

  private Sample<T> term(int depth) {
    int kind = random.nextInt(8);
    if (kind == 0 && depth > 0) {
      Sample<T> part = term(depth - 1);
      return new Sample<>(anyCase("not ") + part.text(), part.meaning().negate());
    }
    if (kind == 1 && depth > 0) {
      Sample<T> part = disjunction(depth - 1);
      return new Sample<>("(" + part.text() + ")", part.meaning());
    }
    return clause();
  }

  /** Returns a clause about what has a key, and whose name begins with an entity. */
  final Sample<T> keyed(String entity, BiFunction<T, String, Optional<String>> find) {
    String key = pick(KEYS);
    String name = entity + "." + quotedKey(key);
    if (random.nextInt(5) == 0) {
      boolean negated = random.nextBoolean();
      return new Sample<>(
          name + anyCase(negated ? " is not null" : " is null"),
          one -> find.apply(one, key).isPresent() == negated);
    }
    return text(name, one -> find.apply(one, key), TEXTS);
  }

  /** Returns a clause about a param that is read as a number. */
  final Sample<T> paramAsNumber(BiFunction<T, String, Optional<String>> find) {
    String key = pick(KEYS);
    String operator = pick(COMPARISONS);
    double number = pick(NUMBERS);
    return new Sample<>(
        "params." + quotedKey(key) + operator + number(number),
        one ->
            find.apply(one, key)
                .flatMap(text -> new Param(key, text).number())
                .filter(value -> compare(value, operator, number))
                .isPresent());
  }

  /** Returns a clause about a time, near that of one of some objects. */
  final Sample<T> time(String name, Function<T, Optional<Instant>> time, List<T> some) {
    String operator = pick(COMPARISONS);
    Function<T, Optional<Double>> value =
        one -> time.apply(one).map(instant -> (double) instant.toEpochMilli());
    double number = value.apply(pick(some)).orElse(5.0) + random.nextInt(3) - 1;
    return new Sample<>(
        name + operator + number(number),
        one -> value.apply(one).filter(ms -> compare(ms, operator, number)).isPresent());
  }

  final Sample<T> text(String name, Function<T, Optional<String>> value, List<String> texts) {
    switch (random.nextInt(5)) {
      case 0 -> {
        boolean negated = random.nextBoolean();
        List<String> list = List.of(pick(texts), pick(texts));
        return new Sample<>(
            name
                + anyCase(negated ? " not in " : " in ")
                + list.stream().map(this::quoted).collect(Collectors.joining(" , ", "(", ")")),
            one -> value.apply(one).filter(text -> list.contains(text) != negated).isPresent());
      }
      case 1 -> {
        boolean anyCase = random.nextBoolean();
        String pattern = pattern(pick(texts));
        return new Sample<>(
            name + anyCase(anyCase ? " ilike " : " like ") + quoted(pattern),
            one -> value.apply(one).filter(text -> like(text, pattern, anyCase)).isPresent());
      }
      default -> {
        boolean equal = random.nextInt(3) > 0;
        String text = pick(texts);
        return new Sample<>(
            name + (equal ? " = " : "!=") + quoted(text),
            one -> value.apply(one).filter(own -> own.equals(text) == equal).isPresent());
      }
    }
  }

  private String pattern(String text) {
    return switch (random.nextInt(4)) {
      case 0 -> text;
      case 1 -> text.substring(0, text.length() / 2) + "%";
      case 2 -> "%" + text.substring(text.length() / 2);
      default -> text.isEmpty() ? "_" : "_" + text.substring(1);
    };
  }

  private static boolean like(String text, String pattern, boolean anyCase) {
    String regex =
        pattern
            .chars()
            .mapToObj(c -> c == '%' ? ".*" : c == '_' ? "." : Pattern.quote(Character.toString(c)))
            .collect(Collectors.joining());
    int flags = anyCase ? Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE : 0;
    return Pattern.compile(regex, flags | Pattern.DOTALL).matcher(text).matches();
  }

  static boolean compare(double value, String operator, double number) {
    return switch (operator) {
      case "=" -> value == number;
      case "!=" -> value != number;
      case "<" -> value < number;
      case "<=" -> value <= number;
      case ">" -> value > number;
      default -> value >= number;
    };
  }

  final String quotedKey(String key) {
    boolean bare = key.matches("[\\p{L}\\p{N}_]+(\\.[\\p{L}\\p{N}_]+)*");
    return switch (random.nextInt(bare ? 3 : 2)) {
      case 0 -> '`' + key + '`';
      case 1 -> '"' + key + '"';
      default -> key;
    };
  }

  private String quoted(String text) {
    boolean single = text.indexOf('"') >= 0 || (text.indexOf('\'') < 0 && random.nextBoolean());
    return single ? '\'' + text + '\'' : '"' + text + '"';
  }

  final String number(double number) {
    return switch (random.nextInt(3)) {
      case 0 -> String.format(Locale.ROOT, "%.12e", number);
      default -> new java.math.BigDecimal(number).toPlainString();
    };
  }

  final String anyCase(String word) {
    return random.nextBoolean() ? word : word.toUpperCase(Locale.ROOT);
  }

  final <E> E pick(List<E> list) {
    return list.get(random.nextInt(list.size()));
  }
}
