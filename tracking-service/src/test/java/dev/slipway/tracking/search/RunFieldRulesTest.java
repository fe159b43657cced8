package dev.slipway.tracking.search;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.runtime.search.SearchParser;
import dev.slipway.tracking.search.RunField.Attribute;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Tests which fields runs have; what is true of every search, SearchParserTest holds. */
class RunFieldRulesTest {
  private final SearchParser<RunField> parser = new SearchParser<>(new RunFieldRules());

  private RunField field(String text) {
    return parser.orderBy(text).field();
  }

  @Test
  void fields_haveEveryNameThatMlflowGivesThem() {
    Map<String, RunField> fields =
        Map.ofEntries(
            Map.entry("metric.a", new RunField.Metric("a")),
            Map.entry("METRICS.a.b", new RunField.Metric("a.b")),
            Map.entry("param.`a b`", new RunField.Param("a b")),
            Map.entry("params.größe", new RunField.Param("größe")),
            Map.entry("parameter.in", new RunField.Param("in")),
            Map.entry("parameters.\"a-b\"", new RunField.Param("a-b")),
            Map.entry("tag.mlflow.user", new RunField.Tag("mlflow.user")),
            Map.entry("tags.not", new RunField.Tag("not")),
            Map.entry("run_id", Attribute.RUN_ID),
            Map.entry("attr.run_name", Attribute.RUN_NAME),
            Map.entry("attributes.`Run name`", Attribute.RUN_NAME),
            Map.entry("`run name`", Attribute.RUN_NAME),
            Map.entry("run.status", Attribute.STATUS),
            Map.entry("attribute.user_id", Attribute.USER_ID),
            Map.entry("artifact_uri", Attribute.ARTIFACT_URI),
            Map.entry("start_time", Attribute.START_TIME),
            Map.entry("Created", Attribute.START_TIME),
            Map.entry("end_time", Attribute.END_TIME));

    fields.forEach((text, field) -> assertThat(field(text)).as(text).isEqualTo(field));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "metrics.a > 'x' | compared with a number",
        "metrics.a IN ('x') | metrics.a is not looked up in lists",
        "metrics.a IS NULL | metrics.a takes no IS NULL",
        "params.a > 'x' | =, !=, LIKE or ILIKE",
        "tags.a = 5 | compared with text",
        "start_time > '5' | number",
        "status IS NULL | status takes no IS NULL",
        "datasets.source = 'x' | name, digest and context",
        "datasets.name > 'x' | =, !=, LIKE or ILIKE",
        "datasets.name IS NULL | takes no IS NULL",
        "foo.a = 'x' | there are metrics, params, tags, datasets and attributes",
        "bar = 'x' | there are run_id, run_name, status",
      })
  void filter_fault_isRefusedWithWhatThereIs(String text, String message) {
    assertThatThrownBy(() -> parser.filter(text)).hasMessageContaining(message);
  }

  @Test
  void orderBy_dataset_isRefused() {
    assertThatThrownBy(() -> parser.orderBy("datasets.name"))
        .hasMessageContaining("lists cannot be ordered by datasets.name");
  }
}
