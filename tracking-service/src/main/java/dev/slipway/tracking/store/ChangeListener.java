package dev.slipway.tracking.store;

import org.jdbi.v3.core.config.JdbiConfig;

/**
 * Hears of the commits that change something for watchers. Part of a database's configuration, so
 * that every transaction finds it.
 */
public final class ChangeListener implements JdbiConfig<ChangeListener> {
  private volatile Runnable listener;

  /** Creates one that tells nobody. */
  public ChangeListener() {
    this(() -> {});
  }

  private ChangeListener(Runnable listener) {
    this.listener = listener;
  }

  void set(Runnable newListener) {
    listener = newListener;
  }

  void changed() {
    listener.run();
  }

  @Override
  public ChangeListener createCopy() {
    return new ChangeListener(listener);
  }
}
