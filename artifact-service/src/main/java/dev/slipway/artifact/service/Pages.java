package dev.slipway.artifact.service;

import dev.slipway.artifact.content.Sha256;
import java.util.Iterator;
import java.util.List;
import java.util.NoSuchElementException;
import java.util.Optional;
import java.util.function.Function;

/** Walks a listing in order of digest, holding one page of it. For one thread. */
final class Pages<T> implements Iterator<T> {
  static final int SIZE = 1000;

  /** Reads the items behind a digest, or the first ones; fewer than {@link #SIZE} are the last. */
  interface Source<T> {
    List<T> list(Optional<Sha256> after, int limit);
  }

  private final Source<T> source;
  private final Function<T, Sha256> digest;
  private List<T> page = List.of();
  private int next;
  private boolean last;

  Pages(Source<T> source, Function<T, Sha256> digest) {
    this.source = source;
    this.digest = digest;
  }

  @Override
  public boolean hasNext() {
    if (next == page.size() && !last) {
      Optional<Sha256> after =
          page.isEmpty() ? Optional.empty() : Optional.of(digest.apply(page.get(next - 1)));
      page = source.list(after, SIZE);
      next = 0;
      last = page.size() < SIZE;
    }
    return next < page.size();
  }

  /** Returns the item that {@link #next} will return, and stays before it. */
  Optional<T> peek() {
    return hasNext() ? Optional.of(page.get(next)) : Optional.empty();
  }

  @Override
  public T next() {
    if (!hasNext()) {
      throw new NoSuchElementException();
    }
    return page.get(next++);
  }
}
