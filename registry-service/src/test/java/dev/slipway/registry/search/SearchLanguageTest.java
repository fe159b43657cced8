package dev.slipway.registry.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.registry.search.Condition.And;
import dev.slipway.registry.search.Condition.Comparison;
import dev.slipway.registry.search.Condition.Not;
import dev.slipway.registry.search.Condition.Or;
import dev.slipway.registry.search.RegistrySearch.Column;
import dev.slipway.registry.search.RegistrySearch.SortKey;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class SearchLanguageTest {
  @Test
  void and_bindsTighterThanOr_andNotTightest() {
    Condition condition =
        SearchLanguage.MODELS.parseFilter("name = 'a' OR NOT name='b' AND (name != 'c')");

    assertThat(condition)
        .isEqualTo(
            new Or(
                List.of(
                    name("=", "a"), new And(List.of(new Not(name("=", "b")), name("!=", "c"))))));
  }

  @Test
  void keys_mayBeQuotedOrDotted_andAndMayEndTheFilter() {
    Attribute dotted = new Attribute(Attribute.Kind.TAG, Optional.of("a.b"));
    assertThat(SearchLanguage.MODELS.parseFilter("tags.a.b like 'x%' and"))
        .isEqualTo(new Comparison(dotted, "LIKE", "x%"));
    assertThat(SearchLanguage.MODELS.parseFilter("tag.`a.b` = \"it's\""))
        .isEqualTo(new Comparison(dotted, "=", "it's"));
    assertThat(SearchLanguage.VERSIONS.parseFilter("attribute.version_number >= -3"))
        .isEqualTo(
            new Comparison(
                new Attribute(Attribute.Kind.VERSION_NUMBER, Optional.empty()), ">=", -3L));
    assertThat(SearchLanguage.VERSIONS.parseFilter("version_number = '2'"))
        .isEqualTo(
            new Comparison(
                new Attribute(Attribute.Kind.VERSION_NUMBER, Optional.empty()), "=", 2L));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '^',
      value = {
        "name|expected a comparison operator at position 5",
        "name =|expected a quoted text at position 7",
        "name = x|expected a text in quotes at position 8",
        "name = 'x' name|expected AND, OR or the end at position 12",
        "(name = 'x'|expected ) at position 12",
        "size = 'x'|unknown attribute \"size\"",
        "foo.bar = 'x'|unknown entity \"foo\"",
        "name > 'x'|expected one of",
        "name = 'x' ; drop|cannot be read at position 11",
        "name == 'x'|expected a text in quotes at position 7",
        "name = 'x|cannot be read at position 7"
      })
  void broken_namesWhatAndWhere(String filter, String problem) {
    assertThatThrownBy(() -> SearchLanguage.MODELS.parseFilter(filter))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(problem);
  }

  @Test
  void deepOrLongFilters_areRefused() {
    assertThatThrownBy(() -> SearchLanguage.MODELS.parseFilter("NOT ".repeat(40) + "name = 'x'"))
        .hasMessageContaining("nested");
    assertThatThrownBy(
            () -> SearchLanguage.MODELS.parseFilter("name='x' OR ".repeat(101) + "name='x'"))
        .hasMessageContaining("comparisons");
  }

  @Test
  void order_isCompletedToOneWithoutTies() {
    assertThat(SearchLanguage.VERSIONS.parseOrder(List.of()))
        .containsExactly(
            new SortKey(Column.LAST_UPDATED_TIMESTAMP, false),
            new SortKey(Column.NAME, true),
            new SortKey(Column.VERSION_NUMBER, false));
    assertThat(SearchLanguage.VERSIONS.parseOrder(List.of("version_number desc", "name DESC")))
        .containsExactly(
            new SortKey(Column.VERSION_NUMBER, false), new SortKey(Column.NAME, false));
  }

  private static Comparison name(String operator, String value) {
    return new Comparison(new Attribute(Attribute.Kind.NAME, Optional.empty()), operator, value);
  }
}
