package dev.slipway.registry.service;

import dev.slipway.registry.store.PackageHoldStore;
import dev.slipway.registry.upstream.ArtifactLookup;
import dev.slipway.registry.upstream.UpstreamUnavailableException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets go of packages in the artifact service, in the background. Thread-safe.
 *
 * <p>What is to be released is a row of the database, so nothing is lost when the artifact service
 * is away or this process ends. Releasing is idempotent, so sweeps of several replicas may overlap.
 */
public final class PackageRelease {
  private static final Logger log = LoggerFactory.getLogger(PackageRelease.class);

  /** How long a registration may take from its first step to its last. */
  private static final Duration REGISTRATION_LIMIT = Duration.ofMinutes(15);

  /** How long request ids are remembered: well above the 24 hours that the contract gives. */
  private static final Duration REQUEST_ID_LIFETIME = Duration.ofDays(7);

  private static final int BATCH = 100;

  private final PackageHoldStore holds;
  private final ArtifactLookup artifacts;
  private final Executor background;

  /**
   * Creates it.
   *
   * @param background runs releases one after another; owned by the caller
   */
  public PackageRelease(PackageHoldStore holds, ArtifactLookup artifacts, Executor background) {
    this.holds = holds;
    this.artifacts = artifacts;
    this.background = background;
  }

  /** Releases soon, in the background, what is marked for it; never throws. */
  public void releaseSoon() {
    try {
      background.execute(this::releaseMarked);
    } catch (RejectedExecutionException e) {
      log.debug("shutting down; marked packages are released after the next start", e);
    }
  }

  /**
   * Marks the holder of a registration that has failed, if no version has taken it over, to be
   * released soon; never throws.
   */
  public void abandon(String holder) {
    try {
      if (!holds.abandon(holder)) {
        return;
      }
    } catch (RuntimeException e) {
      log.debug("{} is abandoned by a later sweep", holder, e);
      return;
    }
    releaseSoon();
  }

  /** Releases what failed registrations, crashes and deletes have left behind; never throws. */
  public void sweep() {
    try {
      int abandoned = holds.abandonOlderThan(REGISTRATION_LIMIT);
      if (abandoned > 0) {
        log.info("{} registrations never finished; their packages are let go", abandoned);
      }
      holds.forgetRequestsOlderThan(REQUEST_ID_LIFETIME);
    } catch (RuntimeException e) {
      log.warn("the sweep failed and is tried again", e);
    }
    releaseMarked();
  }

  private void releaseMarked() {
    try {
      String last = "";
      List<String> marked;
      do {
        marked = holds.listReleasing(last, BATCH);
        for (String holder : marked) {
          release(holder);
          last = holder;
        }
      } while (marked.size() == BATCH);
    } catch (UpstreamUnavailableException e) {
      log.debug("the artifact service does not answer; packages are released later", e);
    } catch (RuntimeException e) {
      log.warn("packages cannot be released now; trying again", e);
    }
  }

  private void release(String holder) {
    try {
      artifacts.release(holder);
      holds.released(holder);
    } catch (UpstreamUnavailableException e) {
      throw e;
    } catch (RuntimeException e) {
      // One that cannot be released must not keep the others waiting.
      log.warn("{} cannot be released now; trying again", holder, e);
    }
  }
}
