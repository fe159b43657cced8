package dev.slipway.tracking.search;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.search.SearchParser;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.lifecycle.ViewType;
import dev.slipway.tracking.run.RunProjection;
import java.util.Arrays;
import java.util.Set;
import org.junit.jupiter.api.Test;

class RunQueryTest {
  private final SearchParser<RunField> parser = new SearchParser<>(new RunFieldRules());

  private Set<String> metricKeys(String filter, String... order) {
    return new RunQuery(
            Set.of(ExperimentId.DEFAULT),
            parser.filter(filter),
            Arrays.stream(order).map(parser::orderBy).toList(),
            ViewType.ALL,
            RunProjection.ALL)
        .metricKeys();
  }

  @Test
  void metricKeys_areThoseOfFilterAndOrder_notWhatIsShown() {
    assertThat(metricKeys("")).isEmpty();
    assertThat(metricKeys("params.a = '1'", "tags.b")).isEmpty();
    assertThat(metricKeys("", "metrics.m DESC")).containsExactly("m");
    assertThat(
            metricKeys(
                "params.a = '1' or not (tags.b = 'x' and metrics.m > 1)", "metrics.n", "tags.m"))
        .containsExactlyInAnyOrder("m", "n");
  }
}
