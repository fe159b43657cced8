package dev.slipway.runtime.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import picocli.CommandLine.Option;

/**
 * Holds the flag of the folder below which everything local lies, one folder per service: {@code
 * <data-dir>/tracking}, {@code registry}, {@code artifact}, {@code serving}. The embedded server
 * and a service alone use the same layout. A mixin of picocli; not thread-safe.
 */
public final class DataOptions implements AutoCloseable {
  private static final Path DEFAULT = Path.of("slipway-data");

  @Option(
      names = "--data-dir",
      paramLabel = "FOLDER",
      description = "Folder of everything local, created when absent. Default: ./slipway-data.")
  private Path dataDir;

  private final List<DataDirectory> taken = new ArrayList<>();

  /** Returns the folder that was chosen by flag or environment; empty when neither spoke. */
  public Optional<Path> given() {
    return Optional.ofNullable(dataDir);
  }

  /** Chooses the folder in place of the flag. */
  public void choose(Path folder) {
    dataDir = folder;
  }

  /** Returns the folder of one service, without touching it. */
  public Path folder(String service) {
    return (dataDir == null ? DEFAULT : dataDir).resolve(service).toAbsolutePath().normalize();
  }

  /**
   * Creates the folder of a service when absent and takes it for this process alone, until {@link
   * #close}.
   *
   * @throws dev.slipway.runtime.server.StartupException if another process holds it, or it cannot
   *     be written
   */
  public void take(String service) {
    taken.add(DataDirectory.open(folder(service)));
  }

  /** Lets go of the folders taken. */
  @Override
  public void close() {
    taken.forEach(DataDirectory::close);
    taken.clear();
  }
}
