package dev.slipway.registry.check;

import dev.slipway.runtime.search.Filter;
import java.util.stream.Collectors;

/**
 * Is one clause of a metric check: a field of a run and what is asked of it.
 *
 * @param field what is compared
 * @param expected what is asked for, as filters write it: {@code >= 0.95}, {@code IS NOT NULL}
 */
public record RunClause(RunField field, String expected) {
  /** Returns the clause that a filter without parts is. */
  public static RunClause of(Filter<RunField> leaf) {
    if (leaf instanceof Filter.NumberComparison<RunField> number) {
      return new RunClause(
          number.field(), number.operator().symbol() + " " + Numbers.text(number.number()));
    }
    if (leaf instanceof Filter.TextComparison<RunField> text) {
      return new RunClause(text.field(), text.operator().symbol() + " " + quoted(text.text()));
    }
    if (leaf instanceof Filter.Membership<RunField> in) {
      return new RunClause(
          in.field(),
          in.texts().stream()
              .map(RunClause::quoted)
              .collect(Collectors.joining(", ", in.negated() ? "NOT IN (" : "IN (", ")")));
    }
    if (leaf instanceof Filter.Presence<RunField> presence) {
      return new RunClause(presence.field(), presence.negated() ? "IS NULL" : "IS NOT NULL");
    }
    throw new IllegalArgumentException("a filter of several clauses is none");
  }

  /** Returns the clause as a filter of SearchRuns. */
  public String filter() {
    return entity() + "." + quotedKey() + " " + expected;
  }

  /** Returns the field as people write it: {@code metrics.val_accuracy}. */
  public String subject() {
    return entity() + "." + field.key();
  }

  private String entity() {
    if (field instanceof RunField.Metric) {
      return "metrics";
    }
    return field instanceof RunField.Param ? "params" : "tags";
  }

  /** Keys and texts were read out of one kind of quotes, so that one kind is free for each. */
  private String quotedKey() {
    String quote = field.key().indexOf('`') < 0 ? "`" : "\"";
    return quote + field.key() + quote;
  }

  private static String quoted(String text) {
    String quote = text.indexOf('\'') < 0 ? "'" : "\"";
    return quote + text + quote;
  }
}
