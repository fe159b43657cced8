package dev.slipway.serving.redis;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import io.lettuce.core.ClientOptions;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.SocketOptions;
import io.lettuce.core.SslOptions;
import io.lettuce.core.TimeoutOptions;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.resource.ClientResources;
import io.lettuce.core.resource.DefaultClientResources;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The one connection to Redis. It is made by {@link #keep}, which is to be called every second: at
 * the start, after it was lost, and after it was dropped. Thread-safe; only {@link #close} blocks.
 */
final class RedisLink implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RedisLink.class);

  /** How long connecting may take, and then the greetings. */
  private static final Duration PATIENCE = Duration.ofSeconds(2);

  private static final int THREADS = 2;
  private static final long STOP_SECONDS = 2;

  private final RedisSettings settings;
  private final ClientResources resources;
  private final RedisClient client;
  private final RedisURI uri;

  private volatile Optional<StatefulRedisConnection<byte[], byte[]>> connection = Optional.empty();

  @GuardedBy("this")
  private boolean isConnecting;

  @GuardedBy("this")
  private boolean saidAway;

  @GuardedBy("this")
  private boolean closed;

  RedisLink(RedisSettings settings) {
    this.settings = settings;
    this.resources =
        DefaultClientResources.builder()
            .ioThreadPoolSize(THREADS)
            .computationThreadPoolSize(THREADS)
            .build();
    this.client = RedisClient.create(resources);
    this.uri = uri(settings);
    client.setOptions(options(settings));
  }

  private static RedisURI uri(RedisSettings settings) {
    RedisURI.Builder uri =
        RedisURI.builder()
            .withHost(settings.host())
            .withPort(settings.port())
            .withDatabase(settings.database())
            .withSsl(settings.encrypted())
            .withTimeout(PATIENCE);
    settings
        .password()
        .ifPresent(
            password ->
                settings
                    .user()
                    .ifPresentOrElse(
                        user -> uri.withAuthentication(user, password),
                        () -> uri.withPassword(password.toCharArray())));
    return uri.build();
  }

  private static ClientOptions options(RedisSettings settings) {
    ClientOptions.Builder options =
        ClientOptions.builder()
            // What a lost connection still owed is of no use to anyone later.
            .autoReconnect(false)
            .disconnectedBehavior(ClientOptions.DisconnectedBehavior.REJECT_COMMANDS)
            .timeoutOptions(TimeoutOptions.builder().timeoutCommands(false).build())
            .socketOptions(SocketOptions.builder().connectTimeout(PATIENCE).build());
    settings
        .authorities()
        .ifPresent(
            file ->
                options.sslOptions(
                    SslOptions.builder().jdkSslProvider().trustManager(file.toFile()).build()));
    return options.build();
  }

  /** Returns the connection; empty while there is none. */
  Optional<StatefulRedisConnection<byte[], byte[]>> find() {
    return connection.filter(StatefulRedisConnection::isOpen);
  }

  /** Connects if there is no connection, without waiting for it. */
  synchronized void keep() {
    if (closed || isConnecting || find().isPresent()) {
      return;
    }
    drop();
    var connecting = client.connectAsync(ByteArrayCodec.INSTANCE, uri);
    isConnecting = true;
    var unused = connecting.whenComplete(this::ended);
  }

  private synchronized void ended(StatefulRedisConnection<byte[], byte[]> made, Throwable failure) {
    isConnecting = false;
    if (failure != null) {
      if (!saidAway) {
        saidAway = true;
        log.warn("no answers are shared while {} cannot be used: {}", settings, root(failure));
      }
    } else if (closed) {
      var unused = made.closeAsync();
    } else {
      saidAway = false;
      connection = Optional.of(made);
      log.info("answers are shared through {}", settings);
    }
  }

  private static String root(Throwable failure) {
    Throwable cause = failure;
    while (cause.getCause() != null) {
      cause = cause.getCause();
    }
    return cause.toString();
  }

  /** Lets go of the connection and of what it still owes. */
  synchronized void drop() {
    connection.ifPresent(
        present -> {
          var unused = present.closeAsync();
        });
    connection = Optional.empty();
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      connection = Optional.empty();
    }
    client.shutdown(0, STOP_SECONDS, TimeUnit.SECONDS);
    resources.shutdown(0, STOP_SECONDS, TimeUnit.SECONDS).awaitUninterruptibly();
  }
}
