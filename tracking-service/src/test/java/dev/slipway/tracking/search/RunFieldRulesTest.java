package dev.slipway.tracking.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.Operator;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.runtime.search.SearchParser;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunFieldRulesTest {
  private final SearchParser<RunField> parser = new SearchParser<>(new RunFieldRules());

  private Filter<RunField> parse(String text) {
    return parser.filter(text).orElseThrow();
  }

  @Test
  void filter_clausesJoinedByAnd_becomeOneConjunction() {
    assertThat(parse("metrics.acc > 0.9 and params.lr = '0.1' AND run_name LIKE \"a%\""))
        .isEqualTo(
            new Filter.And<RunField>(
                List.of(
                    new Filter.NumberComparison<>(
                        new RunField.Metric("acc"), Operator.GREATER, 0.9),
                    new Filter.TextComparison<>(new RunField.Param("lr"), Operator.EQUAL, "0.1"),
                    new Filter.TextComparison<>(
                        RunField.Attribute.RUN_NAME, Operator.LIKE, "a%"))));
  }

  @Test
  void filter_andBindsCloserThanOr_andNotCloserThanBoth() {
    RunField a = new RunField.Tag("a");
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
            new Filter.TextComparison<RunField>(new RunField.Param(key), Operator.EQUAL, "x"));
  }

  @ParameterizedTest
  @CsvSource({"1,1", "-1,-1", ".5,0.5", "1e3,1000", "-1.5e-3,-0.0015", "7.,7"})
  void filter_numbersInEveryForm_areTaken(String text, double number) {
    assertThat(parse("metrics.a = " + text))
        .isEqualTo(
            new Filter.NumberComparison<RunField>(
                new RunField.Metric("a"), Operator.EQUAL, number));
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
        "datasets.source = 'x' | name, digest and context",
        "datasets.name > 'x' | =, !=, LIKE or ILIKE",
        "datasets.name IS NULL | takes no IS NULL",
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
      })
  void filter_fault_isRefusedWithItsPlace(String text, String message) {
    assertThatThrownBy(() -> parser.filter(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(message);
  }

  @Test
  void filter_blank_isRefusedAndEmptyMatchesAll() {
    assertThat(parser.filter("")).isEmpty();
    assertThatThrownBy(() -> parser.filter("  ")).hasMessageContaining("blank");
  }

  @ParameterizedTest
  @ValueSource(strings = {"metrics.a", "metrics.a ASC", "metrics.a asc"})
  void orderBy_withoutDesc_isAscending(String text) {
    assertThat(parser.orderBy(text))
        .isEqualTo(new OrderBy<RunField>(new RunField.Metric("a"), false));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        " ",
        "metrics.a down",
        "metrics.a, metrics.b",
        "nothing",
        "5",
        "datasets.name"
      })
  void orderBy_fault_isRefused(String text) {
    assertThatThrownBy(() -> parser.orderBy(text)).isInstanceOf(IllegalArgumentException.class);
  }
}
