package dev.slipway.runtime.config;

import dev.slipway.runtime.database.DatabaseConfig;
import java.nio.file.Path;
import java.time.Duration;
import picocli.CommandLine.Option;

/** Holds the flags of a service's database. A mixin of picocli; not thread-safe. */
public final class DatabaseOptions {
  @Option(
      names = "--database-url",
      paramLabel = "JDBC-URL",
      description =
          "jdbc:postgresql://host/db for production. Default: an H2 file below --data-dir.")
  private String url;

  @Option(names = "--database-user", paramLabel = "USER", description = "Database user.")
  private String user;

  @Option(
      names = "--database-password",
      paramLabel = "PASSWORD",
      description = "That user's password; prefer the environment variable.")
  private String password;

  @Option(
      names = "--database-pool-size",
      paramLabel = "N",
      defaultValue = "" + DatabaseConfig.DEFAULT_POOL_SIZE,
      description = "Most connections that each service holds. Default: ${DEFAULT-VALUE}.")
  private int poolSize;

  @Option(
      names = "--search-timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "The most that one search may take; a caller's earlier deadline ends it earlier."
              + " Default: ${DEFAULT-VALUE}.")
  private int searchTimeoutSeconds;

  /** Returns whether no URL was given, so that the service's own folder holds its rows. */
  public boolean embedded() {
    return url == null;
  }

  /**
   * Returns the settings, noting what is wrong with them; null after a problem.
   *
   * @param h2File file of the embedded database that is used when no URL was given, such as {@code
   *     data.folder("tracking").resolve("tracking")}
   */
  public DatabaseConfig config(Path h2File, ConfigProblems problems) {
    boolean sound = true;
    if (poolSize < DatabaseConfig.MIN_POOL_SIZE) {
      problems.add(
          "--database-pool-size",
          "is " + poolSize + "; must be at least " + DatabaseConfig.MIN_POOL_SIZE);
      sound = false;
    }
    if (searchTimeoutSeconds < 1) {
      problems.add(
          "--search-timeout", "is " + searchTimeoutSeconds + "; must be at least 1 second");
      sound = false;
    }
    if (!sound) {
      return null;
    }
    DatabaseConfig config = settings(h2File, problems);
    return config == null
        ? null
        : config.withSearchTimeout(Duration.ofSeconds(searchTimeoutSeconds));
  }

  private DatabaseConfig settings(Path h2File, ConfigProblems problems) {
    if (url == null) {
      if (user != null || password != null) {
        problems.add("--database-url", "is required when a user or password is given");
      }
      return DatabaseConfig.h2File(h2File, poolSize);
    }
    return problems.check(
        "--database-url",
        () ->
            new DatabaseConfig(
                url, user == null ? "" : user, password == null ? "" : password, poolSize));
  }
}
