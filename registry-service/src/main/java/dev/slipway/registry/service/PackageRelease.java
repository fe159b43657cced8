package dev.slipway.registry.service;

import dev.slipway.registry.store.PackageHoldStore;
import dev.slipway.registry.upstream.ArtifactLookup;
import java.time.Duration;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Lets go of packages in the artifact service: at once where it answers, else in a later sweep.
 * Thread-safe.
 *
 * <p>Releasing is idempotent, so sweeps of several replicas may overlap.
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

  /** Creates it. */
  public PackageRelease(PackageHoldStore holds, ArtifactLookup artifacts) {
    this.holds = holds;
    this.artifacts = artifacts;
  }

  /**
   * Releases holders that are marked for it, as far as the artifact service answers; never throws.
   */
  public void release(List<String> holders) {
    for (String holder : holders) {
      try {
        artifacts.release(holder);
        holds.released(holder);
      } catch (RuntimeException e) {
        log.debug("{} is released by a later sweep", holder, e);
        return;
      }
    }
  }

  /** Marks the holder of a registration that has failed, and releases it; never throws. */
  public void abandon(String holder) {
    try {
      holds.abandon(holder);
    } catch (RuntimeException e) {
      log.debug("{} is abandoned by a later sweep", holder, e);
      return;
    }
    release(List.of(holder));
  }

  /** Releases what failed registrations, crashes and deletes have left behind; never throws. */
  public void sweep() {
    try {
      int abandoned = holds.abandonOlderThan(REGISTRATION_LIMIT);
      if (abandoned > 0) {
        log.info("{} registrations never finished; their packages are let go", abandoned);
      }
      release(holds.listReleasing(BATCH));
      holds.forgetRequestsOlderThan(REQUEST_ID_LIFETIME);
    } catch (RuntimeException e) {
      log.warn("the sweep failed and is tried again", e);
    }
  }
}
