package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Dialect;
import dev.slipway.tracking.search.ExperimentField;
import dev.slipway.tracking.search.ExperimentField.Attribute;
import dev.slipway.tracking.search.Operator;
import dev.slipway.tracking.search.OrderBy;
import java.util.ArrayList;
import java.util.List;

/** Writes clauses and sort keys over {@code experiment e}. */
final class ExperimentFieldSql implements FieldSql<ExperimentField> {
  private final String byCodePoint;

  ExperimentFieldSql(Dialect dialect) {
    // H2 sorts by code unit anyway and knows no such collation; PostgreSQL would sort by the locale
    // of the database.
    this.byCodePoint = dialect == Dialect.POSTGRESQL ? " COLLATE \"C\"" : "";
  }

  @Override
  public void compareText(SqlText out, ExperimentField field, Operator operator, String text) {
    open(out, field);
    FilterSql.textOperator(out, operator, text);
    close(out, field);
  }

  @Override
  public void compareNumber(SqlText out, ExperimentField field, Operator operator, double number) {
    out.sql(column(field)).sql(" ").sql(FilterSql.symbol(operator)).sql(" ").bind(number);
  }

  @Override
  public void membership(SqlText out, ExperimentField field, boolean negated, List<String> texts) {
    open(out, field);
    FilterSql.inList(out, negated, texts);
    close(out, field);
  }

  @Override
  public void presence(SqlText out, ExperimentField field, boolean negated) {
    out.sql(negated ? "NOT " : "");
    exists(out, (ExperimentField.Tag) field);
    out.sql(")");
  }

  private static void open(SqlText out, ExperimentField field) {
    if (field instanceof ExperimentField.Tag tag) {
      exists(out, tag);
      out.sql(" AND x.tag_value");
    } else {
      out.sql(column(field));
    }
  }

  private static void close(SqlText out, ExperimentField field) {
    out.sql(field instanceof ExperimentField.Tag ? ")" : "");
  }

  private static void exists(SqlText out, ExperimentField.Tag tag) {
    out.sql(
            "EXISTS (SELECT 1 FROM experiment_tag x WHERE x.experiment_id = e.experiment_id AND"
                + " x.tag_key = ")
        .bind(tag.key());
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
              ? SortKey.text(column.sql(byCodePoint), term.descending())
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
