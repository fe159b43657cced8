package dev.slipway.registry.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.registry.search.ModelField.Attribute;
import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.Operator;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.runtime.search.SearchParser;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ModelFieldRulesTest {
  private final SearchParser<ModelField> parser = new SearchParser<>(new ModelFieldRules());

  private static Filter<ModelField> name(Operator operator, String value) {
    return new Filter.TextComparison<>(Attribute.NAME, operator, value);
  }

  private static Filter<ModelField> tag(String key, Operator operator, String value) {
    return new Filter.TextComparison<>(new ModelField.Tag(key), operator, value);
  }

  @Test
  void and_bindsTighterThanOr_andNotTightest() {
    assertThat(parser.filter("name = 'a' OR NOT name='b' AND (name != 'c')"))
        .contains(
            new Filter.Or<>(
                List.of(
                    name(Operator.EQUAL, "a"),
                    new Filter.And<>(
                        List.of(
                            new Filter.Not<>(name(Operator.EQUAL, "b")),
                            name(Operator.NOT_EQUAL, "c"))))));
  }

  @Test
  void keys_mayBeQuotedOrDotted_andAndMayEndTheFilter() {
    assertThat(parser.filter("tags.a.b like 'x%' and")).contains(tag("a.b", Operator.LIKE, "x%"));
    assertThat(parser.filter("tag.`a.b` = \"it's\"")).contains(tag("a.b", Operator.EQUAL, "it's"));
    assertThat(parser.filter("`name` = 'x'")).contains(name(Operator.EQUAL, "x"));
    assertThat(parser.filter("attribute.name = 'x'")).contains(name(Operator.EQUAL, "x"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "name|at character 5",
        "name =|at character 7",
        "name = x|at character 8",
        "name = 'x' name|at character 12",
        "(name = 'x'|at character 12",
        "size = 'x'|'size' is no attribute of models",
        "foo.bar = 'x'|'foo' is no entity of models",
        "name > 'x'|at character 6: text is compared by =, !=, LIKE or ILIKE",
        "name = 'x' ; drop|at character 12",
        "name == 'x'|at character 7",
        "name = 'x|at character 8",
        "name = 5|compared with text in quotes",
        "name = |such as name LIKE 'digits%' or tags.team = 'vision'",
        "name IN ('x')|name is not looked up in lists",
        "tags.a IS NULL|tags.a takes no IS NULL",
        "timestamp = '5'|timestamp is only to order by"
      })
  void broken_namesWhatAndWhere(String filter, String problem) {
    assertThatThrownBy(() -> parser.filter(filter))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void order_takesTheTwoNamesOfTheTime_butNoTagAndNoFieldTwice() {
    assertThat(parser.order(List.of("timestamp desc", "name"), 4))
        .containsExactly(
            new OrderBy<>(Attribute.LAST_UPDATED_TIMESTAMP, true),
            new OrderBy<>(Attribute.NAME, false));
    assertThatThrownBy(() -> parser.order(List.of("tags.a"), 4))
        .hasMessageContaining("cannot be ordered by tags.a");
    assertThatThrownBy(() -> parser.order(List.of("timestamp", "last_updated_timestamp ASC"), 4))
        .hasMessageContaining("came before");
  }
}
