package dev.slipway.serving.redis;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/**
 * Which Redis answers are shared through, and how.
 *
 * @param host its name or address
 * @param port its TCP port
 * @param database number of its database
 * @param encrypted whether the connection is encrypted and the server's certificate checked
 * @param user who to be; empty for Redis's default user
 * @param password that user's password
 * @param authorities file with the certificates of the authorities that the server is trusted by,
 *     PEM; empty for those that Java trusts
 * @param timeout the most that a request may lose by asking
 * @param timeToLive how long an answer stays there, unless its model says less
 */
public record RedisSettings(
    String host,
    int port,
    int database,
    boolean encrypted,
    Optional<String> user,
    Optional<String> password,
    Optional<Path> authorities,
    Duration timeout,
    Duration timeToLive) {
  /** Default of {@link #timeout}, milliseconds. */
  public static final long DEFAULT_TIMEOUT_MILLIS = 5;

  /** Default of {@link #timeToLive}, seconds. */
  public static final long DEFAULT_TIME_TO_LIVE_SECONDS = 86_400;

  /** Checks the ranges. */
  public RedisSettings {
    if (timeout.toMillis() < 1 || timeToLive.toMillis() < 1) {
      throw new IllegalArgumentException("out of range: " + timeout + ", " + timeToLive);
    }
    if (user.isPresent() && password.isEmpty()) {
      throw new IllegalArgumentException("a user needs a password");
    }
  }

  /** Says where it is; the password is not told. */
  @Override
  public String toString() {
    return (encrypted ? "rediss://" : "redis://") + host + ":" + port + "/" + database;
  }
}
