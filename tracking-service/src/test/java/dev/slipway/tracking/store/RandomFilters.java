package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.Run;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * Makes random filters together with what they mean, said over the runs themselves: by no code that
 * the search shares.
 */
final class RandomFilters {
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

  private static final List<String> COMPARISONS = List.of("=", "!=", "<", "<=", ">", ">=");
  private static final List<String> STATUSES = List.of("RUNNING", "FINISHED", "FAILED", "x");

  private final Random random;
  private final List<Run> runs;

  /** Is a filter and what it means. */
  record Sample(String text, Predicate<Run> meaning) {}

  /**
   * Creates the source of filters.
   *
   * @param runs runs whose ids and times filters ask for
   */
  RandomFilters(Random random, List<Run> runs) {
    this.random = random;
    this.runs = runs;
  }

  Sample next() {
    return disjunction(3);
  }

  private Sample disjunction(int depth) {
    List<Sample> parts = some(random.nextInt(4) == 0 ? 2 + random.nextInt(2) : 1, depth, true);
    return new Sample(
        joined(parts, " or "), run -> parts.stream().anyMatch(part -> part.meaning().test(run)));
  }

  private Sample conjunction(int depth) {
    List<Sample> parts = some(1 + random.nextInt(3), depth, false);
    return new Sample(
        joined(parts, " and "), run -> parts.stream().allMatch(part -> part.meaning().test(run)));
  }

  private List<Sample> some(int count, int depth, boolean conjunctions) {
    List<Sample> parts = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      parts.add(conjunctions ? conjunction(depth) : term(depth));
    }
    return parts;
  }

  private String joined(List<Sample> parts, String word) {
    return parts.stream().map(Sample::text).collect(Collectors.joining(anyCase(word)));
  }

  private Sample term(int depth) {
    int kind = random.nextInt(8);
    if (kind == 0 && depth > 0) {
      Sample part = term(depth - 1);
      return new Sample(anyCase("not ") + part.text(), part.meaning().negate());
    }
    if (kind == 1 && depth > 0) {
      Sample part = disjunction(depth - 1);
      return new Sample("(" + part.text() + ")", part.meaning());
    }
    return clause();
  }

  private Sample clause() {
    return switch (random.nextInt(8)) {
      case 0, 1 -> metric();
      case 2 -> keyed("params", RandomFilters::param);
      case 3 -> keyed("tags", RandomFilters::tag);
      case 4 -> paramAsNumber();
      case 5 -> time();
      default -> attribute();
    };
  }

  private Sample metric() {
    String key = pick(KEYS);
    String operator = pick(COMPARISONS);
    double number = pick(NUMBERS);
    return new Sample(
        "metrics." + quotedKey(key) + " " + operator + " " + number(number),
        run -> metric(run, key).filter(value -> compare(value, operator, number)).isPresent());
  }

  private Sample paramAsNumber() {
    String key = pick(KEYS);
    String operator = pick(COMPARISONS);
    double number = pick(NUMBERS);
    return new Sample(
        "params." + quotedKey(key) + operator + number(number),
        run ->
            param(run, key)
                .flatMap(text -> new Param(key, text).number())
                .filter(value -> compare(value, operator, number))
                .isPresent());
  }

  private Sample keyed(String entity, BiFind find) {
    String key = pick(KEYS);
    String name = entity + "." + quotedKey(key);
    if (random.nextInt(5) == 0) {
      boolean negated = random.nextBoolean();
      return new Sample(
          name + anyCase(negated ? " is not null" : " is null"),
          run -> find.of(run, key).isPresent() == negated);
    }
    return text(name, run -> find.of(run, key), TEXTS);
  }

  private interface BiFind {
    Optional<String> of(Run run, String key);
  }

  private Sample time() {
    String operator = pick(COMPARISONS);
    boolean start = random.nextBoolean();
    Function<Run, Optional<Double>> value =
        run ->
            (start ? Optional.of(run.info().startTime()) : run.info().endTime())
                .map(time -> (double) time.toEpochMilli());
    double number = value.apply(pick(runs)).orElse(5.0) + random.nextInt(3) - 1;
    return new Sample(
        (start ? "attributes.start_time" : "end_time") + operator + number(number),
        run -> value.apply(run).filter(time -> compare(time, operator, number)).isPresent());
  }

  private Sample attribute() {
    return switch (random.nextInt(5)) {
      case 0 -> text("run_name", run -> Optional.of(run.info().name()), TEXTS);
      case 1 -> text("attribute.user_id", run -> Optional.of(run.info().userId()), TEXTS);
      case 2 -> text("status", run -> Optional.of(run.info().status().name()), STATUSES);
      case 3 ->
          text(
              "run.artifact_uri",
              run -> Optional.of(run.info().artifactUri()),
              runs.stream().limit(5).map(run -> run.info().artifactUri()).toList());
      default ->
          text(
              "run_id",
              run -> Optional.of(run.info().id().toString()),
              runs.stream().limit(5).map(run -> run.info().id().toString()).toList());
    };
  }

  private Sample text(String name, Function<Run, Optional<String>> value, List<String> texts) {
    switch (random.nextInt(5)) {
      case 0 -> {
        boolean negated = random.nextBoolean();
        List<String> list = List.of(pickQuotable(texts), pickQuotable(texts));
        return new Sample(
            name
                + anyCase(negated ? " not in " : " in ")
                + list.stream().map(this::quoted).collect(Collectors.joining(" , ", "(", ")")),
            run -> value.apply(run).filter(text -> list.contains(text) != negated).isPresent());
      }
      case 1 -> {
        boolean anyCase = random.nextBoolean();
        String pattern = pattern(pickQuotable(texts));
        return new Sample(
            name + anyCase(anyCase ? " ilike " : " like ") + quoted(pattern),
            run -> value.apply(run).filter(text -> like(text, pattern, anyCase)).isPresent());
      }
      default -> {
        boolean equal = random.nextInt(3) > 0;
        String text = pickQuotable(texts);
        return new Sample(
            name + (equal ? " = " : "!=") + quoted(text),
            run -> value.apply(run).filter(own -> own.equals(text) == equal).isPresent());
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

  private static boolean compare(double value, String operator, double number) {
    return switch (operator) {
      case "=" -> value == number;
      case "!=" -> value != number;
      case "<" -> value < number;
      case "<=" -> value <= number;
      case ">" -> value > number;
      default -> value >= number;
    };
  }

  static Optional<Double> metric(Run run, String key) {
    return run.metrics().stream()
        .filter(metric -> metric.key().equals(key))
        .map(LatestMetric::point)
        .map(point -> point.value())
        .findFirst();
  }

  static Optional<String> param(Run run, String key) {
    return run.params().stream()
        .filter(param -> param.key().equals(key))
        .map(Param::value)
        .findFirst();
  }

  static Optional<String> tag(Run run, String key) {
    return run.tags().stream().filter(tag -> tag.key().equals(key)).map(Tag::value).findFirst();
  }

  String quotedKey(String key) {
    boolean bare = key.matches("[\\p{L}\\p{N}_]+(\\.[\\p{L}\\p{N}_]+)*");
    return switch (random.nextInt(bare ? 3 : 2)) {
      case 0 -> '`' + key + '`';
      case 1 -> '"' + key + '"';
      default -> key;
    };
  }

  private String pickQuotable(List<String> texts) {
    return pick(texts);
  }

  private String quoted(String text) {
    boolean single = text.indexOf('"') >= 0 || (text.indexOf('\'') < 0 && random.nextBoolean());
    return single ? '\'' + text + '\'' : '"' + text + '"';
  }

  private String number(double number) {
    return switch (random.nextInt(3)) {
      case 0 -> String.format(Locale.ROOT, "%.12e", number);
      default -> new java.math.BigDecimal(number).toPlainString();
    };
  }

  private String anyCase(String word) {
    return random.nextBoolean() ? word : word.toUpperCase(Locale.ROOT);
  }

  private <T> T pick(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }
}
