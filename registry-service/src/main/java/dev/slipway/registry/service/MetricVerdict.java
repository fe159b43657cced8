package dev.slipway.registry.service;

import dev.slipway.registry.check.CheckComparison;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.check.Numbers;
import dev.slipway.registry.check.RunClause;
import dev.slipway.registry.check.RunCondition;
import dev.slipway.registry.check.RunField;
import dev.slipway.registry.check.Verdict;
import dev.slipway.registry.upstream.RunLookup;
import dev.slipway.registry.upstream.RunValues;
import dev.slipway.registry.version.RunId;
import dev.slipway.runtime.search.Filter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * Decides whether a filter holds for a run. Each clause is decided by the tracking service, and put
 * together here, so that every clause is spelled out with what was found. Not thread-safe: one
 * instance per check.
 */
final class MetricVerdict {
  private static final String NOT_LOGGED = "not logged";

  private final RunLookup runs;
  private final RunId runId;
  private final RunValues values;
  private final List<CheckComparison> comparisons = new ArrayList<>();
  private boolean everyMetricKnown = true;

  private MetricVerdict(RunLookup runs, RunId runId, RunValues values) {
    this.runs = runs;
    this.runId = runId;
    this.values = values;
  }

  /** Decides a filter that {@link RunCondition} takes. */
  static Verdict of(String filter, RunId runId, RunLookup runs) {
    Filter<RunField> condition = RunCondition.parse(filter);
    Optional<RunValues> values = runs.find(runId, condition.fields().toList());
    return values.isEmpty()
        ? Verdict.of(CheckOutcome.MISSING, "the run " + runId.value() + " is not known")
        : new MetricVerdict(runs, runId, values.get()).decide(condition);
  }

  private Verdict decide(Filter<RunField> condition) {
    // A metric that is not known counts against the version, also where NOT or OR would pass it by.
    boolean passed = holds(condition) && everyMetricKnown;
    List<CheckComparison> told =
        comparisons.stream().filter(each -> passed || !each.passed()).toList();
    String summary =
        told.isEmpty()
            ? "the filter does not hold, though its clauses do: " + text(comparisons)
            : text(told);
    return new Verdict(
        passed ? CheckOutcome.PASSED : CheckOutcome.FAILED,
        summary,
        Optional.empty(),
        Optional.empty(),
        comparisons);
  }

  private static String text(List<CheckComparison> comparisons) {
    return comparisons.stream()
        .map(
            each ->
                "%s %s %s %s"
                    .formatted(
                        each.subject(),
                        each.actual(),
                        each.passed() ? "is" : "is not",
                        each.expected()))
        .collect(Collectors.joining("; "));
  }

  private boolean holds(Filter<RunField> condition) {
    if (condition instanceof Filter.And<RunField> and) {
      return parts(and.parts()).stream().allMatch(part -> part);
    }
    if (condition instanceof Filter.Or<RunField> or) {
      return parts(or.parts()).stream().anyMatch(part -> part);
    }
    if (condition instanceof Filter.Not<RunField> not) {
      return !holds(not.part());
    }
    return clause(RunClause.of(condition));
  }

  /** Every part is looked at, since each is told of. */
  private List<Boolean> parts(List<Filter<RunField>> parts) {
    return parts.stream().map(this::holds).toList();
  }

  private boolean clause(RunClause clause) {
    boolean holds = runs.holds(clause, values.experimentId(), runId);
    String actual;
    if (clause.field() instanceof RunField.Metric metric) {
      Double value = values.metrics().get(metric.key());
      boolean known = value != null && !value.isNaN();
      everyMetricKnown &= known;
      holds &= known;
      actual = value == null ? NOT_LOGGED : Numbers.text(value);
    } else {
      String text =
          clause.field() instanceof RunField.Param
              ? values.params().get(clause.field().key())
              : values.tags().get(clause.field().key());
      actual = text == null ? NOT_LOGGED : "'" + text + "'";
    }
    comparisons.add(new CheckComparison(clause.subject(), clause.expected(), actual, holds));
    return holds;
  }
}
