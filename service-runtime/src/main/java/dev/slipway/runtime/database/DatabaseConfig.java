package dev.slipway.runtime.database;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;

/**
 * Says where a service keeps its rows.
 *
 * @param url JDBC URL, {@code jdbc:postgresql://...} or {@code jdbc:h2:...}; one of H2 without a
 *     {@code MODE} gets the settings that this suite needs
 * @param user database user; empty for the URL's own
 * @param password that user's password; never printed
 * @param poolSize most connections held at once, from 2
 * @param searchTimeout the most that one search may take, from 1 ms; callers with an earlier
 *     deadline end it earlier
 */
public record DatabaseConfig(
    String url, String user, String password, int poolSize, Duration searchTimeout) {
  /**
   * Connections that suit a small machine: commits are grouped, so that few connections carry much.
   */
  public static final int DEFAULT_POOL_SIZE = 12;

  /** The most that one search may take, by default. */
  public static final Duration DEFAULT_SEARCH_TIMEOUT = Duration.ofSeconds(60);

  /** Fewest connections of a pool: one may wait for another. */
  public static final int MIN_POOL_SIZE = 2;

  /**
   * H2 as this suite needs it: PostgreSQL's dialect and name folding, commits written at once and
   * not after H2's default delay of half a second, no reuse of a subquery's last result (it misses
   * the transaction's own changes), and the file closed by us rather than by H2's shutdown hook,
   * which would run beside draining calls.
   */
  private static final String H2_SETTINGS =
      ";MODE=PostgreSQL;DATABASE_TO_LOWER=TRUE;DEFAULT_NULL_ORDERING=HIGH;WRITE_DELAY=0"
          + ";OPTIMIZE_REUSE_RESULTS=FALSE;DB_CLOSE_ON_EXIT=FALSE";

  /** Checks the settings. */
  public DatabaseConfig {
    Objects.requireNonNull(user);
    Objects.requireNonNull(password);
    if (!url.startsWith("jdbc:h2:") && !url.startsWith("jdbc:postgresql:")) {
      throw new IllegalArgumentException("must start with jdbc:postgresql: or jdbc:h2:");
    }
    if (url.startsWith("jdbc:h2:") && !url.contains(";MODE=")) {
      url += H2_SETTINGS;
    }
    if (poolSize < MIN_POOL_SIZE) {
      throw new IllegalArgumentException(
          "a pool needs at least " + MIN_POOL_SIZE + " connections, not " + poolSize);
    }
    if (searchTimeout.toMillis() < 1) {
      throw new IllegalArgumentException("a search needs some time, not " + searchTimeout);
    }
  }

  /** Returns settings with the default time for searches. */
  public DatabaseConfig(String url, String user, String password, int poolSize) {
    this(url, user, password, poolSize, DEFAULT_SEARCH_TIMEOUT);
  }

  /** Returns these settings with another time for searches. */
  public DatabaseConfig withSearchTimeout(Duration most) {
    return new DatabaseConfig(url, user, password, poolSize, most);
  }

  /**
   * Returns the settings of an H2 database in a file, created when absent; the file gets the suffix
   * {@code .mv.db}.
   */
  public static DatabaseConfig h2File(Path file) {
    return h2File(file, DEFAULT_POOL_SIZE);
  }

  /**
   * Returns the settings of an H2 database in a file, created when absent.
   *
   * @param file its path without the suffix {@code .mv.db}
   */
  public static DatabaseConfig h2File(Path file, int poolSize) {
    return new DatabaseConfig("jdbc:h2:file:" + file.toAbsolutePath(), "sa", "", poolSize);
  }

  /** Returns the database's dialect. */
  public Dialect dialect() {
    return url.startsWith("jdbc:h2:") ? Dialect.H2 : Dialect.POSTGRESQL;
  }

  /** Returns the URL without its parameters, which may hold a password. */
  public String place() {
    return url.replaceAll("[;?].*", "");
  }

  /** Shows no password, neither this one nor one in the URL. */
  @Override
  public String toString() {
    return "DatabaseConfig[url=" + place() + ", user=" + user + ", poolSize=" + poolSize + "]";
  }
}
