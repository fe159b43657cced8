package dev.slipway.runtime.config;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Option;

/**
 * Holds the flag of the folder below which everything local lies, one folder per service: {@code
 * <data-dir>/tracking}, {@code registry}, {@code artifact}, {@code serving}. The embedded server
 * and a service alone use the same layout. A mixin of picocli; not thread-safe.
 */
public final class DataOptions implements AutoCloseable {
  @Option(
      names = "--data-dir",
      paramLabel = "FOLDER",
      defaultValue = "slipway-data",
      description = "Folder of everything local, created when absent. Default: ./${DEFAULT-VALUE}.")
  private Path dataDir;

  private final List<DataDirectory> taken = new ArrayList<>();

  /** Returns the folder of one service, without touching it. */
  public Path folder(String service) {
    return dataDir.resolve(service).toAbsolutePath().normalize();
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
