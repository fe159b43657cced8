package dev.slipway.tracking;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.service.CompactionConfig;
import dev.slipway.tracking.service.MetricStreams;
import java.nio.file.Path;
import java.util.regex.Pattern;

/**
 * Says where the tracking service keeps what it keeps.
 *
 * @param database where rows lie
 * @param artifactRoot URI below which experiments without a location of their own keep artifacts;
 *     fixed into each experiment when it is created
 * @param compaction when segments of metrics become chunks
 * @param streamBytes memory that batches of all metric streams may take while they wait to be
 *     committed, from 1; with more, streams are read more slowly
 */
public record TrackingConfig(
    DatabaseConfig database, String artifactRoot, CompactionConfig compaction, long streamBytes) {
  /** The artifact root by default: the artifact service, as MLflow clients see it. */
  public static final String DEFAULT_ARTIFACT_ROOT = "mlflow-artifacts:/";

  private static final Pattern URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]*:[^#\\s]*");

  /** Checks the settings. */
  public TrackingConfig {
    if (!URI.matcher(artifactRoot).matches()) {
      throw new IllegalArgumentException(
          "must be a URI without fragment, such as " + DEFAULT_ARTIFACT_ROOT);
    }
    if (streamBytes < 1) {
      throw new IllegalArgumentException("streams need some memory, not " + streamBytes);
    }
  }

  /** Returns a configuration with the memory for streams by default. */
  public TrackingConfig(DatabaseConfig database, String artifactRoot, CompactionConfig compaction) {
    this(database, artifactRoot, compaction, MetricStreams.DEFAULT_WAITING_BYTES);
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
