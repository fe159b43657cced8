package dev.slipway.serving;

import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.serving.redis.RedisSettings;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import picocli.CommandLine.Option;

/** Holds the flags of the Redis that answers are shared through. A mixin; not thread-safe. */
final class RedisOptions {
  private static final String FLAG = "--serve-cache-redis";
  private static final int DEFAULT_PORT = 6379;

  @Option(
      names = FLAG,
      paramLabel = "URL",
      description =
          "Redis that servers share the answers through which they keep: redis://HOST:PORT/NUMBER,"
              + " or rediss:// to encrypt; port, number and USER@ may be left out. Default: none,"
              + " each server keeps its own.")
  private String url;

  @Option(
      names = "--serve-cache-redis-password",
      paramLabel = "PASSWORD",
      description = "Password of Redis; prefer the environment variable.")
  private String password;

  @Option(
      names = "--serve-cache-redis-ca-file",
      paramLabel = "FILE",
      description =
          "Certificates of the authorities that Redis is trusted by, PEM. Default: those that Java"
              + " trusts.")
  private Path authorities;

  @Option(
      names = "--serve-cache-redis-timeout-millis",
      paramLabel = "MILLIS",
      defaultValue = "" + RedisSettings.DEFAULT_TIMEOUT_MILLIS,
      description = "The most that a request may lose by asking Redis. Default: ${DEFAULT-VALUE}.")
  private long timeoutMillis;

  @Option(
      names = "--serve-cache-redis-ttl-seconds",
      paramLabel = "SECONDS",
      defaultValue = "" + RedisSettings.DEFAULT_TIME_TO_LIVE_SECONDS,
      description =
          "How long an answer stays in Redis, unless its model says less. Default:"
              + " ${DEFAULT-VALUE}.")
  private long timeToLiveSeconds;

  /**
   * Returns the settings, noting what is wrong with them; empty without a Redis, null after a
   * problem.
   */
  Optional<RedisSettings> settings(ConfigProblems problems) {
    boolean good = true;
    good &= between(1, timeoutMillis, 10_000, "--serve-cache-redis-timeout-millis", problems);
    good &= between(1, timeToLiveSeconds, 31_536_000, "--serve-cache-redis-ttl-seconds", problems);
    if (authorities != null && !Files.isReadable(authorities)) {
      problems.add("--serve-cache-redis-ca-file", authorities + " cannot be read");
      good = false;
    }
    if (url == null) {
      if (password != null || authorities != null) {
        problems.add(FLAG, "is required with other settings of Redis");
        return null;
      }
      return good ? Optional.empty() : null;
    }
    Optional<URI> server = parse(url);
    if (server.isEmpty()) {
      problems.add(
          FLAG,
          "must be redis://HOST:PORT/NUMBER or rediss://, without a password, which has a setting"
              + " of its own");
      return null;
    }
    if (server.get().getUserInfo() != null && password == null) {
      problems.add("--serve-cache-redis-password", "is required with a user");
      good = false;
    }
    if (authorities != null && !server.get().getScheme().equals("rediss")) {
      problems.add("--serve-cache-redis-ca-file", "is of no use without rediss://");
      good = false;
    }
    return good ? Optional.of(settings(server.get())) : null;
  }

  private static boolean between(
      long least, long value, long most, String flag, ConfigProblems problems) {
    if (value < least || value > most) {
      problems.add(flag, "is " + value + "; must be " + least + " to " + most);
      return false;
    }
    return true;
  }

  /** Not told what is wrong, since that would repeat a password that does not belong there. */
  private static Optional<URI> parse(String url) {
    try {
      URI uri = new URI(url);
      boolean scheme = "redis".equals(uri.getScheme()) || "rediss".equals(uri.getScheme());
      boolean user = uri.getUserInfo() == null || uri.getUserInfo().matches("[^:]+");
      boolean rest = uri.getQuery() == null && uri.getFragment() == null;
      boolean path = uri.getPath() != null && uri.getPath().matches("|/|/[0-9]{1,4}");
      boolean port = uri.getPort() >= -1 && uri.getPort() != 0 && uri.getPort() <= 65_535;
      return Optional.of(uri)
          .filter(known -> scheme && known.getHost() != null && user && rest && path && port);
    } catch (URISyntaxException e) {
      return Optional.empty();
    }
  }

  private RedisSettings settings(URI server) {
    String number = server.getPath().replace("/", "");
    return new RedisSettings(
        server.getHost().replaceAll("[\\[\\]]", ""),
        server.getPort() == -1 ? DEFAULT_PORT : server.getPort(),
        number.isEmpty() ? 0 : Integer.parseInt(number),
        server.getScheme().equals("rediss"),
        Optional.ofNullable(server.getUserInfo()),
        Optional.ofNullable(password),
        Optional.ofNullable(authorities),
        Duration.ofMillis(timeoutMillis),
        Duration.ofSeconds(timeToLiveSeconds));
  }
}
