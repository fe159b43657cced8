package dev.slipway.serving.redis;

import static dev.slipway.serving.testing.ServingHarness.await;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.serving.cache.CacheKey;
import dev.slipway.serving.cache.SharedAnswers.Found;
import dev.slipway.serving.testing.RedisServer;
import dev.slipway.serving.testing.TestCertificate;
import io.lettuce.core.RedisClient;
import io.lettuce.core.RedisURI;
import io.lettuce.core.api.StatefulRedisConnection;
import io.lettuce.core.api.sync.RedisCommands;
import io.lettuce.core.codec.ByteArrayCodec;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIf;
import org.junit.jupiter.api.io.TempDir;

/** Answers shared through a real Redis that is there, away, slow, or holds what is no answer. */
@EnabledIf(
    value = "dev.slipway.serving.testing.RedisServer#isInstalled",
    disabledReason = RedisServer.MISSING)
class RedisAnswersIT {
  private static final CacheKey KEY = new CacheKey(1, 2, 3, 4);
  private static final List<Tensor> ANSWER =
      List.of(Tensor.ofFloats("y", Shape.of(1, 2), 1.5f, Float.NaN));
  private static final Instant NOW = Instant.parse("2026-01-01T00:00:00Z");

  @TempDir Path folder;

  private final ExecutorService executor = Executors.newFixedThreadPool(2);
  private final List<AutoCloseable> opened = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (int i = opened.size() - 1; i >= 0; i--) {
      opened.get(i).close();
    }
    executor.shutdownNow();
  }

  private RedisServer server(String... options) throws Exception {
    RedisServer server = RedisServer.start(folder, options);
    opened.add(server);
    return server;
  }

  private RedisAnswers open(RedisSettings settings, Instant now) {
    RedisAnswers answers =
        new RedisAnswers(
            settings, executor, Clock.fixed(now, ZoneOffset.UTC), Duration.ofMillis(100));
    opened.add(answers);
    return answers;
  }

  private RedisAnswers connect(RedisSettings settings) {
    RedisAnswers answers = open(settings, NOW);
    awaitConnected(answers);
    return answers;
  }

  private static void awaitConnected(RedisAnswers answers) {
    await(
        () -> {
          answers.keepConnected();
          return answers.isConnected();
        });
  }

  private static Map<CacheKey, Found> find(RedisAnswers answers, CacheKey... keys) {
    return answers.find(List.of(keys)).join();
  }

  /** Puts an answer until it is found: a put is not waited for and may come to nothing. */
  private static void awaitShared(RedisAnswers answers) {
    await(
        () -> {
          answers.keepConnected();
          answers.put(Map.of(KEY, ANSWER), Optional.empty());
          return find(answers, KEY).containsKey(KEY);
        });
  }

  private RedisCommands<byte[], byte[]> redis(RedisServer server) {
    RedisClient client = RedisClient.create(RedisURI.create("127.0.0.1", server.port()));
    opened.add(client::shutdown);
    StatefulRedisConnection<byte[], byte[]> connection = client.connect(ByteArrayCodec.INSTANCE);
    return connection.sync();
  }

  @Test
  void answerOfOneServer_isFoundByAnother() throws Exception {
    RedisServer server = server();
    awaitShared(connect(server.settings()));
    RedisAnswers other = open(server.settings(), NOW.plusSeconds(7));
    awaitConnected(other);

    Map<CacheKey, Found> found = find(other, KEY, new CacheKey(1, 2, 3, 5));

    assertThat(found).containsOnlyKeys(KEY);
    assertThat(found.get(KEY).age()).isEqualTo(Duration.ofSeconds(7));
    assertThat(found.get(KEY).outputs().get(0).metadata()).isEqualTo(ANSWER.get(0).metadata());
    assertThat(found.get(KEY).outputs().get(0).data()).isEqualTo(ANSWER.get(0).data());
    assertThat(other.hits()).isEqualTo(1);
    assertThat(other.misses()).isEqualTo(1);
    assertThat(other.failures()).isZero();
  }

  @Test
  void answers_leaveRedisWhenTheirTimeIsOver() throws Exception {
    RedisServer server = server();
    RedisAnswers answers = connect(server.settings());
    awaitShared(answers);
    CacheKey brief = new CacheKey(0, 0, 0, 1);
    answers.put(Map.of(brief, ANSWER), Optional.of(Duration.ofHours(1)));
    await(() -> find(answers, brief).containsKey(brief));

    RedisCommands<byte[], byte[]> redis = redis(server);
    assertThat(redis.pttl(AnswerEncoding.key(KEY)))
        .isBetween(Duration.ofHours(23).toMillis(), Duration.ofDays(1).toMillis());
    assertThat(redis.pttl(AnswerEncoding.key(brief))).isBetween(1L, Duration.ofHours(1).toMillis());
  }

  @Test
  void whatIsNoAnswer_isAbsentAndHarmsNoOther() throws Exception {
    RedisServer server = server();
    RedisAnswers answers = connect(server.settings());
    awaitShared(answers);
    RedisCommands<byte[], byte[]> redis = redis(server);
    List<CacheKey> keys = LongStream.range(0, 4).mapToObj(i -> new CacheKey(0, 0, 0, i)).toList();
    byte[] ofAnotherKey = redis.get(AnswerEncoding.key(KEY));
    redis.set(AnswerEncoding.key(keys.get(0)), ofAnotherKey);
    redis.set(AnswerEncoding.key(keys.get(1)), new byte[] {1, 2, 3});
    redis.set(AnswerEncoding.key(keys.get(2)), new byte[1 << 20]);
    redis.lpush(AnswerEncoding.key(keys.get(3)), new byte[] {1});
    long failuresBefore = answers.failures();

    Map<CacheKey, Found> found =
        find(answers, keys.get(0), keys.get(1), keys.get(2), keys.get(3), KEY);

    assertThat(found).containsOnlyKeys(KEY);
    // The list is of the wrong type, which Redis says; the others are no answers.
    assertThat(answers.failures()).isEqualTo(failuresBefore + 1);
    assertThat(answers.isConnected()).isTrue();
  }

  @Test
  void tooManyOrTooLargeAnswers_areNotAskedForNorShared() throws Exception {
    RedisServer server = server();
    RedisAnswers answers = connect(server.settings());
    Map<CacheKey, List<Tensor>> many = new HashMap<>();
    for (int i = 0; i <= RedisAnswers.MOST_KEYS; i++) {
      many.put(new CacheKey(0, 0, 1, i), ANSWER);
    }
    answers.put(many, Optional.empty());
    CacheKey large = new CacheKey(0, 0, 2, 0);
    int floats = RedisAnswers.MOST_ENTRY_BYTES / Float.BYTES;
    List<Tensor> tooLarge = List.of(Tensor.ofFloats("y", Shape.of(1, floats), new float[floats]));
    answers.put(Map.of(large, tooLarge), Optional.empty());
    awaitShared(answers);

    assertThat(answers.find(List.copyOf(many.keySet()))).isCompletedWithValue(Map.of());
    assertThat(answers.skipped()).isEqualTo(many.size());
    assertThat(find(answers, large)).isEmpty();
    assertThat(redis(server).dbsize()).isEqualTo(1);
  }

  @Test
  void redisThatIsAwayAtTheStart_isUsedWhenItComes() throws Exception {
    RedisServer server = RedisServer.prepare(folder);
    opened.add(server);
    RedisAnswers answers = open(server.settings(), NOW);
    answers.keepConnected();

    answers.put(Map.of(KEY, ANSWER), Optional.empty());
    assertThat(answers.find(List.of(KEY))).isCompletedWithValue(Map.of());
    assertThat(answers.skipped()).isEqualTo(1);

    server.start();
    awaitShared(answers);
  }

  @Test
  void redisThatDiesUnderLoad_failsNobodyAndIsUsedAgain() throws Exception {
    RedisServer server = server();
    RedisAnswers answers = connect(server.settings());
    awaitShared(answers);
    AtomicBoolean stop = new AtomicBoolean();
    List<Future<?>> callers = new ArrayList<>();
    ExecutorService threads = Executors.newFixedThreadPool(4);
    opened.add(threads::shutdownNow);
    for (int caller = 0; caller < 4; caller++) {
      int own = caller;
      callers.add(
          threads.submit(
              () -> {
                for (long i = 0; !stop.get() && !Thread.currentThread().isInterrupted(); i++) {
                  CacheKey key = new CacheKey(own, 0, 0, i % 100);
                  find(answers, key);
                  answers.put(Map.of(key, ANSWER), Optional.empty());
                }
              }));
    }
    long before = answers.hits();
    await(() -> answers.hits() > before + 100);

    server.kill();
    await(() -> !answers.isConnected());
    server.start();
    awaitShared(answers);
    stop.set(true);

    for (Future<?> caller : callers) {
      caller.get(60, TimeUnit.SECONDS);
    }
  }

  @Test
  void redisThatHangs_isAskedNoMoreUntilItAnswersAgain() throws Exception {
    RedisServer server = server();
    RedisAnswers answers = connect(server.settings(Duration.ofMillis(50)));
    awaitShared(answers);

    server.pause();
    await(
        () -> {
          find(answers, KEY);
          return !answers.isConnected();
        });
    assertThat(answers.failures()).isPositive();
    // Nothing is sent, so the answer is there at once.
    assertThat(answers.find(List.of(KEY))).isCompletedWithValue(Map.of());

    server.resume();
    awaitShared(answers);
  }

  @Test
  void redisThatHangs_isOwedNoMoreThanABoundedNumberOfReplies() throws Exception {
    RedisServer server = server();
    RedisAnswers answers = connect(server.settings());
    server.pause();
    List<CacheKey> keys =
        LongStream.range(0, RedisAnswers.MOST_KEYS)
            .mapToObj(i -> new CacheKey(0, 0, 0, i))
            .toList();
    int lookups = RedisAnswers.MOST_PENDING / RedisAnswers.MOST_KEYS;
    for (int i = 0; i < lookups; i++) {
      assertThat(answers.find(keys)).isNotDone();
    }

    assertThat(answers.find(keys)).isCompletedWithValue(Map.of());
    assertThat(answers.skipped()).isEqualTo(RedisAnswers.MOST_KEYS);

    server.resume();
    await(() -> answers.misses() == RedisAnswers.MOST_PENDING);
    assertThat(find(answers, KEY)).isEmpty();
    assertThat(answers.misses()).isEqualTo(RedisAnswers.MOST_PENDING + 1);
  }

  private static RedisSettings settings(
      int port, Optional<String> user, Optional<String> password, Optional<Path> authorities) {
    return new RedisSettings(
        "localhost",
        port,
        1,
        authorities.isPresent(),
        user,
        password,
        authorities,
        Duration.ofSeconds(30),
        Duration.ofDays(1));
  }

  @Test
  void onlyTheRightPassword_opens() throws Exception {
    int port =
        server("--requirepass", "open", "--user", "serving", "on", ">sesame", "~*", "+@all").port();
    RedisSettings right = settings(port, Optional.empty(), Optional.of("open"), Optional.empty());
    RedisAnswers wrong =
        open(settings(port, Optional.empty(), Optional.of("shut"), Optional.empty()), NOW);
    wrong.keepConnected();

    awaitShared(connect(right));
    awaitShared(
        connect(settings(port, Optional.of("serving"), Optional.of("sesame"), Optional.empty())));

    wrong.keepConnected();
    assertThat(wrong.find(List.of(KEY))).isCompletedWithValue(Map.of());
    assertThat(wrong.skipped()).isEqualTo(1);
    assertThat(right.toString()).doesNotContain("open");
  }

  @Test
  void encryptedConnection_trustsItsAuthorityAlone() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder.resolve("own"));
    int port = RedisServer.freePort();
    server(
        "--tls-port",
        Integer.toString(port),
        "--tls-cert-file",
        certificate.file().toString(),
        "--tls-key-file",
        certificate.key().toString(),
        "--tls-ca-cert-file",
        certificate.file().toString(),
        "--tls-auth-clients",
        "no");
    Path strange = TestCertificate.create(folder.resolve("strange")).file();
    RedisAnswers distrustful =
        open(settings(port, Optional.empty(), Optional.empty(), Optional.of(strange)), NOW);
    distrustful.keepConnected();

    awaitShared(
        connect(
            settings(port, Optional.empty(), Optional.empty(), Optional.of(certificate.file()))));

    distrustful.keepConnected();
    assertThat(distrustful.find(List.of(KEY))).isCompletedWithValue(Map.of());
    assertThat(distrustful.skipped()).isEqualTo(1);
  }
}
