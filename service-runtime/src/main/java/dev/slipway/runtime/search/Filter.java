package dev.slipway.runtime.search;

import java.util.List;
import java.util.stream.Stream;

/**
 * Is the condition of a search as a tree, independent of SQL.
 *
 * <p>A clause is false for an object that lacks the field, whatever the operator; the logic is
 * two-valued, so that {@code NOT} of such a clause is true.
 *
 * @param <F> the fields that the searched objects have
 */
public sealed interface Filter<F> {
  /** Returns the fields that clauses compare, in order of the clauses. */
  Stream<F> fields();

  /** Returns the parts that must all be true: of a conjunction its parts, else the filter alone. */
  default List<Filter<F>> conjuncts() {
    return List.of(this);
  }

  /** Is true when all parts are; two parts or more. */
  record And<F>(List<Filter<F>> parts) implements Filter<F> {
    /** Copies the parts. */
    public And {
      parts = List.copyOf(parts);
    }

    @Override
    public Stream<F> fields() {
      return parts.stream().flatMap(Filter::fields);
    }

    @Override
    public List<Filter<F>> conjuncts() {
      return parts.stream().flatMap(part -> part.conjuncts().stream()).toList();
    }
  }

  /** Is true when any part is; two parts or more. */
  record Or<F>(List<Filter<F>> parts) implements Filter<F> {
    /** Copies the parts. */
    public Or {
      parts = List.copyOf(parts);
    }

    @Override
    public Stream<F> fields() {
      return parts.stream().flatMap(Filter::fields);
    }
  }

  /** Is true when the part is not. */
  record Not<F>(Filter<F> part) implements Filter<F> {
    @Override
    public Stream<F> fields() {
      return part.fields();
    }
  }

  /** Compares a field with text. */
  record TextComparison<F>(F field, Operator operator, String text) implements Filter<F> {
    @Override
    public Stream<F> fields() {
      return Stream.of(field);
    }
  }

  /** Compares a field with a number. */
  record NumberComparison<F>(F field, Operator operator, double number) implements Filter<F> {
    @Override
    public Stream<F> fields() {
      return Stream.of(field);
    }
  }

  /** Looks a field up in a list of one text or more. */
  record Membership<F>(F field, boolean negated, List<String> texts) implements Filter<F> {
    /** Copies the texts. */
    public Membership {
      texts = List.copyOf(texts);
    }

    @Override
    public Stream<F> fields() {
      return Stream.of(field);
    }
  }

  /** Is true when the object has the field, or, negated, when it lacks it. */
  record Presence<F>(F field, boolean negated) implements Filter<F> {
    @Override
    public Stream<F> fields() {
      return Stream.of(field);
    }
  }
}
