package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Dialect;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.runtime.search.sql.FilterSql;
import dev.slipway.runtime.search.sql.KeysetQuery;
import dev.slipway.runtime.search.sql.KeysetQuery.Row;
import dev.slipway.runtime.search.sql.SortKey;
import dev.slipway.runtime.search.sql.SqlText;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.search.RunField;
import dev.slipway.tracking.search.RunField.Attribute;
import dev.slipway.tracking.search.RunQuery;
import dev.slipway.tracking.store.RunIndexes.MetricRange;
import dev.slipway.tracking.store.RunIndexes.TagEquality;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jdbi.v3.core.Handle;

/**
 * Finds the runs of one query, so that a page costs about what it shows and not what the experiment
 * holds.
 *
 * <p>Where an index says that a clause matches few runs, only these are looked at. Otherwise runs
 * are looked at in the order of the list until the page is full: by start through those that have a
 * metric or tag that the filter asks for, or through all; by a metric through its values, then by
 * start through those without. What is left, such as an order by a param, sorts all that match. The
 * databases guess badly how many runs clauses over keys match, so that the shape of the query is
 * decided here. Not thread-safe.
 */
final class RunSearch {
  /** Looking at so many runs one by one is cheaper than going through an index in order. */
  static final int FEW = 500;

  /** What the indexes of latest metrics begin with. */
  private static final List<String> OF_METRIC = List.of("d.experiment_id", "d.name_id");

  /** Clauses of which the indexes are asked how many runs they match. */
  private static final int MAX_ASKED = 4;

  private final Dialect dialect;
  private final RunQuery query;
  private final Map<String, Integer> metricIds;
  private final int few;
  private final List<Filter<RunField>> clauses;

  /**
   * Creates a search.
   *
   * @param metricIds numbers of the query's metrics, of those that any run has
   * @param few so many runs are looked at one by one where an index names them, 0 or more
   */
  RunSearch(Dialect dialect, RunQuery query, Map<String, Integer> metricIds, int few) {
    this.dialect = dialect;
    this.query = query;
    this.metricIds = metricIds;
    this.few = few;
    this.clauses = query.filter().map(Filter::conjuncts).orElse(List.of());
  }

  /** Returns the rows of a page, and one row more when there is one. */
  List<Row<RunInfo>> read(Handle handle, PageRequest page) {
    List<Row<RunInfo>> rows = new ArrayList<>();
    for (KeysetQuery part : parts(handle)) {
      if (rows.size() <= page.size()) {
        PageRequest rest =
            new PageRequest(page.size() - rows.size(), page.token(), page.fingerprint());
        rows.addAll(part.read(handle, new RunInfoMapper(), rest));
      }
    }
    return rows;
  }

  /** Returns queries that give the list one after the other. */
  private List<KeysetQuery> parts(Handle handle) {
    Optional<Set<UUID>> named = named(handle);
    if (named.isPresent()) {
      return named.get().isEmpty() ? List.of() : List.of(among(named.get()));
    }
    if (query.experiments().size() == 1) {
      if (!query.order().isEmpty()
          && query.order().get(0).field() instanceof RunField.Metric metric) {
        return byMetric(metric);
      }
      if (byStart(query.order())) {
        return List.of(
            first(TagEquality::of)
                .map(this::byStartThrough)
                .or(() -> first(MetricRange::of).map(this::byStartThrough))
                .orElseGet(() -> all(new SqlText(), true)));
      }
    }
    return List.of(all(new SqlText(), false));
  }

  private <T> Optional<T> first(Function<Filter<RunField>, Optional<T>> kind) {
    return clauses.stream().map(kind).flatMap(Optional::stream).findFirst();
  }

  private Optional<Set<UUID>> named(Handle handle) {
    RunIndexes indexes = new RunIndexes(query.experiments(), metricIds);
    Optional<Set<UUID>> common = Optional.empty();
    for (Filter<RunField> clause : clauses.subList(0, Math.min(clauses.size(), MAX_ASKED))) {
      Optional<Set<UUID>> runs = indexes.few(handle, clause, few);
      if (runs.isPresent() && common.isPresent()) {
        common.get().retainAll(runs.get());
      } else if (runs.isPresent()) {
        common = runs.map(HashSet::new);
      }
    }
    return common;
  }

  private static boolean byStart(List<OrderBy<RunField>> order) {
    return order.isEmpty()
        || (order.size() == 1
            && order.get(0).field() == Attribute.START_TIME
            && order.get(0).descending());
  }

  private KeysetQuery among(Set<UUID> runs) {
    return all(
        new SqlText().sql(" AND r.run_id = ANY(?)", (Object) runs.toArray(UUID[]::new)), false);
  }

  /** Returns a query that goes through all runs, or those of some condition. */
  private KeysetQuery all(SqlText condition, boolean inOrderOfStart) {
    RunFieldSql fields = new RunFieldSql(dialect, metricIds, "r.run_id");
    SqlText fromWhere = new SqlText().sql("FROM run r");
    List<String> pinned = List.of();
    if (inOrderOfStart) {
      useIndex(fromWhere, "run_by_start");
      pinned = List.of("r.experiment_id");
    }
    List<SortKey> keys = fields.sortKeys(query.order(), fromWhere);
    Long[] numbers = query.experiments().stream().map(ExperimentId::number).toArray(Long[]::new);
    RunIndexes.anyOf(fromWhere.sql(" WHERE r.experiment_id"), numbers).append(condition);
    restrict(fromWhere, clauses, fields);
    return new KeysetQuery("r.*", fromWhere, pinned, keys);
  }

  /**
   * Returns a query that goes through the runs that have a tag. Whether it is that tag, or another
   * of the same hash, is asked of the run, last of all: in the condition on its index PostgreSQL
   * would read the tag's row for each run that something else rules out, and then sort all that
   * have the tag rather than go through the index in order.
   */
  private KeysetQuery byStartThrough(TagEquality tag) {
    SqlText fromWhere = new SqlText().sql("FROM run_tag d");
    useIndex(fromWhere, "run_tag_by_entry");
    fromWhere
        .sql(" JOIN run r ON r.run_id = d.run_id WHERE d.entry_hash = ")
        .bind(tag.hash(experiment()));
    restrict(fromWhere, others(tag.clause()), new RunFieldSql(dialect, metricIds, "d.run_id"));
    RunFieldSql ofRun = new RunFieldSql(dialect, metricIds, "r.run_id");
    FilterSql.append(fromWhere.sql(" AND "), tag.clause(), ofRun);
    return byStart(fromWhere, List.of("d.entry_hash"));
  }

  /** Returns a query that goes through the runs that have a metric. */
  private KeysetQuery byStartThrough(MetricRange range) {
    SqlText fromWhere = fromMetric("latest_metric_by_start", range.metric());
    range.append(fromWhere, "d.metric_value");
    restrict(fromWhere, others(range.clause()), new RunFieldSql(dialect, metricIds, "d.run_id"));
    return byStart(fromWhere, OF_METRIC);
  }

  private List<Filter<RunField>> others(Filter<RunField> done) {
    return clauses.stream().filter(clause -> clause != done).toList();
  }

  private static KeysetQuery byStart(SqlText fromWhere, List<String> pinned) {
    List<SortKey> keys =
        List.of(
            SortKey.integer(new SqlText().sql("d.start_time_ms"), true),
            SortKey.uuid(new SqlText().sql("d.run_id")));
    return new KeysetQuery("r.*", fromWhere, pinned, keys);
  }

  /** Returns the only experiment. */
  private ExperimentId experiment() {
    return query.experiments().iterator().next();
  }

  private int metricId(RunField.Metric metric) {
    return metricIds.getOrDefault(metric.key(), RunFieldSql.NO_NAME);
  }

  /**
   * Returns queries for the runs whose metric is a number, then for those where it is NaN, then for
   * those that lack it. Where these come in order of start, as they do unless the order says
   * otherwise, nothing is sorted.
   */
  private List<KeysetQuery> byMetric(RunField.Metric metric) {
    RunFieldSql fields = new RunFieldSql(dialect, metricIds, "d.run_id");
    OrderBy<RunField> first = query.order().get(0);
    List<SortKey> keys = new ArrayList<>();
    keys.add(SortKey.fixed(MetricSortKeys.RANK_OF_NUMBERS));
    keys.add(SortKey.number(new SqlText().sql("d.metric_value"), first.descending()));
    SqlText fromWhere = new SqlText().sql("FROM latest_metric d");
    useIndex(fromWhere, "latest_metric_by_value");
    fromWhere.sql(" JOIN run r ON r.run_id = d.run_id");
    keys.addAll(fields.sortKeys(query.order().subList(1, query.order().size()), fromWhere));
    fromWhere
        .sql(" WHERE d.experiment_id = ")
        .bind(experiment().number())
        .sql(" AND d.name_id = ")
        .bind(metricId(metric))
        .sql(" AND d.metric_value < " + MetricSortKeys.NAN);
    List<MetricRange> ranges =
        clauses.stream()
            .map(MetricRange::of)
            .flatMap(Optional::stream)
            .filter(range -> range.metric().equals(metric))
            .toList();
    ranges.forEach(range -> range.append(fromWhere, "d.metric_value"));
    restrict(fromWhere, clauses, fields);
    // The greatest value comes first in the index. H2 reads it backwards only if all of it is.
    String direction = first.descending() ? "" : " DESC";
    List<String> pinned = OF_METRIC.stream().map(column -> column + direction).toList();
    KeysetQuery numbers = new KeysetQuery("r.*", fromWhere, pinned, keys);
    if (!ranges.isEmpty()) {
      return List.of(numbers);
    }
    return byStart(query.order().subList(1, query.order().size()))
        ? List.of(numbers, notANumber(metric), missing(metric))
        : List.of(numbers, withoutNumber(metric));
  }

  /** Returns a query that goes in order of start through the runs whose metric is NaN. */
  private KeysetQuery notANumber(RunField.Metric metric) {
    SqlText fromWhere = fromMetric("latest_metric_by_start", metric);
    fromWhere.sql(" AND d.metric_value = " + MetricSortKeys.NAN);
    restrict(fromWhere, clauses, new RunFieldSql(dialect, metricIds, "d.run_id"));
    List<SortKey> keys = new ArrayList<>(MetricSortKeys.withoutNumber(MetricSortKeys.RANK_OF_NAN));
    keys.add(SortKey.integer(new SqlText().sql("d.start_time_ms"), true));
    keys.add(SortKey.uuid(new SqlText().sql("d.run_id")));
    return new KeysetQuery("r.*", fromWhere, OF_METRIC, keys);
  }

  /** Returns a query that goes in order of start through the runs that lack a metric. */
  private KeysetQuery missing(RunField.Metric metric) {
    SqlText fromWhere = new SqlText().sql("FROM run r");
    useIndex(fromWhere, "run_by_start");
    fromWhere.sql(" WHERE r.experiment_id = ").bind(experiment().number());
    restrict(
        fromWhere.append(without(metric, "")),
        clauses,
        new RunFieldSql(dialect, metricIds, "r.run_id"));
    List<SortKey> keys =
        new ArrayList<>(MetricSortKeys.withoutNumber(MetricSortKeys.RANK_OF_MISSING));
    keys.add(SortKey.integer(new SqlText().sql("r.start_time_ms"), true));
    keys.add(SortKey.uuid(new SqlText().sql("r.run_id")));
    return new KeysetQuery("r.*", fromWhere, List.of("r.experiment_id"), keys);
  }

  /** Returns a query for the runs whose metric is no number, in whatever order they come next. */
  private KeysetQuery withoutNumber(RunField.Metric metric) {
    return all(without(metric, " AND x.metric_value < " + MetricSortKeys.NAN), false);
  }

  /** Returns the condition that a run has no value of a metric of which something holds. */
  private SqlText without(RunField.Metric metric, String condition) {
    return new SqlText()
        .sql(" AND NOT EXISTS (SELECT 1 FROM latest_metric x WHERE x.run_id = r.run_id")
        .sql(" AND x.name_id = ")
        .bind(metricId(metric))
        .sql(condition + " OFFSET 0 ROWS)");
  }

  /** Returns what selects the latest values of a metric, each with its run. */
  private SqlText fromMetric(String index, RunField.Metric metric) {
    SqlText fromWhere = new SqlText().sql("FROM latest_metric d");
    useIndex(fromWhere, index);
    return fromWhere
        .sql(" JOIN run r ON r.run_id = d.run_id WHERE d.experiment_id = ")
        .bind(experiment().number())
        .sql(" AND d.name_id = ")
        .bind(metricId(metric));
  }

  private void restrict(SqlText where, List<Filter<RunField>> filters, RunFieldSql fields) {
    where.sql(
        switch (query.view()) {
          case ACTIVE_ONLY -> " AND r.delete_time_ms IS NULL";
          case DELETED_ONLY -> " AND r.delete_time_ms IS NOT NULL";
          case ALL -> "";
        });
    filters.forEach(filter -> FilterSql.append(where.sql(" AND "), filter, fields));
  }

  /** H2 may choose an index that finds the rows and gives them in another order. */
  private void useIndex(SqlText from, String index) {
    from.sql(dialect == Dialect.H2 ? " USE INDEX (" + index + ")" : "");
  }
}
