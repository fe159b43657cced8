package dev.slipway.artifact.service;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.store.ArtifactStore;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Removes files that a client has uploaded for a version of an asset and never pushed, as one does
 * that is killed in between. Each push has a folder of its own below {@code .asset-uploads}.
 * Thread-safe, also among replicas.
 */
public final class AbandonedPushes {
  /** Where clients put what they are going to push. */
  public static final ArtifactPath FOLDER = new ArtifactPath(".asset-uploads");

  private static final Logger log = LoggerFactory.getLogger(AbandonedPushes.class);
  private static final int PAGE = 100;

  private final ArtifactStore artifacts;
  private final UploadSpool spool;
  private final Duration expiry;
  private final Clock clock;

  /**
   * Creates it.
   *
   * @param spool has the uploads that are streamed to this replica; a push stays while one of its
   *     uploads is under way
   * @param expiry how long after the last upload of a push its files are kept
   */
  public AbandonedPushes(ArtifactStore artifacts, UploadSpool spool, Duration expiry, Clock clock) {
    this.artifacts = artifacts;
    this.spool = spool;
    this.expiry = expiry;
    this.clock = clock;
  }

  /**
   * Returns how many pushes {@link #sweep} would remove.
   *
   * @param step is run before each page
   */
  public int count(Runnable step) {
    return each(step, path -> true);
  }

  /**
   * Removes the files of pushes that are abandoned; returns how many. Throws nothing.
   *
   * @param step is run before each page
   */
  public int sweep(Runnable step) {
    Instant limit = limit();
    int removed = 0;
    try {
      removed = each(step, path -> artifacts.deleteUnchanged(path, limit));
    } catch (RuntimeException e) {
      log.warn("cannot sweep {}", FOLDER, e);
    }
    if (removed > 0) {
      log.info("removed the files of {} abandoned pushes", removed);
    }
    return removed;
  }

  private int each(Runnable step, Predicate<ArtifactPath> treatment) {
    int treated = 0;
    Set<ArtifactPath> underWay = spool.listUnderWay(FOLDER);
    Optional<ArtifactPath> last = Optional.empty();
    do {
      step.run();
      ArtifactStore.Unchanged page = artifacts.listUnchanged(FOLDER, limit(), last, PAGE);
      for (ArtifactPath path : page.paths()) {
        treated += !underWay.contains(path) && treatment.test(path) ? 1 : 0;
      }
      last = page.last();
    } while (last.isPresent());
    return treated;
  }

  private Instant limit() {
    return clock.instant().minus(expiry);
  }
}
