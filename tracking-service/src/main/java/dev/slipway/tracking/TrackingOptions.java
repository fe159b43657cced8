package dev.slipway.tracking;

import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.database.DatabaseConfig;
import picocli.CommandLine.Option;

/** Holds the flags of tracking. A mixin of picocli; not thread-safe. */
public final class TrackingOptions {
  @Option(
      names = "--artifact-location-root",
      paramLabel = "URI",
      defaultValue = TrackingConfig.DEFAULT_ARTIFACT_ROOT,
      description =
          "Where new experiments keep their artifacts, each in a folder of its own below."
              + " Default: ${DEFAULT-VALUE}.")
  private String artifactRoot;

  /**
   * Returns the settings, noting what is wrong with them; null after a problem.
   *
   * @param database where rows lie
   */
  public TrackingConfig config(DatabaseConfig database, ConfigProblems problems) {
    return problems.check(
        "--artifact-location-root", () -> new TrackingConfig(database, artifactRoot));
  }
}
