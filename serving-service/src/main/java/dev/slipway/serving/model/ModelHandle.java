package dev.slipway.serving.model;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Keeps a loaded version from being closed until it is closed itself; closing again does nothing.
 * Thread-safe.
 */
public final class ModelHandle implements AutoCloseable {
  private final LoadedModel model;
  private final AtomicBoolean closed = new AtomicBoolean();

  ModelHandle(LoadedModel model) {
    this.model = model;
  }

  /** Returns the version held. */
  public LoadedModel model() {
    return model;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      model.release();
    }
  }
}
