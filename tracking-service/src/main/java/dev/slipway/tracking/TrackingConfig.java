package dev.slipway.tracking;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.service.CompactionConfig;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Says where the tracking service keeps what it keeps.
 *
 * @param database where rows lie
 * @param artifactRoot URI below which experiments without a location of their own keep artifacts;
 *     fixed into each experiment when it is created
 * @param compaction when segments of metrics become chunks
 */
public record TrackingConfig(
    DatabaseConfig database, String artifactRoot, CompactionConfig compaction) {
  /** The artifact root by default: the artifact service, as MLflow clients see it. */
  public static final String DEFAULT_ARTIFACT_ROOT = "mlflow-artifacts:/";

  private static final Pattern URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:[^#\\s]*");

  /** Checks the artifact root. */
  public TrackingConfig {
    if (!URI.matcher(artifactRoot).matches()) {
      throw new IllegalArgumentException(
          "must be a URI without fragment, such as " + DEFAULT_ARTIFACT_ROOT);
    }
  }

  /** Returns a configuration with the compaction's settings by default. */
  public TrackingConfig(DatabaseConfig database, String artifactRoot) {
    this(database, artifactRoot, CompactionConfig.DEFAULT);
  }

  /** Returns a configuration with rows in a folder and everything else by default. */
  public static TrackingConfig below(Path folder) {
    return new TrackingConfig(
        DatabaseConfig.h2File(folder.resolve("tracking")), DEFAULT_ARTIFACT_ROOT);
  }
}
