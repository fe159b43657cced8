package dev.slipway.tracking.service;

import java.time.Duration;

/**
 * Says when segments become chunks.
 *
 * @param grace how long points stay in segments at least, where watchers read what was appended;
 *     also how often runs are looked at
 * @param idle how long after its last points a run is compacted, however few they are
 * @param tailPoints how many points in segments make a run worth compacting while it goes on
 */
public record CompactionConfig(Duration grace, Duration idle, int tailPoints) {
  /** The settings by default. */
  public static final CompactionConfig DEFAULT =
      new CompactionConfig(Duration.ofSeconds(10), Duration.ofMinutes(1), 32_000);
}
