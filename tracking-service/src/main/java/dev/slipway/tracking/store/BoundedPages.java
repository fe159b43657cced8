package dev.slipway.tracking.store;

import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.paging.PageToken;
import dev.slipway.runtime.search.sql.KeysetQuery.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Makes pages that stay well below the 4 MiB that clients accept unless told otherwise. At first as
 * many elements are loaded as may fit by the size of those in the pages before, then by the size of
 * those in this one, so that large ones do not fill the memory only to be thrown away. Thread-safe.
 */
final class BoundedPages {
  private static final long MAX_BYTES = 3_000_000;

  /** What the elements that are loaded first may have together. */
  private static final long FIRST_BYTES = MAX_BYTES;

  private static final int FIRST = 8;
  private static final int MOST = 1_000;

  /** Of the elements of the last pages; large ones count for some pages after. */
  private final AtomicLong largestLately = new AtomicLong(FIRST_BYTES / FIRST);

  /**
   * Returns a page of the elements of as many rows as fit, at least one.
   *
   * @param rows rows of the page, and one more if there is one
   * @param load loads the elements of some rows, one each and in their order; of rows that take up
   *     much memory only the first ones, at least one
   * @param sizeBytes estimates an element's size on the wire
   */
  <R, T> Page<T> of(
      List<Row<R>> rows,
      PageRequest page,
      Function<List<R>, List<T>> load,
      ToLongFunction<T> sizeBytes) {
    List<R> values = rows.stream().limit(page.size()).map(Row::value).toList();
    List<T> loaded = load(values, load, sizeBytes);
    boolean more = loaded.size() < rows.size();
    return new Page<>(
        loaded,
        more ? PageToken.encode(page.fingerprint(), rows.get(loaded.size() - 1).keys()) : "");
  }

  private <R, T> List<T> load(
      List<R> rows, Function<List<R>, List<T>> load, ToLongFunction<T> sizeBytes) {
    List<T> loaded = new ArrayList<>();
    long bytes = 0;
    long largest = 1;
    int count =
        (int) Math.max(FIRST, Math.min(MOST, FIRST_BYTES / Math.max(1, largestLately.get())));
    for (int from = 0; from < rows.size(); from = loaded.size()) {
      for (T element : load.apply(rows.subList(from, Math.min(rows.size(), from + count)))) {
        long size = sizeBytes.applyAsLong(element);
        bytes += size;
        largest = Math.max(largest, size);
        if (bytes > MAX_BYTES && !loaded.isEmpty()) {
          learn(largest);
          return loaded;
        }
        loaded.add(element);
      }
      long fitting = Math.max(1, (MAX_BYTES - bytes) / largest);
      count = (int) Math.min(fitting, Math.min(MOST, 2L * count));
    }
    learn(largest);
    return loaded;
  }

  private void learn(long largest) {
    largestLately.updateAndGet(before -> Math.max(largest, before * 3 / 4));
  }
}
