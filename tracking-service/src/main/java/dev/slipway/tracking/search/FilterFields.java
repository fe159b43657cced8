package dev.slipway.tracking.search;

import dev.slipway.runtime.search.Filter;
import java.util.List;
import java.util.function.Predicate;

/** Looks which fields a filter uses. */
final class FilterFields {
  private FilterFields() {}

  /** Returns whether any clause is about a field that matches. */
  static <F> boolean any(Filter<F> filter, Predicate<F> matches) {
    if (filter instanceof Filter.And<F> and) {
      return any(and.parts(), matches);
    }
    if (filter instanceof Filter.Or<F> or) {
      return any(or.parts(), matches);
    }
    if (filter instanceof Filter.Not<F> not) {
      return any(not.part(), matches);
    }
    if (filter instanceof Filter.TextComparison<F> text) {
      return matches.test(text.field());
    }
    if (filter instanceof Filter.NumberComparison<F> number) {
      return matches.test(number.field());
    }
    if (filter instanceof Filter.Membership<F> membership) {
      return matches.test(membership.field());
    }
    return matches.test(((Filter.Presence<F>) filter).field());
  }

  private static <F> boolean any(List<Filter<F>> parts, Predicate<F> matches) {
    return parts.stream().anyMatch(part -> any(part, matches));
  }
}
