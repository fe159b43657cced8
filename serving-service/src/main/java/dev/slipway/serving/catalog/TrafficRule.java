package dev.slipway.serving.catalog;

import java.time.Duration;
import java.time.Instant;
import java.util.Optional;

/**
 * Where requests for one stage of a model go besides the version in it. Its parts are checked by
 * whoever reads a rule from outside.
 *
 * @param canary another version that answers a share of the requests
 * @param shadow another version that is asked as well
 * @param pin the version in the place of the stage's; not together with a canary
 * @param abort when canary and shadow are withdrawn
 * @param metricsRunId the run to which figures are logged; empty for none
 * @param expireTime when the rule ends by itself; absent for never
 * @param revision changes with every change of the rule, from 1; 0 before it was kept
 * @param updateTime when it was last changed
 * @param abortReason why it was withdrawn; empty while it is followed
 */
public record TrafficRule(
    Optional<Canary> canary,
    Optional<Shadow> shadow,
    Optional<Pin> pin,
    Optional<AbortPolicy> abort,
    String metricsRunId,
    Optional<Instant> expireTime,
    long revision,
    Instant updateTime,
    String abortReason) {
  /**
   * Another version that answers a share of the requests.
   *
   * @param selector which version
   * @param weight the share, 0 to 1
   */
  public record Canary(Selector selector, double weight) {}

  /**
   * Another version that is asked as well.
   *
   * @param selector which version
   * @param sampleRate share of the requests that are copied, 0 to 1
   * @param absoluteTolerance from 0; see {@link dev.slipway.engine.packaging.GoldenCase}
   * @param relativeTolerance from 0
   */
  public record Shadow(
      Selector selector, double sampleRate, double absoluteTolerance, double relativeTolerance) {}

  /**
   * A version that an operator has put in the place of the stage's.
   *
   * @param version its number
   * @param reason why, for people
   */
  public record Pin(long version, String reason) {}

  /**
   * When a rule withdraws itself. A limit of 0 is not watched.
   *
   * @param minRequests what the challenger must have had within the window, from 1
   * @param window time over which figures are taken
   * @param maxErrorRate largest share of the challenger's requests that may fail, 0 to 1
   * @param maxMismatchRate largest share of shadow answers that may differ, 0 to 1
   * @param maxLatencyRatio largest 99th percentile of the challenger's latency, as a multiple of
   *     the champion's; 0 or from 1
   */
  public record AbortPolicy(
      long minRequests,
      Duration window,
      double maxErrorRate,
      double maxMismatchRate,
      double maxLatencyRatio) {}

  /** Tells whether the rule is past its time. */
  public boolean isExpired(Instant now) {
    return expireTime.isPresent() && !now.isBefore(expireTime.get());
  }

  /** Tells whether its abort policy has withdrawn the rule. */
  public boolean isAborted() {
    return !abortReason.isEmpty();
  }

  /** Tells whether both say the same, whenever and however often they were set. */
  public boolean saysTheSameAs(TrafficRule other) {
    return kept(0, Instant.EPOCH).equals(other.kept(0, Instant.EPOCH));
  }

  /** Returns the same rule as it is kept. */
  public TrafficRule kept(long newRevision, Instant time) {
    return new TrafficRule(
        canary, shadow, pin, abort, metricsRunId, expireTime, newRevision, time, abortReason);
  }

  /** Returns the same rule, withdrawn. */
  public TrafficRule aborted(String reason) {
    return new TrafficRule(
        canary, shadow, pin, abort, metricsRunId, expireTime, revision, updateTime, reason);
  }
}
