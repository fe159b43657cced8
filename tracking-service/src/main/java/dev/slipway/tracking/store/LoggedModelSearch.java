package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Dialect;
import dev.slipway.runtime.search.sql.FilterSql;
import dev.slipway.runtime.search.sql.KeysetQuery;
import dev.slipway.runtime.search.sql.SortKey;
import dev.slipway.runtime.search.sql.SqlText;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.search.LoggedModelField;
import dev.slipway.tracking.search.LoggedModelField.Attribute;
import dev.slipway.tracking.search.LoggedModelOrder;
import dev.slipway.tracking.search.LoggedModelQuery;
import java.util.ArrayList;
import java.util.List;

/** Writes a search of logged models as SQL. */
final class LoggedModelSearch {
  private final Dialect dialect;
  private final SqlText joins = new SqlText();
  private final List<SortKey> keys = new ArrayList<>();

  private LoggedModelSearch(Dialect dialect) {
    this.dialect = dialect;
  }

  /** Returns the query of the active models that match. */
  static KeysetQuery of(Dialect dialect, LoggedModelQuery query) {
    LoggedModelSearch search = new LoggedModelSearch(dialect);
    search.sort(query.order());
    SqlText fromWhere = new SqlText().sql("FROM logged_model m").append(search.joins);
    fromWhere
        .sql(" WHERE m.delete_time_ms IS NULL AND m.experiment_id = ANY(")
        .bind(query.experiments().stream().map(ExperimentId::number).toArray(Long[]::new))
        .sql(")");
    LoggedModelFieldSql fieldSql = new LoggedModelFieldSql(query.datasets());
    query.filter().ifPresent(filter -> FilterSql.append(fromWhere.sql(" AND "), filter, fieldSql));
    if (query.needsMetricOnDatasets()) {
      fieldSql.appendAnyMetric(fromWhere.sql(" AND "));
    }
    return new KeysetQuery("m.*", fromWhere, search.keys);
  }

  private void sort(List<LoggedModelOrder> order) {
    boolean byCreation = false;
    for (int i = 0; i < order.size(); i++) {
      LoggedModelOrder term = order.get(i);
      byCreation |= term.field() == Attribute.CREATION_TIMESTAMP;
      if (term.field() instanceof LoggedModelField.Metric metric) {
        joinLatest(metric.key(), term, "o" + i);
        MetricSortKeys.add(keys, "o" + i + ".metric_value", term.descending());
      } else {
        sortByAttribute((Attribute) term.field(), term.descending());
      }
    }
    if (!byCreation) {
      keys.add(SortKey.integer(new SqlText().sql("m.create_time_ms"), true));
    }
    keys.add(SortKey.uuid(new SqlText().sql("m.model_id")));
  }

  private void sortByAttribute(Attribute attribute, boolean descending) {
    SqlText column = new SqlText().sql(LoggedModelFieldSql.column(attribute));
    switch (attribute) {
      case CREATION_TIMESTAMP, LAST_UPDATED_TIMESTAMP ->
          keys.add(SortKey.integer(column, descending));
      case EXPERIMENT_ID ->
          keys.add(SortKey.integer(new SqlText().sql("m.experiment_id"), descending));
      case SOURCE_RUN_ID -> {
        keys.add(SortKey.missingLast("m.source_run_id"));
        SqlText text = new SqlText().sql("COALESCE(").append(column).sql(", '')");
        keys.add(SortKey.text(dialect, text, descending));
      }
      case NAME, MODEL_TYPE -> keys.add(SortKey.longText(dialect, column, descending));
      case MODEL_ID, STATUS -> keys.add(SortKey.text(dialect, column, descending));
    }
  }

  /**
   * Joins the one value of a metric by which models are sorted: of those of all datasets and runs
   * that count, the latest by (timestamp, step, value). Steps of different runs do not compare, so
   * that they come second here.
   */
  private void joinLatest(String key, LoggedModelOrder term, String alias) {
    String later = alias + "l";
    joins
        .sql(" LEFT JOIN logged_model_metric " + alias + " ON " + alias + ".model_id = m.model_id")
        .sql(
            " AND " + alias + ".name_id = (SELECT n.name_id FROM metric_name n WHERE n.name = ?)",
            key);
    LoggedModelFieldSql.onDatasets(joins, alias, term.dataset().stream().toList());
    joins
        .sql(" AND NOT EXISTS (SELECT 1 FROM logged_model_metric " + later + " WHERE ")
        .sql(later + ".model_id = " + alias + ".model_id AND ")
        .sql(later + ".name_id = " + alias + ".name_id");
    LoggedModelFieldSql.onDatasets(joins, later, term.dataset().stream().toList());
    joins.sql(" AND " + place(later) + " > " + place(alias) + ")");
  }

  private static String place(String alias) {
    return "(%s.timestamp_ms, %s.step, %s.metric_value, %s.dataset_name, %s.dataset_digest, %s.run_id)"
        .replace("%s", alias);
  }
}
