package dev.slipway.serving.execution;

/** Admits requests to one version, a bounded number at a time. Thread-safe. */
public interface RequestQueue {
  /**
   * Takes a request; its receiver is told the outcome, possibly before this method returns.
   *
   * @throws QueueFullException if there is no room, or no time before the request's deadline; the
   *     receiver is not called then
   */
  void offer(Execution request);

  /** Returns how many requests wait. */
  int queued();

  /** Returns how many run, or are about to. */
  int running();
}
