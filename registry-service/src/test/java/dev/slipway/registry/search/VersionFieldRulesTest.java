package dev.slipway.registry.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.registry.search.VersionField.Attribute;
import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.Operator;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.runtime.search.SearchParser;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class VersionFieldRulesTest {
  private final SearchParser<VersionField> parser = new SearchParser<>(new VersionFieldRules());

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '^',
      value = {"-3,-3", "'2',2", "\"2\",2", "1e3,1000", "7.0,7", "'+4',4"})
  void versionNumber_isWholeInAnyForm(String text, double number) {
    assertThat(parser.filter("attribute.version_number >= " + text))
        .contains(
            new Filter.NumberComparison<>(
                Attribute.VERSION_NUMBER, Operator.GREATER_OR_EQUAL, number));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "version_number = 1.5|at character 18: version_number is compared with a whole number, and"
            + " 1.5 is none",
        "version_number = '1.5'|and 1.5 is none",
        "version_number = 'x'|version_number is compared with a number",
        "version_number = ''|version_number is compared with a number",
        "version_number = 1e99999999|whole number of at most 9007199254740992",
        "version_number = 1e99999999999|compared with a number",
        "version_number LIKE '1%'|=, !=, <, <=, > or >=, not by LIKE",
        "version_number IN ('1')|version_number is not looked up in lists",
        "name IN ('x')|name is not looked up in lists",
        "run_id IS NULL|run_id takes no IS NULL",
        "stage = 'Production'|'stage' is no attribute of versions",
        "creation_timestamp > 5|only to order by",
        "foo.bar = 'x'|'foo' is no entity of versions"
      })
  void fault_isNamed(String filter, String problem) {
    assertThatThrownBy(() -> parser.filter(filter))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void runId_isLookedUpInLists() {
    assertThat(parser.filter("run_id IN ('a', 'b')"))
        .contains(new Filter.Membership<>(Attribute.RUN_ID, false, List.of("a", "b")));
  }

  @Test
  void order_takesNumberNameAndTimes() {
    assertThat(parser.order(List.of("version_number desc", "name DESC"), 4))
        .containsExactly(
            new OrderBy<>(Attribute.VERSION_NUMBER, true), new OrderBy<>(Attribute.NAME, true));
    assertThat(parser.order(List.of("creation_timestamp", "last_updated_timestamp ASC"), 4))
        .hasSize(2);
    assertThatThrownBy(() -> parser.order(List.of("run_id"), 4))
        .hasMessageContaining("cannot be ordered by run_id");
    assertThatThrownBy(() -> parser.order(List.of("name"), 0)).hasMessageContaining("at most 0");
  }
}
