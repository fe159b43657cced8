package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Dialect;
import dev.slipway.runtime.search.Operator;
import dev.slipway.runtime.search.OrderBy;
import dev.slipway.runtime.search.sql.FieldSql;
import dev.slipway.runtime.search.sql.FilterSql;
import dev.slipway.runtime.search.sql.KeyedRows;
import dev.slipway.runtime.search.sql.SortKey;
import dev.slipway.runtime.search.sql.SqlText;
import dev.slipway.tracking.search.ExperimentField;
import dev.slipway.tracking.search.ExperimentField.Attribute;
import java.util.ArrayList;
import java.util.List;

/** Writes clauses and sort keys over {@code experiment e}. */
final class ExperimentFieldSql implements FieldSql<ExperimentField> {
  private static final KeyedRows TAGS =
      new KeyedRows(
          "experiment_tag", "x.experiment_id = e.experiment_id AND x.tag_key = ?", "x.tag_value");

  private final Dialect dialect;

  ExperimentFieldSql(Dialect dialect) {
    this.dialect = dialect;
  }

  @Override
  public void compareText(SqlText out, ExperimentField field, Operator operator, String text) {
    if (field instanceof ExperimentField.Tag tag) {
      TAGS.compareText(out, tag.key(), operator, text);
    } else {
      FilterSql.compareText(out, column(field), operator, text);
    }
  }

  @Override
  public void compareNumber(SqlText out, ExperimentField field, Operator operator, double number) {
    out.sql(column(field) + " " + FilterSql.symbol(operator) + " ?", number);
  }

  @Override
  public void membership(SqlText out, ExperimentField field, boolean negated, List<String> texts) {
    if (field instanceof ExperimentField.Tag tag) {
      TAGS.membership(out, tag.key(), negated, texts);
    } else {
      FilterSql.inList(out, column(field), negated, texts);
    }
  }

  @Override
  public void presence(SqlText out, ExperimentField field, boolean negated) {
    TAGS.presence(out, ((ExperimentField.Tag) field).key(), negated);
  }

  private static String column(ExperimentField field) {
    return switch ((Attribute) field) {
      case NAME -> "e.name";
      case EXPERIMENT_ID -> "e.experiment_id";
      case CREATION_TIME -> "e.create_time_ms";
      case LAST_UPDATE_TIME -> "e.update_time_ms";
    };
  }

  /** Returns the sort keys of an order, with the id at the end so that they are unique. */
  List<SortKey> sortKeys(List<OrderBy<ExperimentField>> order) {
    List<SortKey> keys = new ArrayList<>();
    boolean byId = false;
    for (OrderBy<ExperimentField> term : order) {
      byId |= term.field() == Attribute.EXPERIMENT_ID;
      SqlText column = new SqlText().sql(column(term.field()));
      keys.add(
          term.field() == Attribute.NAME
              ? SortKey.text(dialect, column, term.descending())
              : SortKey.integer(column, term.descending()));
    }
    if (order.isEmpty()) {
      keys.add(SortKey.integer(new SqlText().sql("e.create_time_ms"), true));
    }
    if (!byId) {
      keys.add(SortKey.integer(new SqlText().sql("e.experiment_id"), !order.isEmpty()));
    }
    return keys;
  }
}
