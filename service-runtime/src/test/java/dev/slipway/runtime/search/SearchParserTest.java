package dev.slipway.runtime.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.runtime.error.InvalidValueException;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class SearchParserTest {
  private final SearchParser<SampleField> parser = new SearchParser<>(new SampleFieldRules());

  private Filter<SampleField> parse(String text) {
    return parser.filter(text).orElseThrow();
  }

  @Test
  void filter_clausesJoinedByAnd_becomeOneConjunction() {
    assertThat(parse("metrics.acc > 0.9 and params.lr = '0.1' AND run_name LIKE \"a%\""))
        .isEqualTo(
            new Filter.And<SampleField>(
                List.of(
                    new Filter.NumberComparison<>(
                        new SampleField.Metric("acc"), Operator.GREATER, 0.9),
                    new Filter.TextComparison<>(new SampleField.Param("lr"), Operator.EQUAL, "0.1"),
                    new Filter.TextComparison<>(
                        SampleField.Attribute.RUN_NAME, Operator.LIKE, "a%"))));
  }

  @Test
  void filter_andBindsCloserThanOr_andNotCloserThanBoth() {
    SampleField a = new SampleField.Tag("a");
    assertThat(parse("tags.a = '1' or not tags.a = '2' and (tags.a = '3' or tags.a is null)"))
        .isEqualTo(
            new Filter.Or<>(
                List.of(
                    new Filter.TextComparison<>(a, Operator.EQUAL, "1"),
                    new Filter.And<>(
                        List.of(
                            new Filter.Not<>(new Filter.TextComparison<>(a, Operator.EQUAL, "2")),
                            new Filter.Or<>(
                                List.of(
                                    new Filter.TextComparison<>(a, Operator.EQUAL, "3"),
                                    new Filter.Presence<>(a, true))))))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "params.a.b.c = 'x' | a.b.c",
        "param.`a b/c` = 'x' | a b/c",
        "parameters.\"a-b\" = 'x' | a-b",
        "params.in = 'x' | in",
        "params.and.or = 'x' | and.or",
        "PARAMS.5x = 'x' | 5x",
        "params.größe = 'x' | größe",
      })
  void filter_keysInEveryForm_areTaken(String text, String key) {
    assertThat(parse(text))
        .isEqualTo(
            new Filter.TextComparison<SampleField>(
                new SampleField.Param(key), Operator.EQUAL, "x"));
  }

  @ParameterizedTest
  @CsvSource({"1,1", "-1,-1", ".5,0.5", "1e3,1000", "-1.5e-3,-0.0015", "7.,7"})
  void filter_numbersInEveryForm_areTaken(String text, double number) {
    assertThat(parse("metrics.a = " + text))
        .isEqualTo(
            new Filter.NumberComparison<SampleField>(
                new SampleField.Metric("a"), Operator.EQUAL, number));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "foo.a = 'x' | FILTER_ENTITY",
        "bar = 'x' | FILTER_ATTRIBUTE",
        "tags.a < 'x' | FILTER_OPERATOR",
        "metrics.a LIKE 1 | FILTER_SYNTAX",
        "size LIKE 1 | FILTER_OPERATOR",
        "metrics.a IN ('x') | FILTER_OPERATOR",
        "run_name IS NULL | FILTER_OPERATOR",
        "tags.a = | FILTER_SYNTAX",
        "metrics.a = 'x' | FILTER_SYNTAX"
      })
  void filter_refused_saysOfWhichKind(String text, String reason) {
    assertThatThrownBy(() -> parse(text))
        .isInstanceOfSatisfying(
            InvalidValueException.class, refusal -> assertThat(refusal.reason()).isEqualTo(reason));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "metrics.a | character 10",
        "metrics.a > | character 12",
        "metrics.a > 'x' | compared with a number",
        "params.a > 'x' | =, !=, LIKE or ILIKE",
        "tags.a = 5 | compared with text",
        "tags.a == 'x' | character 9",
        "tags.a <> 'x' | character 9",
        "foo.a = 'x' | no entity",
        "bar = 'x' | no attribute",
        "tags.a = 'x' tags.b = 'y' | character 14",
        "tags.a = 'x | character 10",
        "metrics.a LIKE 5 | LIKE takes text",
        "metrics.a IN ('x') | metrics.a is not looked up in lists",
        "metrics.a IS NULL | metrics.a takes no IS NULL",
        "tags.a IN () | character 12",
        "tags.a IN (5) | character 12",
        "start_time > '5' | number",
        "tags.a = 'x'; DROP TABLE run | character 13",
        "(tags.a = 'x' | character 14",
        "metrics.a = 1e999 | too large",
        "tags.a-b = 'x' | character 7",
        "tags.a = | such as metrics.loss < 0.5 or params.\"my key\" = 'text'",
        "tags.a = 'x' and and | character 18",
        "and | character 1",
        "size = 1.5 | size is compared with a whole number, and 1.5 is none",
        "size = 'x' | size is compared with a number",
        "size = 1e40 | whole number of at most",
        "size LIKE '1%' | not by LIKE",
        "position = 5 | position is only to order by",
      })
  void filter_fault_isRefusedWithItsPlace(String text, String message) {
    assertThatThrownBy(() -> parser.filter(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "tags.a = 'x'; DROP TABLE run | here: tags.a = 'x' >>> ; DROP TABLE run",
        "(tags.a = 'x' | here: (tags.a = 'x' >>>",
        "😀 = 1 | here:  >>> 😀 = 1",
        "metrics.accuracy_of_validation > 0.5 and foo.a = 1 | ...uracy_of_validation > 0.5 and  >>>"
            + " foo.a = 1",
        "foo.a = 1 and metrics.accuracy_of_validation > 0.5 | here:  >>> foo.a = 1 and"
            + " metrics.accuracy...",
      })
  void filter_fault_isShownInItsSurroundings(String text, String message) {
    assertThatThrownBy(() -> parser.filter(text)).hasMessageContaining(message);
  }

  @Test
  void filter_faultOnALaterLine_namesTheLine() {
    assertThatThrownBy(() -> parser.filter("tags.a = 'x'\nand tags.b ="))
        .hasMessageStartingWith("at line 2, character 13: ")
        .hasMessageEndingWith("here: tags.a = 'x'\nand tags.b = >>> ");
  }

  @Test
  void filter_longFault_isNotRepeatedWhole() {
    assertThatThrownBy(() -> parser.filter("tags.a '" + "x".repeat(10_000) + "'"))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(800));
    assertThatThrownBy(() -> parser.filter("x".repeat(10_000) + " = 1"))
        .satisfies(e -> assertThat(e.getMessage()).hasSizeLessThan(800));
  }

  @Test
  void filter_blank_isRefusedAndEmptyMatchesAll() {
    assertThat(parser.filter("")).isEmpty();
    assertThatThrownBy(() -> parser.filter("  ")).hasMessageContaining("blank");
  }

  @Test
  void filter_beyondBounds_isRefused() {
    String clause = "tags.a = 'x'";
    assertThat(parser.filter(clause + (" and " + clause).repeat(99))).isPresent();
    assertThatThrownBy(() -> parser.filter(clause + (" and " + clause).repeat(100)))
        .hasMessageContaining("at most 100 clauses");
    assertThatThrownBy(() -> parser.filter(clause + " ".repeat(16_000)))
        .hasMessageContaining("16000");
  }

  @Test
  void filter_mayEndWithAnd() {
    assertThat(parse("tags.a = 'x' AND")).isEqualTo(parse("tags.a = 'x'"));
    assertThat(parse("tags.a = 'x' or (tags.b = 'y') and"))
        .isEqualTo(parse("tags.a = 'x' or tags.b = 'y'"));
  }

  @ParameterizedTest
  @ValueSource(strings = {"2", "'2'", "\"2\"", "2.0", "2e0", "'+2'"})
  void filter_wholeNumbers_areTakenWithOrWithoutQuotes(String text) {
    assertThat(parse("size >= " + text))
        .isEqualTo(
            new Filter.NumberComparison<SampleField>(
                SampleField.Attribute.SIZE, Operator.GREATER_OR_EQUAL, 2));
  }

  @Test
  void filter_nesting_isCountedInLevels() {
    String clause = "tags.a NOT IN ('x') and tags.b IS NOT NULL";
    String wide = "(not (" + clause + "))";

    assertThat(parser.filter(wide + (" or " + wide).repeat(40))).isPresent();
    assertThat(parser.filter("(".repeat(100) + clause + ")".repeat(100))).isPresent();
    assertThat(parser.filter("not (".repeat(50) + clause + ")".repeat(50))).isPresent();
    assertThatThrownBy(() -> parser.filter("(".repeat(101) + clause + ")".repeat(101)))
        .hasMessageContaining("deeper than 100 levels");
    assertThatThrownBy(() -> parser.filter("not ".repeat(101) + clause))
        .hasMessageContaining("deeper than 100 levels");
    assertThatThrownBy(() -> parser.filter("(not ".repeat(3000)))
        .hasMessageContaining("deeper than 100 levels");
  }

  @Test
  void filter_anyText_parsesOrIsRefusedAsArgument() {
    Random random = new Random(7);
    String[] pieces = {
      "metrics",
      ".",
      "a",
      " ",
      "=",
      "!=",
      "<",
      "'",
      "\"",
      "`",
      "x",
      "and",
      "or",
      "not",
      "(",
      ")",
      "in",
      "is",
      "null",
      "like",
      "5",
      "-1",
      ",",
      "%",
      ";",
      "\\",
      "é",
      "\n",
      "params.a",
      "'v'"
    };
    for (int i = 0; i < 20_000; i++) {
      StringBuilder text = new StringBuilder();
      for (int n = random.nextInt(12); n >= 0; n--) {
        text.append(pieces[random.nextInt(pieces.length)]);
      }
      try {
        parser.filter(text.toString());
      } catch (IllegalArgumentException e) {
        assertThat(e).hasMessageNotContaining("Exception");
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"metrics.a", "metrics.a ASC", "metrics.a asc"})
  void orderBy_withoutDesc_isAscending(String text) {
    assertThat(parser.orderBy(text))
        .isEqualTo(new OrderBy<SampleField>(new SampleField.Metric("a"), false));
  }

  @ParameterizedTest
  @ValueSource(strings = {"", " ", "metrics.a down", "metrics.a, metrics.b", "nothing", "5"})
  void orderBy_fault_isRefused(String text) {
    assertThatThrownBy(() -> parser.orderBy(text)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void order_tooManyTermsOrOneFieldTwice_isRefused() {
    assertThat(parser.order(List.of("metrics.a desc", "position"), 2))
        .containsExactly(
            new OrderBy<>(new SampleField.Metric("a"), true),
            new OrderBy<>(SampleField.Attribute.POSITION, false));
    assertThatThrownBy(() -> parser.order(List.of("metrics.a", "position"), 1))
        .hasMessageContaining("at most 1");
    assertThatThrownBy(() -> parser.order(List.of("metrics.a", "metrics.`a` DESC"), 2))
        .hasMessageContaining("came before");
  }
}
