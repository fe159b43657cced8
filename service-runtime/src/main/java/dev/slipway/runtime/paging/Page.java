package dev.slipway.runtime.paging;

import java.util.List;
import java.util.function.Function;

/**
 * Holds one page of a list.
 *
 * @param items the items in list order; possibly empty
 * @param nextPageToken token of the next page, or empty when this is the last
 */
public record Page<T>(List<T> items, String nextPageToken) {
  /** Copies the items. */
  public Page {
    items = List.copyOf(items);
  }

  /**
   * Makes a page out of rows read with a limit of {@code size + 1}: the extra row, when there, says
   * that more follow and is left out.
   *
   * @param keys gives the sort keys of an item, from which the next page continues
   */
  public static <T> Page<T> of(List<T> rows, PageRequest request, Function<T, List<String>> keys) {
    if (rows.size() <= request.size()) {
      return new Page<>(rows, "");
    }
    List<T> items = rows.subList(0, request.size());
    T last = items.get(items.size() - 1);
    return new Page<>(items, PageToken.encode(request.fingerprint(), keys.apply(last)));
  }

  /** Returns the page with every item converted. */
  public <U> Page<U> map(Function<? super T, ? extends U> conversion) {
    return new Page<>(items.stream().<U>map(conversion).toList(), nextPageToken);
  }
}
