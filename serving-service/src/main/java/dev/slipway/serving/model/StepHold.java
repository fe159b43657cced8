package dev.slipway.serving.model;

import java.util.concurrent.atomic.AtomicBoolean;

/**
 * A pipeline's hold on the version behind one of its steps. While there is one the version counts
 * against the memory budget, and is neither unloaded to make room nor because nobody asks for it.
 * Thread-safe.
 */
public final class StepHold implements AutoCloseable {
  private final ModelHandle handle;
  private final AtomicBoolean left = new AtomicBoolean();

  StepHold(ModelHandle handle) {
    this.handle = handle;
    handle.model().dependantCame();
  }

  LoadedModel model() {
    return handle.model();
  }

  /** Needs the version no longer but for calls that still run; again does nothing. */
  void leave() {
    if (left.compareAndSet(false, true)) {
      handle.model().dependantLeft();
    }
  }

  /** Lets go of the version, which may close it; again does nothing. */
  @Override
  public void close() {
    leave();
    handle.close();
  }
}
