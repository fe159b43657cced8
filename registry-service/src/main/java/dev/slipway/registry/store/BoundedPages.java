package dev.slipway.registry.store;

import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.paging.PageToken;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.ToLongFunction;

/**
 * Reads pages that are bounded in bytes as well as in items, so that neither a message nor memory
 * grows with the texts that callers have stored.
 */
final class BoundedPages {
  /** The most bytes of texts on a page, unless one item alone has more. */
  static final long MAX_WEIGHT = 1 << 20;

  /** How many items are read before anything is known about their size. */
  static final int FIRST_SLICE = 16;

  private BoundedPages() {}

  /**
   * Reads a page in slices, until it is full or has enough bytes.
   *
   * @param slice reads the page that its argument asks for, however large
   * @param weight bytes of an item
   * @param keys gives the sort keys of an item
   */
  static <T> Page<T> read(
      PageRequest page,
      Function<PageRequest, Page<T>> slice,
      ToLongFunction<T> weight,
      Function<T, List<String>> keys) {
    List<T> items = new ArrayList<>();
    long total = 0;
    PageRequest next =
        new PageRequest(Math.min(page.size(), FIRST_SLICE), page.token(), page.fingerprint());
    while (true) {
      Page<T> part = slice.apply(next);
      for (T item : part.items()) {
        long more = weight.applyAsLong(item);
        if (!items.isEmpty() && total + more > MAX_WEIGHT) {
          T last = items.get(items.size() - 1);
          return new Page<>(items, PageToken.encode(page.fingerprint(), keys.apply(last)));
        }
        items.add(item);
        total += more;
      }
      if (part.nextPageToken().isEmpty() || items.size() >= page.size()) {
        return new Page<>(items, part.nextPageToken());
      }
      next =
          new PageRequest(
              nextSlice(items.size(), total, page.size()),
              Optional.of(PageToken.decode(part.nextPageToken(), page.fingerprint())),
              page.fingerprint());
    }
  }

  /**
   * Returns how many items to read next, from 1: as many as have room, if they are like those that
   * were read.
   */
  static int nextSlice(int read, long weight, int limit) {
    long each = Math.max(1, weight / Math.max(1, read));
    long fitting = Math.max(1, (MAX_WEIGHT - weight) / each);
    return (int) Math.min(limit - read, fitting);
  }

  /** Hands out items in parts, each bounded like a page. */
  static <T> void split(List<T> items, ToLongFunction<T> weight, Consumer<List<T>> receiver) {
    List<T> part = new ArrayList<>();
    long total = 0;
    for (T item : items) {
      long more = weight.applyAsLong(item);
      if (!part.isEmpty() && total + more > MAX_WEIGHT) {
        receiver.accept(part);
        part = new ArrayList<>();
        total = 0;
      }
      part.add(item);
      total += more;
    }
    if (!part.isEmpty()) {
      receiver.accept(part);
    }
  }
}
