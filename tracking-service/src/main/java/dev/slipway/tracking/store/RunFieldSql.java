package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Dialect;
import dev.slipway.runtime.search.Operator;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.runtime.search.sql.FieldSql;
import dev.slipway.runtime.search.sql.FilterSql;
import dev.slipway.runtime.search.sql.KeyedRows;
import dev.slipway.runtime.search.sql.SortKey;
import dev.slipway.runtime.search.sql.SqlText;
import dev.slipway.tracking.dataset.DatasetInput;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunStatus;
import dev.slipway.tracking.search.RunField;
import dev.slipway.tracking.search.RunField.Attribute;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Collectors;

/**
 * Writes clauses and sort keys over {@code run r}: what hangs on a run through EXISTS, its own
 * columns directly.
 */
final class RunFieldSql implements FieldSql<RunField> {
  private static final String RUN_ID_TEXT = "REPLACE(CAST(r.run_id AS VARCHAR), '-', '')";
  private static final String STATUS_TEXT =
      Arrays.stream(RunStatus.values())
          .map(status -> "WHEN " + status.code() + " THEN '" + status.name() + "'")
          .collect(Collectors.joining(" ", "CASE r.status ", " END"));

  /** Numbers no metric. */
  static final int NO_NAME = -1;

  private final Dialect dialect;
  private final Map<String, Integer> metricIds;
  private final KeyedRows metrics;
  private final KeyedRows params;
  private final KeyedRows paramNumbers;
  private final KeyedRows tags;

  /**
   * Creates the fields of a query.
   *
   * @param metricIds numbers of metric names; what is not among them, no run has
   * @param runId the column that has the run's id, in the table that the query goes through
   */
  RunFieldSql(Dialect dialect, Map<String, Integer> metricIds, String runId) {
    this.dialect = dialect;
    this.metricIds = metricIds;
    String ofRun = "x.run_id = " + runId;
    this.metrics = new KeyedRows("latest_metric", ofRun + " AND x.name_id = ?", "x.metric_value");
    this.params = new KeyedRows("run_param", ofRun + " AND x.param_key = ?", "x.param_value");
    this.paramNumbers =
        new KeyedRows("run_param", ofRun + " AND x.param_key = ?", "x.param_number");
    this.tags = new KeyedRows("run_tag", ofRun + " AND x.tag_key = ?", "x.tag_value");
  }

  private int metricId(RunField.Metric metric) {
    return metricIds.getOrDefault(metric.key(), NO_NAME);
  }

  @Override
  public void compareText(SqlText out, RunField field, Operator operator, String text) {
    if (field instanceof RunField.Param param) {
      params.compareText(out, param.key(), operator, text);
    } else if (field instanceof RunField.Tag tag) {
      tags.compareText(out, tag.key(), operator, text);
    } else if (field instanceof RunField.Dataset dataset) {
      openDataset(out, dataset);
      FilterSql.compareText(out, datasetColumn(dataset), operator, text);
      out.sql(")");
    } else if (field == Attribute.RUN_ID && !operator.isPattern()) {
      Optional<UUID> id = uuid(text);
      if (id.isPresent()) {
        out.sql("r.run_id " + FilterSql.symbol(operator) + " ?", id.get());
      } else {
        out.sql(operator == Operator.EQUAL ? "FALSE" : "TRUE");
      }
    } else if (field == Attribute.STATUS && !operator.isPattern()) {
      statusAmong(out, operator == Operator.NOT_EQUAL, List.of(text));
    } else {
      FilterSql.compareText(out, textColumn((Attribute) field), operator, text);
    }
  }

  @Override
  public void compareNumber(SqlText out, RunField field, Operator operator, double number) {
    if (field instanceof RunField.Metric metric) {
      metrics.compareNumber(out, metricId(metric), operator, number);
    } else if (field instanceof RunField.Param param) {
      paramNumbers.compareNumber(out, param.key(), operator, number);
    } else {
      compareTime(out, (Attribute) field, operator, number);
    }
  }

  /** Compares whole milliseconds, so that an index on the start serves. */
  private static void compareTime(SqlText out, Attribute field, Operator operator, double millis) {
    boolean up = operator == Operator.LESS || operator == Operator.GREATER_OR_EQUAL;
    long whole = (long) (up ? Math.ceil(millis) : Math.floor(millis));
    if (!operator.isInequality() && whole != millis) {
      // No run has it.
      boolean equal = operator == Operator.EQUAL;
      out.sql(
          equal ? "FALSE" : field == Attribute.START_TIME ? "TRUE" : "r.end_time_ms IS NOT NULL");
    } else if (field == Attribute.START_TIME) {
      out.sql("r.start_time_ms " + FilterSql.symbol(operator) + " ?", whole);
    } else {
      out.sql("COALESCE(r.end_time_ms " + FilterSql.symbol(operator) + " ?, FALSE)", whole);
    }
  }

  @Override
  public void membership(SqlText out, RunField field, boolean negated, List<String> texts) {
    if (field instanceof RunField.Param param) {
      params.membership(out, param.key(), negated, texts);
    } else if (field instanceof RunField.Tag tag) {
      tags.membership(out, tag.key(), negated, texts);
    } else if (field instanceof RunField.Dataset dataset) {
      openDataset(out, dataset);
      FilterSql.inList(out, datasetColumn(dataset), negated, texts);
      out.sql(")");
    } else if (field == Attribute.RUN_ID) {
      List<UUID> ids = texts.stream().map(RunFieldSql::uuid).flatMap(Optional::stream).toList();
      if (ids.isEmpty()) {
        out.sql(negated ? "TRUE" : "FALSE");
        return;
      }
      out.sql(negated ? "NOT " : "").sql("r.run_id = ANY(?)", ids.toArray(UUID[]::new));
    } else if (field == Attribute.STATUS) {
      statusAmong(out, negated, texts);
    } else {
      FilterSql.inList(out, textColumn((Attribute) field), negated, texts);
    }
  }

  @Override
  public void presence(SqlText out, RunField field, boolean negated) {
    if (field instanceof RunField.Param param) {
      params.presence(out, param.key(), negated);
    } else {
      tags.presence(out, ((RunField.Tag) field).key(), negated);
    }
  }

  /** Asks for the codes, of which PostgreSQL knows how many runs have them. */
  private static void statusAmong(SqlText out, boolean negated, List<String> names) {
    List<Integer> codes =
        Arrays.stream(RunStatus.values())
            .filter(status -> names.contains(status.name()))
            .map(RunStatus::code)
            .toList();
    if (codes.isEmpty()) {
      out.sql(negated ? "TRUE" : "FALSE");
    } else {
      FilterSql.inList(out, "r.status", negated, codes);
    }
  }

  private static void openDataset(SqlText out, RunField.Dataset field) {
    if (field == RunField.Dataset.CONTEXT) {
      out.sql("EXISTS (SELECT 1 FROM run_dataset_tag x WHERE x.run_id = r.run_id AND ")
          .sql("x.tag_key = ? AND ", DatasetInput.CONTEXT_TAG);
    } else {
      out.sql("EXISTS (SELECT 1 FROM run_dataset i JOIN dataset x ON x.dataset_id = i.dataset_id")
          .sql(" WHERE i.run_id = r.run_id AND ");
    }
  }

  private static String datasetColumn(RunField.Dataset field) {
    return switch (field) {
      case NAME -> "x.dataset_name";
      case DIGEST -> "x.dataset_digest";
      case CONTEXT -> "x.tag_value";
    };
  }

  private static String textColumn(Attribute attribute) {
    return switch (attribute) {
      case RUN_ID -> RUN_ID_TEXT;
      case RUN_NAME -> "r.run_name";
      case STATUS -> STATUS_TEXT;
      case USER_ID -> "r.user_id";
      case ARTIFACT_URI -> "r.artifact_uri";
      case START_TIME, END_TIME -> throw new IllegalStateException("not a text: " + attribute);
    };
  }

  private static Optional<UUID> uuid(String text) {
    try {
      return Optional.of(RunId.parse(text).uuid());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /**
   * Returns the sort keys of an order, the final {@code start_time DESC, run_id ASC} included, and
   * appends the joins that they need.
   */
  List<SortKey> sortKeys(List<OrderBy<RunField>> order, SqlText joins) {
    List<SortKey> keys = new ArrayList<>();
    boolean byStart = false;
    for (int i = 0; i < order.size(); i++) {
      RunField field = order.get(i).field();
      boolean descending = order.get(i).descending();
      byStart |= field == Attribute.START_TIME;
      if (field instanceof Attribute attribute) {
        addAttribute(keys, attribute, descending);
      } else {
        addKeyed(keys, joins, field, descending, "o" + i);
      }
    }
    if (!byStart) {
      keys.add(SortKey.integer(new SqlText().sql("r.start_time_ms"), true));
    }
    keys.add(SortKey.uuid(new SqlText().sql("r.run_id")));
    return keys;
  }

  private void addAttribute(List<SortKey> keys, Attribute attribute, boolean descending) {
    if (attribute == Attribute.START_TIME) {
      keys.add(SortKey.integer(new SqlText().sql("r.start_time_ms"), descending));
    } else if (attribute == Attribute.END_TIME) {
      keys.add(SortKey.missingLast("r.end_time_ms"));
      keys.add(SortKey.integer(new SqlText().sql("COALESCE(r.end_time_ms, 0)"), descending));
    } else {
      SqlText text = new SqlText().sql("CAST(" + textColumn(attribute) + " AS VARCHAR)");
      keys.add(SortKey.longText(dialect, text, descending));
    }
  }

  private void addKeyed(
      List<SortKey> keys, SqlText joins, RunField field, boolean descending, String alias) {
    if (field instanceof RunField.Metric metric) {
      String value = alias + ".metric_value";
      joins
          .sql(" LEFT JOIN latest_metric " + alias + " ON " + alias + ".run_id = r.run_id AND ")
          .sql(alias + ".name_id = ")
          .bind(metricId(metric));
      MetricSortKeys.add(keys, value, descending);
      return;
    }
    boolean param = field instanceof RunField.Param;
    String prefix = param ? "param" : "tag";
    String key = param ? ((RunField.Param) field).key() : ((RunField.Tag) field).key();
    joins
        .sql(" LEFT JOIN run_" + prefix + " " + alias + " ON " + alias + ".run_id = r.run_id AND ")
        .sql(alias + "." + prefix + "_key = ")
        .bind(key);
    String value = alias + "." + prefix + "_value";
    keys.add(SortKey.missingLast(value));
    keys.add(
        SortKey.longText(dialect, new SqlText().sql("COALESCE(" + value + ", '')"), descending));
  }
}
