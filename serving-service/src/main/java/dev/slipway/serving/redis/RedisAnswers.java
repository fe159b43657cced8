package dev.slipway.serving.redis;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.cache.CacheKey;
import dev.slipway.serving.cache.SharedAnswers;
import io.github.resilience4j.circuitbreaker.CircuitBreaker;
import io.github.resilience4j.circuitbreaker.CircuitBreakerConfig;
import io.lettuce.core.RedisCommandExecutionException;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.codec.ByteArrayCodec;
import io.lettuce.core.output.CommandOutput;
import io.lettuce.core.output.StatusOutput;
import io.lettuce.core.output.ValueOutput;
import io.lettuce.core.protocol.AsyncCommand;
import io.lettuce.core.protocol.Command;
import io.lettuce.core.protocol.CommandArgs;
import io.lettuce.core.protocol.CommandType;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executor;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.LongAdder;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers that servers share through Redis.
 *
 * <p>A request loses at most {@link RedisSettings#timeout} here. When half of the last look-ups got
 * no reply within it, the connection is dropped and nobody is asked for some seconds; then three
 * are let through to see. What is no answer of this form is as good as absent. Thread-safe; only
 * {@link #close} blocks.
 */
public final class RedisAnswers implements SharedAnswers, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RedisAnswers.class);

  /** Larger answers are not shared: fetching them takes longer than a request may lose. */
  static final int MOST_ENTRY_BYTES = 1 << 16;

  /** Look-ups of more answers at once would not end in time. */
  static final int MOST_KEYS = 256;

  /** Commands that may await their replies. */
  static final int MOST_PENDING = 2_048;

  /** How long nobody is asked after too many look-ups got no reply. */
  private static final Duration PAUSE = Duration.ofSeconds(5);

  private final RedisSettings settings;
  private final RedisLink link;
  private final Executor executor;
  private final Clock clock;
  private final CircuitBreaker breaker;
  private final AtomicInteger pending = new AtomicInteger();
  private final LongAdder hits = new LongAdder();
  private final LongAdder misses = new LongAdder();
  private final LongAdder failures = new LongAdder();
  private final LongAdder skipped = new LongAdder();

  /**
   * Creates it; it connects when {@link #keepConnected} is called.
   *
   * @param executor goes on with requests whose look-up has ended; stays the caller's
   */
  public RedisAnswers(RedisSettings settings, Executor executor, Clock clock) {
    this(settings, executor, clock, PAUSE);
  }

  RedisAnswers(RedisSettings settings, Executor executor, Clock clock, Duration pause) {
    this.settings = settings;
    this.link = new RedisLink(settings);
    this.executor = executor;
    this.clock = clock;
    this.breaker = CircuitBreaker.of("redis", breaker(pause));
    breaker
        .getEventPublisher()
        .onStateTransition(
            event -> {
              log.warn("sharing answers through {}: {}", settings, event.getStateTransition());
              if (event.getStateTransition().getToState() == CircuitBreaker.State.OPEN) {
                link.drop();
              }
            });
  }

  private static CircuitBreakerConfig breaker(Duration pause) {
    return CircuitBreakerConfig.custom()
        .slidingWindowSize(20)
        .minimumNumberOfCalls(10)
        .failureRateThreshold(50)
        .waitDurationInOpenState(pause)
        .permittedNumberOfCallsInHalfOpenState(3)
        .build();
  }

  /** Connects if there is no connection, without waiting for it; to be called every second. */
  public void keepConnected() {
    link.keep();
  }

  @Override
  public CompletableFuture<Map<CacheKey, Found>> find(List<CacheKey> keys) {
    Optional<StatefulRedisConnection<byte[], byte[]>> connection = link.find();
    if (connection.isEmpty() || keys.size() > MOST_KEYS || !reserve(keys.size())) {
      return skip(keys);
    }
    if (!breaker.tryAcquirePermission()) {
      pending.addAndGet(-keys.size());
      return skip(keys);
    }
    long started = System.nanoTime();
    List<AsyncCommand<byte[], byte[], byte[]>> reads =
        keys.stream().map(RedisAnswers::read).toList();
    return send(connection.get(), reads)
        .orTimeout(settings.timeout().toNanos(), TimeUnit.NANOSECONDS)
        .handleAsync(
            (done, failure) -> {
              long nanos = System.nanoTime() - started;
              if (reads.stream().allMatch(RedisAnswers::isReplied)) {
                breaker.onSuccess(nanos, TimeUnit.NANOSECONDS);
              } else {
                breaker.onError(nanos, TimeUnit.NANOSECONDS, failure);
              }
              return gather(keys, reads);
            },
            executor);
  }

  private CompletableFuture<Map<CacheKey, Found>> skip(List<CacheKey> keys) {
    skipped.add(keys.size());
    return CompletableFuture.completedFuture(Map.of());
  }

  private boolean reserve(int commands) {
    if (pending.addAndGet(commands) <= MOST_PENDING) {
      return true;
    }
    pending.addAndGet(-commands);
    return false;
  }

  /** Asks for one byte more than an answer may have, and so for no more of what is no answer. */
  private static AsyncCommand<byte[], byte[], byte[]> read(CacheKey key) {
    return command(
        CommandType.GETRANGE,
        new ValueOutput<>(ByteArrayCodec.INSTANCE),
        new CommandArgs<>(ByteArrayCodec.INSTANCE)
            .addKey(AnswerEncoding.key(key))
            .add(0)
            .add(MOST_ENTRY_BYTES));
  }

  private static <T> AsyncCommand<byte[], byte[], T> command(
      CommandType type, CommandOutput<byte[], byte[], T> output, CommandArgs<byte[], byte[]> args) {
    return new AsyncCommand<>(new Command<>(type, output, args));
  }

  /**
   * Sends commands that room is reserved for, which ends with the last reply.
   *
   * @return ends with the last reply too; a copy, which may be ended sooner
   */
  private <T> CompletableFuture<Void> send(
      StatefulRedisConnection<byte[], byte[]> connection,
      List<AsyncCommand<byte[], byte[], T>> commands) {
    CompletableFuture<Void> replies =
        CompletableFuture.allOf(commands.toArray(new AsyncCommand<?, ?, ?>[0]))
            .whenComplete((done, failure) -> pending.addAndGet(-commands.size()));
    try {
      connection.dispatch(commands);
    } catch (RuntimeException e) {
      // The connection was lost just now.
      commands.forEach(command -> command.completeExceptionally(e));
    }
    return replies.copy();
  }

  /** Tells whether Redis replied, be it that it refuses. */
  private static boolean isReplied(AsyncCommand<?, ?, ?> command) {
    return command.isDone() && (problem(command).isEmpty() || isRefused(command));
  }

  private static boolean isRefused(AsyncCommand<?, ?, ?> command) {
    return problem(command).filter(RedisCommandExecutionException.class::isInstance).isPresent();
  }

  /** Returns what a command that ended failed with. */
  private static Optional<Throwable> problem(AsyncCommand<?, ?, ?> command) {
    return Optional.ofNullable(
        command.handle((reply, failure) -> failure).toCompletableFuture().join());
  }

  private Map<CacheKey, Found> gather(
      List<CacheKey> keys, List<AsyncCommand<byte[], byte[], byte[]>> reads) {
    Map<CacheKey, Found> found = new HashMap<>();
    long now = clock.millis();
    for (int i = 0; i < keys.size(); i++) {
      AsyncCommand<byte[], byte[], byte[]> read = reads.get(i);
      CacheKey key = keys.get(i);
      if (!read.isDone() || problem(read).isPresent()) {
        failures.increment();
        continue;
      }
      Optional<AnswerEncoding.Dated> answer =
          Optional.ofNullable(read.getNow(null))
              .filter(value -> value.length <= MOST_ENTRY_BYTES)
              .flatMap(value -> AnswerEncoding.decode(key, value));
      if (answer.isPresent()) {
        hits.increment();
        long ageMillis = Math.max(0, now - answer.get().computedMillis());
        found.put(key, new Found(answer.get().outputs(), Duration.ofMillis(ageMillis)));
      } else {
        misses.increment();
      }
    }
    return found;
  }

  @Override
  public void put(Map<CacheKey, List<Tensor>> answers, Optional<Duration> timeToLive) {
    Optional<StatefulRedisConnection<byte[], byte[]>> connection = link.find();
    if (connection.isEmpty()
        || answers.size() > MOST_KEYS
        || breaker.getState() != CircuitBreaker.State.CLOSED) {
      return;
    }
    Duration time = timeToLive.orElse(settings.timeToLive());
    long millis = Math.max(1, Math.min(time.toMillis(), settings.timeToLive().toMillis()));
    long now = clock.millis();
    List<AsyncCommand<byte[], byte[], String>> writes = new ArrayList<>();
    answers.forEach(
        (key, outputs) ->
            AnswerEncoding.encode(key, new AnswerEncoding.Dated(outputs, now), MOST_ENTRY_BYTES)
                .ifPresent(value -> writes.add(write(key, value, millis))));
    if (writes.isEmpty() || !reserve(writes.size())) {
      return;
    }
    var unused =
        send(connection.get(), writes)
            .whenComplete(
                (done, failure) ->
                    failures.add(
                        writes.stream()
                            .filter(CompletableFuture::isCompletedExceptionally)
                            .count()));
  }

  private static AsyncCommand<byte[], byte[], String> write(
      CacheKey key, byte[] value, long timeToLiveMillis) {
    return command(
        CommandType.SET,
        new StatusOutput<>(ByteArrayCodec.INSTANCE),
        new CommandArgs<>(ByteArrayCodec.INSTANCE)
            .addKey(AnswerEncoding.key(key))
            .addValue(value)
            .add("PX")
            .add(timeToLiveMillis));
  }

  /** Returns whether there is a connection. */
  public boolean isConnected() {
    return link.find().isPresent();
  }

  /** Returns look-ups that found an answer. */
  public long hits() {
    return hits.sum();
  }

  /** Returns look-ups that found none. */
  public long misses() {
    return misses.sum();
  }

  /** Returns look-ups that got no reply in time, and look-ups and writes that failed. */
  public long failures() {
    return failures.sum();
  }

  /** Returns look-ups that were not made, for want of a connection, room or trust. */
  public long skipped() {
    return skipped.sum();
  }

  @Override
  public void close() {
    link.close();
  }
}
