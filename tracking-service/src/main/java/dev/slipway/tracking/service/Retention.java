package dev.slipway.tracking.service;

import dev.slipway.tracking.retention.PurgeCounts;
import dev.slipway.tracking.retention.PurgeResult;
import dev.slipway.tracking.retention.PurgeRunningException;
import dev.slipway.tracking.retention.PurgeScope;
import dev.slipway.tracking.store.PurgeStore;
import dev.slipway.tracking.store.PurgeStore.Removed;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.BooleanSupplier;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Removes deleted objects for good, for one caller at a time. Thread-safe. */
public final class Retention {
  private static final Logger log = LoggerFactory.getLogger(Retention.class);

  /** Keeps an answer well below the 4 MiB that clients take unless told otherwise. */
  private static final int MAX_URI_CHARS = 1_000_000;

  private final PurgeStore store;
  private final ReentrantLock running = new ReentrantLock();

  /** Creates the rules. */
  public Retention(PurgeStore store) {
    this.store = store;
  }

  /** Counts what a purge would remove. */
  public PurgeCounts count(PurgeScope scope) {
    return store.count(scope);
  }

  /**
   * Removes deleted objects: runs, then logged models, then experiments of which nothing is left.
   *
   * <p>When a removal fails after others have taken place, tells of these as if the bound had been
   * met: the artifacts that went with them are named nowhere else.
   *
   * @param maxObjects the most that are removed
   * @param cancelled whether nobody waits for the rest
   * @throws PurgeRunningException if another purge runs
   */
  public PurgeResult purge(PurgeScope scope, int maxObjects, BooleanSupplier cancelled) {
    if (!running.tryLock()) {
      throw new PurgeRunningException();
    }
    try {
      Batch batch = new Batch(maxObjects, cancelled);
      try {
        purge(scope, batch);
      } catch (RuntimeException e) {
        if (batch.removed == 0) {
          throw e;
        }
        log.warn("a purge broke off after {} objects", batch.removed, e);
        batch.more = true;
      }
      return batch.result();
    } finally {
      running.unlock();
    }
  }

  private void purge(PurgeScope scope, Batch batch) {
    var runs = store.runs(scope, batch.room() + 1);
    if (!runs.isEmpty()) {
      store.awaitCommits();
    }
    batch.removeAll("run", runs, run -> store.purge(run, scope), () -> batch.runs++);
    batch.removeAll(
        "logged model",
        store.models(scope, batch.room() + 1),
        model -> store.purge(model, scope),
        () -> batch.loggedModels++);
    batch.removeAll(
        "experiment",
        store.experiments(scope, batch.room() + 1),
        experiment -> store.purge(experiment, scope),
        () -> batch.experiments++);
    if (batch.experiments > 0) {
      store.removeOrphanedDatasets();
    }
  }

  /** Is what one call removes. */
  private static final class Batch {
    private final int maxObjects;
    private final BooleanSupplier cancelled;
    private final List<String> artifactUris = new ArrayList<>();
    private int removed;
    private int uriChars;
    private long experiments;
    private long runs;
    private long loggedModels;
    private long metricBytes;
    private boolean more;

    Batch(int maxObjects, BooleanSupplier cancelled) {
      this.maxObjects = maxObjects;
      this.cancelled = cancelled;
    }

    int room() {
      return maxObjects - removed;
    }

    /** Removes objects while there is room, counting each. */
    <T> void removeAll(
        String kind, List<T> ids, Function<T, Optional<Removed>> remove, Runnable count) {
      for (T id : ids) {
        if (room() == 0 || uriChars > MAX_URI_CHARS || cancelled.getAsBoolean()) {
          more = true;
          return;
        }
        Optional<Removed> object = remove.apply(id);
        if (object.isPresent()) {
          // Whoever loses the answer finds here what it said.
          log.info(
              "purged {} {}, artifacts at {}", kind, id, object.get().artifactUri().orElse("-"));
          add(object.get());
          count.run();
        }
      }
    }

    private void add(Removed object) {
      removed++;
      metricBytes += object.metricBytes();
      object
          .artifactUri()
          .ifPresent(
              uri -> {
                artifactUris.add(uri);
                uriChars += uri.length();
              });
    }

    PurgeResult result() {
      return new PurgeResult(
          new PurgeCounts(experiments, runs, loggedModels, metricBytes), artifactUris, more);
    }
  }
}
