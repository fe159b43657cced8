package dev.slipway.tracking.store;

import dev.slipway.runtime.search.Operator;
import dev.slipway.runtime.search.sql.FieldSql;
import dev.slipway.runtime.search.sql.FilterSql;
import dev.slipway.runtime.search.sql.KeyedRows;
import dev.slipway.runtime.search.sql.SqlText;
import dev.slipway.tracking.dataset.DatasetSelector;
import dev.slipway.tracking.model.LoggedModelStatus;
import dev.slipway.tracking.search.LoggedModelField;
import dev.slipway.tracking.search.LoggedModelField.Attribute;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/**
 * Writes clauses over {@code logged_model m}: what hangs on a model through EXISTS, its own columns
 * directly. Metric clauses look at the datasets given, or at all when there are none.
 */
final class LoggedModelFieldSql implements FieldSql<LoggedModelField> {
  private static final String STATUS_TEXT =
      Arrays.stream(LoggedModelStatus.values())
          .map(status -> "WHEN " + status.code() + " THEN '" + status.name() + "'")
          .collect(Collectors.joining(" ", "CASE m.status ", " END"));
  private static final String NAN = "CAST('NaN' AS DOUBLE PRECISION)";

  private static final KeyedRows PARAMS = params("x.param_value");
  private static final KeyedRows PARAM_NUMBERS = params("x.param_number");
  private static final KeyedRows TAGS =
      new KeyedRows("logged_model_tag", "x.model_id = m.model_id AND x.tag_key = ?", "x.tag_value");

  private final List<DatasetSelector> datasets;

  LoggedModelFieldSql(List<DatasetSelector> datasets) {
    this.datasets = List.copyOf(datasets);
  }

  private static KeyedRows params(String value) {
    return new KeyedRows(
        "logged_model_param", "x.model_id = m.model_id AND x.param_key = ?", value);
  }

  @Override
  public void compareText(SqlText out, LoggedModelField field, Operator operator, String text) {
    if (field instanceof LoggedModelField.Param param) {
      PARAMS.compareText(out, param.key(), operator, text);
    } else if (field instanceof LoggedModelField.Tag tag) {
      TAGS.compareText(out, tag.key(), operator, text);
    } else {
      // The source run may be missing.
      FilterSql.compareText(out.sql("COALESCE("), column((Attribute) field), operator, text);
      out.sql(", FALSE)");
    }
  }

  @Override
  public void compareNumber(SqlText out, LoggedModelField field, Operator operator, double number) {
    if (field instanceof LoggedModelField.Metric metric) {
      compareMetric(out, metric.key(), operator, number);
    } else if (field instanceof LoggedModelField.Param param) {
      PARAM_NUMBERS.compareNumber(out, param.key(), operator, number);
    } else {
      out.sql(column((Attribute) field) + " " + FilterSql.symbol(operator) + " ?", number);
    }
  }

  private void compareMetric(SqlText out, String key, Operator operator, double number) {
    out.sql("EXISTS (SELECT 1 FROM logged_model_metric x WHERE x.model_id = m.model_id AND ");
    out.sql("x.name_id = (SELECT n.name_id FROM metric_name n WHERE n.name = ?)", key);
    onDatasets(out, "x", datasets);
    out.sql(" AND x.metric_value " + FilterSql.symbol(operator) + " ?", number);
    // Both databases take NaN for greater than every number.
    out.sql(operator == Operator.NOT_EQUAL ? ")" : " AND x.metric_value <> " + NAN + ")");
  }

  /** Appends that a model has some metric on one of the datasets. */
  void appendAnyMetric(SqlText out) {
    out.sql("EXISTS (SELECT 1 FROM logged_model_metric x WHERE x.model_id = m.model_id");
    onDatasets(out, "x", datasets);
    out.sql(")");
  }

  /** Appends that a metric was measured on one of some datasets; nothing when there are none. */
  static void onDatasets(SqlText out, String alias, List<DatasetSelector> datasets) {
    String before = " AND (";
    for (DatasetSelector dataset : datasets) {
      out.sql(before + "(" + alias + ".dataset_name = ?", dataset.name());
      dataset
          .digest()
          .ifPresent(digest -> out.sql(" AND " + alias + ".dataset_digest = ?", digest));
      out.sql(")");
      before = " OR ";
    }
    out.sql(datasets.isEmpty() ? "" : ")");
  }

  @Override
  public void membership(SqlText out, LoggedModelField field, boolean negated, List<String> texts) {
    if (field instanceof LoggedModelField.Param param) {
      PARAMS.membership(out, param.key(), negated, texts);
    } else if (field instanceof LoggedModelField.Tag tag) {
      TAGS.membership(out, tag.key(), negated, texts);
    } else {
      FilterSql.inList(out.sql("COALESCE("), column((Attribute) field), negated, texts);
      out.sql(", FALSE)");
    }
  }

  @Override
  public void presence(SqlText out, LoggedModelField field, boolean negated) {
    if (field instanceof LoggedModelField.Param param) {
      PARAMS.presence(out, param.key(), negated);
    } else {
      TAGS.presence(out, ((LoggedModelField.Tag) field).key(), negated);
    }
  }

  /** Returns the expression of an attribute as it is compared; null where it is missing. */
  static String column(Attribute attribute) {
    return switch (attribute) {
      case NAME -> "m.name";
      case MODEL_ID -> "CONCAT('m-', REPLACE(CAST(m.model_id AS VARCHAR), '-', ''))";
      case EXPERIMENT_ID -> "CAST(m.experiment_id AS VARCHAR)";
      case MODEL_TYPE -> "m.model_type";
      case SOURCE_RUN_ID -> "REPLACE(CAST(m.source_run_id AS VARCHAR), '-', '')";
      case STATUS -> STATUS_TEXT;
      case CREATION_TIMESTAMP -> "m.create_time_ms";
      case LAST_UPDATED_TIMESTAMP -> "m.update_time_ms";
    };
  }
}
