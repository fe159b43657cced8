package dev.slipway.tracking.store;

import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.Operator;
import dev.slipway.runtime.search.sql.SqlText;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.search.RunField;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/** Asks the indexes of entries and of latest metrics which runs a clause matches. */
final class RunIndexes {
  /** Is a clause {@code tag = text}. */
  record TagEquality(Filter<RunField> clause, String key, String text) {
    static Optional<TagEquality> of(Filter<RunField> clause) {
      return clause instanceof Filter.TextComparison<RunField> comparison
              && comparison.operator() == Operator.EQUAL
              && comparison.field() instanceof RunField.Tag tag
          ? Optional.of(new TagEquality(clause, tag.key(), comparison.text()))
          : Optional.empty();
    }

    /** Returns what the index knows the tag by. */
    long hash(ExperimentId experiment) {
      return EntryHash.of(experiment, key, text);
    }
  }

  /** Is a clause that compares a metric with a number in a way that one range of values has. */
  record MetricRange(
      Filter<RunField> clause, RunField.Metric metric, Operator operator, double number) {
    static Optional<MetricRange> of(Filter<RunField> clause) {
      return clause instanceof Filter.NumberComparison<RunField> comparison
              && comparison.operator() != Operator.NOT_EQUAL
              && comparison.field() instanceof RunField.Metric metric
          ? Optional.of(new MetricRange(clause, metric, comparison.operator(), comparison.number()))
          : Optional.empty();
    }

    /** Appends the condition on a column of values. */
    void append(SqlText out, String column) {
      out.sql(" AND " + column + " " + operator.symbol() + " ").bind(number);
      if (operator == Operator.GREATER || operator == Operator.GREATER_OR_EQUAL) {
        out.sql(" AND " + column + " < " + MetricSortKeys.NAN);
      }
    }
  }

  private final Set<ExperimentId> experiments;
  private final Map<String, Integer> metricIds;

  RunIndexes(Set<ExperimentId> experiments, Map<String, Integer> metricIds) {
    this.experiments = experiments;
    this.metricIds = metricIds;
  }

  /**
   * Returns runs that contain all that match a clause, if an index knows and they are few; others
   * than those of the experiments may be among them.
   */
  Optional<Set<UUID>> few(Handle handle, Filter<RunField> clause, int most) {
    Optional<SqlText> query =
        TagEquality.of(clause).map(this::having).or(() -> MetricRange.of(clause).map(this::within));
    return query
        .map(sql -> sql.sql(" FETCH FIRST ").bind(most + 1).sql(" ROWS ONLY"))
        .map(sql -> sql.query(handle).mapTo(UUID.class).set())
        .filter(runs -> runs.size() <= most);
  }

  private SqlText having(TagEquality tag) {
    Long[] hashes = experiments.stream().map(tag::hash).toArray(Long[]::new);
    return anyOf(new SqlText().sql("SELECT run_id FROM run_tag WHERE entry_hash"), hashes);
  }

  private SqlText within(MetricRange range) {
    Long[] numbers = experiments.stream().map(ExperimentId::number).toArray(Long[]::new);
    SqlText sql =
        anyOf(new SqlText().sql("SELECT run_id FROM latest_metric WHERE experiment_id"), numbers)
            .sql(" AND name_id = ")
            .bind(metricIds.getOrDefault(range.metric().key(), RunFieldSql.NO_NAME));
    range.append(sql, "metric_value");
    return sql;
  }

  /** Appends that what stands before is one of some numbers. */
  static SqlText anyOf(SqlText out, Long[] numbers) {
    return numbers.length == 1
        ? out.sql(" = ").bind(numbers[0])
        : out.sql(" = ANY(").bind(numbers).sql(")");
  }
}
