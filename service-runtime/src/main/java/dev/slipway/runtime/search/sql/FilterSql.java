package dev.slipway.runtime.search.sql;

import dev.slipway.runtime.search.Filter;
import dev.slipway.runtime.search.Operator;
import java.util.List;

/** Writes filters as SQL conditions with bound values. */
public final class FilterSql {
  private FilterSql() {}

  /** Appends the condition of a filter. */
  public static <F> void append(SqlText out, Filter<F> filter, FieldSql<F> fields) {
    if (filter instanceof Filter.And<F> and) {
      appendAll(out, and.parts(), " AND ", fields);
    } else if (filter instanceof Filter.Or<F> or) {
      appendAll(out, or.parts(), " OR ", fields);
    } else if (filter instanceof Filter.Not<F> not) {
      out.sql("NOT ");
      append(out, not.part(), fields);
    } else if (filter instanceof Filter.TextComparison<F> text) {
      fields.compareText(out, text.field(), text.operator(), text.text());
    } else if (filter instanceof Filter.NumberComparison<F> number) {
      fields.compareNumber(out, number.field(), number.operator(), number.number());
    } else if (filter instanceof Filter.Membership<F> in) {
      fields.membership(out, in.field(), in.negated(), in.texts());
    } else if (filter instanceof Filter.Presence<F> presence) {
      fields.presence(out, presence.field(), presence.negated());
    } else {
      throw new IllegalStateException("unknown kind of filter: " + filter.getClass());
    }
  }

  private static <F> void appendAll(
      SqlText out, List<Filter<F>> parts, String joint, FieldSql<F> fields) {
    String before = "(";
    for (Filter<F> part : parts) {
      out.sql(before);
      append(out, part, fields);
      before = joint;
    }
    out.sql(")");
  }

  /** Appends the comparison of a column with bound text; patterns know no escape character. */
  public static void compareText(SqlText out, String column, Operator operator, String text) {
    switch (operator) {
      case LIKE -> out.sql("text_like(" + column + ", ?)", text);
      case ILIKE -> out.sql("text_like(LOWER(" + column + "), LOWER(?))", text);
      default -> out.sql(column + " " + symbol(operator) + " ?", text);
    }
  }

  /** Returns how SQL writes an operator. */
  public static String symbol(Operator operator) {
    return operator == Operator.NOT_EQUAL ? "<>" : operator.symbol();
  }

  /** Appends the lookup of a column in a list of bound values, at least one. */
  public static void inList(SqlText out, String column, boolean negated, List<?> values) {
    out.sql(column).sql(negated ? " NOT IN (" : " IN (");
    for (int i = 0; i < values.size(); i++) {
      out.sql(i == 0 ? "" : ", ").bind(values.get(i));
    }
    out.sql(")");
  }
}
