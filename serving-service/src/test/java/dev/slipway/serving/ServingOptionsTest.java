package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.predictor.python.PythonSettings;
import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.config.ConfigException;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.model.MemoryBudget;
import dev.slipway.serving.model.NamePattern;
import dev.slipway.serving.redis.RedisSettings;
import dev.slipway.serving.remote.RemoteSettings;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class ServingOptionsTest {
  @Command
  private static final class Holder {
    @Mixin private ServingOptions options = new ServingOptions();
  }

  private static ServingConfig read(Map<String, String> environment, String... arguments) {
    Holder holder = new Holder();
    Commands.of(holder, environment).parseArgs(arguments);
    ConfigProblems problems = new ConfigProblems();
    ServingConfig config = holder.options.config(Path.of("cache"), problems);
    problems.throwIfAny();
    return config;
  }

  @Test
  void defaults_followEveryModel() {
    ServingConfig config = read(Map.of());

    assertThat(config.cacheFolder()).isEqualTo(Path.of("cache"));
    assertThat(config.follows("anything", Stage.PRODUCTION)).isTrue();
    assertThat(config.follows("anything", Stage.STAGING)).isTrue();
    assertThat(config.limits().maxQueued()).isEqualTo(1024);
    assertThat(config.keep().rollback()).isEqualTo(Duration.ofMinutes(10));
    assertThat(config.keep().idle()).isEqualTo(Duration.ofHours(1));
  }

  @Test
  void flagsAndTheirTwins_areRead() {
    ServingConfig config =
        read(
            Map.of(
                "SLIPWAY_SERVE_MAX_QUEUED",
                "7",
                "SLIPWAY_SERVE_MODELS",
                "digits,fraud-*@Production,a@b"),
            "--serve-max-running=3",
            "--serve-rollback-seconds=0",
            "--serve-cache-dir=elsewhere");

    assertThat(config.limits().maxQueued()).isEqualTo(7);
    assertThat(config.limits().maxRunning()).isEqualTo(3);
    assertThat(config.keep().rollback()).isZero();
    assertThat(config.cacheFolder()).isEqualTo(Path.of("elsewhere"));
    assertThat(config.follows("digits", Stage.STAGING)).isTrue();
    assertThat(config.follows("digits", Stage.PRODUCTION)).isTrue();
    assertThat(config.follows("digits2", Stage.PRODUCTION)).isFalse();
    assertThat(config.follows("fraud-eu", Stage.PRODUCTION)).isTrue();
    assertThat(config.follows("fraud-eu", Stage.STAGING)).isFalse();
    assertThat(config.follows("a@b", Stage.STAGING)).isTrue();
  }

  @Test
  void badSettings_areReportedTogether() {
    assertThatThrownBy(
            () ->
                read(
                    Map.of(),
                    "--serve-max-queued=-1",
                    "--serve-max-batch-rows=0",
                    "--serve-idle-seconds=0",
                    "--serve-load-timeout-seconds=0",
                    "--serve-memory-budget=much"))
        .isInstanceOfSatisfying(ConfigException.class, e -> assertThat(e.problems()).hasSize(5));
  }

  @Test
  void python_isOffUnlessAnInterpreterIsNamed() {
    assertThat(read(Map.of()).python()).isEmpty();
    assertThat(read(Map.of(), "--serve-python-workers=3").python()).isEmpty();
    PythonSettings python = read(Map.of(), "--serve-python=python3.10,python3.11").python().get();
    assertThat(python.interpreters()).containsExactly("python3.10", "python3.11");
    assertThat(python.workers()).isEqualTo(2);
    assertThat(python.callTimeout()).isEqualTo(Duration.ofMinutes(1));
    assertThat(python.environments()).isEmpty();
    assertThat(python.maxWorkerBytes()).isBetween(1L, Long.MAX_VALUE - 1);
  }

  @Test
  void flagsOfPython_areRead() {
    PythonSettings python =
        read(
                Map.of("SLIPWAY_SERVE_PYTHON", "python3"),
                "--serve-python-env=prepared",
                "--serve-python-workers=3",
                "--serve-python-timeout-seconds=5",
                "--serve-python-memory=2GiB",
                "--serve-load-timeout-seconds=7")
            .python()
            .get();
    assertThat(python)
        .isEqualTo(
            new PythonSettings(
                List.of("python3"),
                3,
                Duration.ofSeconds(7),
                Duration.ofSeconds(5),
                2L << 30,
                Optional.of(Path.of("python"))));
    assertThat(
            read(Map.of(), "--serve-python=python3", "--serve-python-memory=0")
                .python()
                .get()
                .maxWorkerBytes())
        .isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void badFlagsOfPython_areReportedTogether() {
    assertThatThrownBy(
            () ->
                read(
                    Map.of(),
                    "--serve-python=,python3",
                    "--serve-python-env=conda",
                    "--serve-python-workers=0",
                    "--serve-python-timeout-seconds=0",
                    "--serve-python-memory=much",
                    "--serve-max-queued=-1"))
        .isInstanceOfSatisfying(ConfigException.class, e -> assertThat(e.problems()).hasSize(6));
  }

  @Test
  void memoryBudget_isBytesAUnitOrAShare() {
    assertThat(memoryBudget("4096")).isEqualTo(4096);
    assertThat(memoryBudget("8GiB")).isEqualTo(8L << 30);
    assertThat(memoryBudget("500 MB")).isEqualTo(500_000_000);
    assertThat(memoryBudget("0")).isEqualTo(MemoryBudget.UNLIMITED);
    long half = memoryBudget("50%");
    assertThat(half).isPositive().isEqualTo(read(Map.of()).loads().memoryBytes());
    assertThat(memoryBudget("100%")).isBetween(half * 2 - 1, half * 2 + 1);
    for (String wrong : List.of("", "-1", "101%", "8 gigs", "1.5GiB", "99999999999TiB")) {
      assertThatThrownBy(() -> memoryBudget(wrong)).isInstanceOf(ConfigException.class);
    }
  }

  private static long memoryBudget(String text) {
    return read(Map.of(), "--serve-memory-budget=" + text).loads().memoryBytes();
  }

  @Test
  void redis_isNoneUnlessNamed() {
    assertThat(read(Map.of()).redis()).isEmpty();
    assertThat(read(Map.of(), "--serve-cache-redis=redis://cache").redis())
        .contains(
            new RedisSettings(
                "cache",
                6379,
                0,
                false,
                Optional.empty(),
                Optional.empty(),
                Optional.empty(),
                Duration.ofMillis(5),
                Duration.ofDays(1)));
    assertThat(
            read(
                    Map.of("SLIPWAY_SERVE_CACHE_REDIS_PASSWORD", "secret"),
                    "--serve-cache-redis=rediss://serving@[::1]:7000/3",
                    "--serve-cache-redis-timeout-millis=20",
                    "--serve-cache-redis-ttl-seconds=60")
                .redis())
        .contains(
            new RedisSettings(
                "::1",
                7000,
                3,
                true,
                Optional.of("serving"),
                Optional.of("secret"),
                Optional.empty(),
                Duration.ofMillis(20),
                Duration.ofMinutes(1)));
  }

  @Test
  void badFlagsOfRedis_areReportedTogetherAndRepeatNoPassword() {
    assertThatThrownBy(
            () ->
                read(
                    Map.of(),
                    "--serve-cache-redis=redis://user@cache",
                    "--serve-cache-redis-ca-file=/nowhere.pem",
                    "--serve-cache-redis-timeout-millis=0",
                    "--serve-cache-redis-ttl-seconds=0"))
        .isInstanceOfSatisfying(ConfigException.class, e -> assertThat(e.problems()).hasSize(5));
    for (String wrong :
        List.of(
            "cache:6379",
            "http://cache",
            "redis://",
            "redis://cache:99999",
            "redis://cache/one",
            "redis://cache?timeout=1s",
            "redis://user:secret@cache",
            "redis://:secret@cache")) {
      assertThatThrownBy(() -> read(Map.of(), "--serve-cache-redis=" + wrong))
          .isInstanceOf(ConfigException.class)
          .hasMessageNotContaining("secret");
    }
    assertThatThrownBy(() -> read(Map.of(), "--serve-cache-redis-password=secret"))
        .isInstanceOf(ConfigException.class);
    assertThatThrownBy(
            () -> read(Map.of(), "--serve-cache-redis=redis://cache", "--serve-cache-bytes=0"))
        .isInstanceOf(ConfigException.class);
  }

  @Test
  void otherModelServers_areCalledOnlyWhereTheyAreNamed() {
    assertThat(read(Map.of()).remote()).isEqualTo(RemoteSettings.NONE);
    RemoteSettings remote =
        read(Map.of(), "--serve-remote-endpoints=grpcs://triton-*:8001,https://tf:8501").remote();
    assertThat(remote.endpoints())
        .containsExactly(
            new NamePattern("grpcs://triton-*:8001"), new NamePattern("https://tf:8501"));
    assertThat(remote.authorities()).isEmpty();
    assertThatThrownBy(
            () ->
                read(
                    Map.of(),
                    "--serve-remote-endpoints=triton:8001,ftp://host:1",
                    "--serve-remote-ca-file=/nowhere.pem"))
        .isInstanceOfSatisfying(ConfigException.class, e -> assertThat(e.problems()).hasSize(3));
  }
}
