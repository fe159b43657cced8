package dev.slipway.artifact.service;

import dev.slipway.artifact.blob.DirectTransfers;
import dev.slipway.artifact.store.PresignedUploadStore;
import dev.slipway.artifact.upload.PresignedUpload;
import dev.slipway.artifact.upload.UploadId;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes presigned uploads that are over, and what lies in the store of which no row tells.
 * Thread-safe, also among replicas.
 */
final class PresignedUploadSweeper {
  private static final Logger log = LoggerFactory.getLogger(PresignedUploadSweeper.class);

  private static final int BATCH = 100;
  // So many say that it is the store, not the upload.
  private static final int MAX_FAILURES = 20;
  // Between what is begun in the store and the row that tells of it there are moments.
  private static final Duration FORGOTTEN_AFTER = Duration.ofDays(1);

  private final PresignedUploadStore uploads;
  private final DirectTransfers store;
  private final Predicate<UploadId> busy;

  /**
   * Creates the sweeper over rows and store.
   *
   * @param busy says whether this server is just completing an upload
   */
  PresignedUploadSweeper(
      PresignedUploadStore uploads, DirectTransfers store, Predicate<UploadId> busy) {
    this.uploads = uploads;
    this.store = store;
    this.busy = busy;
  }

  /**
   * Removes an upload with its bytes; does nothing when it was removed since it was looked up, also
   * when another was begun under its name. The row goes last, so that a failure forgets nothing.
   */
  void remove(PresignedUpload upload) {
    Optional<String> name = upload.storeUploadId();
    if (uploads
        .find(upload.id())
        .filter(present -> present.storeUploadId().equals(name))
        .isEmpty()) {
      return;
    }
    // Without a name in the store it had no URL either, so that there is nothing of it.
    name.ifPresent(text -> store.discard(upload.id(), text));
    uploads.delete(upload.id(), name);
  }

  /**
   * Returns how many {@link #sweep} would remove.
   *
   * @param step is run before each of those that the store has
   */
  int count(Instant now, Runnable step) {
    return uploads.countExpired(now) + forgotten(now.minus(FORGOTTEN_AFTER), true, step);
  }

  /**
   * Removes what has expired or is forgotten; returns how many. Throws nothing.
   *
   * @param step is run before each
   */
  int sweep(Instant now, Runnable step) {
    int removed = 0;
    try {
      removed += removeExpired(now, step);
      removed += forgotten(now.minus(FORGOTTEN_AFTER), false, step);
    } catch (RuntimeException e) {
      log.warn("cannot sweep presigned uploads", e);
    }
    if (removed > 0) {
      log.info("removed {} stale presigned uploads", removed);
    }
    return removed;
  }

  private int removeExpired(Instant now, Runnable step) {
    int removed = 0;
    int failed = 0;
    Optional<PresignedUpload> last = Optional.empty();
    List<PresignedUpload> page;
    do {
      page = uploads.listExpired(now, last, BATCH);
      for (PresignedUpload upload : page) {
        last = Optional.of(upload);
        step.run();
        if (busy.test(upload.id())) {
          continue;
        }
        try {
          remove(upload);
          removed++;
        } catch (RuntimeException e) {
          failed++;
          log.warn("cannot remove stale presigned upload {}", upload.id(), e);
        }
      }
    } while (page.size() == BATCH && failed < MAX_FAILURES);
    if (failed > 0) {
      log.warn("{} stale presigned uploads are left for the next sweep", failed);
    }
    return removed;
  }

  /** A server that stops between store and row leaves what no row tells of. */
  private int forgotten(Instant before, boolean dryRun, Runnable step) {
    AtomicInteger found = new AtomicInteger();
    store.forEachJoined(
        before,
        id -> {
          step.run();
          if (uploads.find(id).isEmpty() && !busy.test(id)) {
            if (!dryRun) {
              store.discardJoined(id);
            }
            found.incrementAndGet();
          }
        });
    store.forEachBegun(
        before,
        (id, name) -> {
          step.run();
          if (uploads
              .find(id)
              .flatMap(PresignedUpload::storeUploadId)
              .filter(name::equals)
              .isEmpty()) {
            if (!dryRun) {
              store.abandon(id, name);
            }
            found.incrementAndGet();
          }
        });
    return found.get();
  }
}
