package dev.slipway.registry.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.Operator;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class RunConditionTest {
  @Test
  void metricsParamsAndTags_areRead() {
    assertThat(
            RunCondition.parse(
                "metrics.val_accuracy >= 0.95 and params.lr = '0.1' and tags.team IS NOT NULL"))
        .isEqualTo(
            new Filter.And<>(
                List.of(
                    new Filter.NumberComparison<RunField>(
                        new RunField.Metric("val_accuracy"), Operator.GREATER_OR_EQUAL, 0.95),
                    new Filter.TextComparison<RunField>(
                        new RunField.Param("lr"), Operator.EQUAL, "0.1"),
                    new Filter.Presence<RunField>(new RunField.Tag("team"), false))));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "status = 'FINISHED'            | metrics, params and tags",
        "attributes.run_id = 'a'        | metrics, params and tags",
        "datasets.name = 'a'            | metrics, params and tags",
        "metrics.a = '1'                | without quotes",
        "metrics.a > 1 OR               | character",
        "tags.a > 'x'                   | not by >",
        "metrics.\"\" > 1               | empty key",
        "metrics.a IS NULL              | takes no IS NULL",
      })
  void whatIsNoCondition_isRefusedWithItsPlace(String filter, String complaint) {
    assertThatThrownBy(() -> RunCondition.parse(filter))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(complaint);
  }

  @Test
  void lengthAndClauses_areBounded() {
    String clause = "metrics.a > 1";
    String most = String.join(" and ", Collections.nCopies(RunCondition.MAX_CLAUSES, clause));

    assertThat(RunCondition.parse(most).fields()).hasSize(RunCondition.MAX_CLAUSES);

    assertThatThrownBy(() -> RunCondition.parse(most + " and " + clause))
        .hasMessageContaining("has 33 clauses");
    assertThatThrownBy(() -> RunCondition.parse("")).hasMessageContaining("has 0 characters");
    assertThatThrownBy(() -> RunCondition.parse(clause + " ".repeat(4096)))
        .hasMessageContaining("4096 are allowed");
  }
}
