package dev.slipway.serving.rpc;

import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** The prediction streams that are open, so that a server that stops can end them. Thread-safe. */
public final class OpenStreams {
  private final Set<OrderedReplies<?>> open = ConcurrentHashMap.newKeySet();
  private volatile boolean draining;

  void opened(OrderedReplies<?> stream) {
    open.add(stream);
    if (draining) {
      stream.drain();
    }
  }

  void ended(OrderedReplies<?> stream) {
    open.remove(stream);
  }

  /**
   * Lets every stream answer what is in flight and then ends it; those that open later end at once.
   */
  public void drain() {
    draining = true;
    List.copyOf(open).forEach(OrderedReplies::drain);
  }
}
