package dev.slipway.cli.server;

import dev.slipway.artifact.ArtifactOptions;
import dev.slipway.gateway.GatewayConfig;
import dev.slipway.registry.RegistryOptions;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.config.DataOptions;
import dev.slipway.runtime.config.DatabaseOptions;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.serving.ServingOptions;
import dev.slipway.tracking.TrackingOptions;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Mixin;

/** Holds the flags of all four services in one process. A mixin of picocli; not thread-safe. */
public final class SuiteOptions implements AutoCloseable {
  private static final List<String> SERVICES =
      List.of("tracking", "artifact", "registry", "serving");

  @Mixin private final DataOptions data = new DataOptions();
  @Mixin private final DatabaseOptions database = new DatabaseOptions();
  @Mixin private final TrackingOptions tracking = new TrackingOptions();
  @Mixin private final RegistryOptions registry = new RegistryOptions();
  @Mixin private final ArtifactOptions artifacts = new ArtifactOptions();
  @Mixin private final ServingOptions serving = new ServingOptions();

  /** Returns the folder that was chosen by flag or environment; empty when neither spoke. */
  public Optional<Path> dataDir() {
    return data.given();
  }

  /** Chooses the data folder in place of the flag. */
  public void chooseDataDir(Path folder) {
    data.choose(folder);
  }

  /**
   * Returns the settings, noting what is wrong with them; not to be used after a problem.
   *
   * @param gateway settings of the HTTP edge; empty for none
   */
  public EmbeddedSuite.Config config(Optional<GatewayConfig> gateway, ConfigProblems problems) {
    return new EmbeddedSuite.Config(
        tracking.config(database("tracking", problems), problems),
        artifacts.config(data.folder("artifact"), database("artifact", problems), problems),
        registry.config(database("registry", problems), problems),
        serving.config(data.folder("serving").resolve("packages"), problems),
        gateway);
  }

  private DatabaseConfig database(String service, ConfigProblems problems) {
    return database.config(data.folder(service).resolve(service), problems);
  }

  /**
   * Takes the folders of all services for this process alone.
   *
   * @throws dev.slipway.runtime.server.StartupException if another process holds one of them
   */
  public void takeFolders() {
    SERVICES.forEach(data::take);
  }

  /** Lets go of the folders. */
  @Override
  public void close() {
    data.close();
  }
}
