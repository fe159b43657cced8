package dev.slipway.tracking.rpc;

import java.util.Iterator;
import java.util.function.Function;

/** Makes other elements of those of an iterator, each when it is asked for. */
record Mapped<A, B>(Iterator<A> from, Function<A, B> how) implements Iterator<B> {
  @Override
  public boolean hasNext() {
    return from.hasNext();
  }

  @Override
  public B next() {
    return how.apply(from.next());
  }
}
