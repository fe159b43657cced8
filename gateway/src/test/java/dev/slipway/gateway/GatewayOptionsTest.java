package dev.slipway.gateway;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.runtime.config.ConfigException;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.server.GrpcServerConfig;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class GatewayOptionsTest {
  private static final GrpcServerConfig SERVER =
      new GrpcServerConfig("0.0.0.0", 0, 0, 4096, Duration.ofSeconds(7));

  @Command
  private static final class Host {
    @Mixin private final GatewayOptions options = new GatewayOptions();
  }

  private static GatewayConfig parse(ConfigProblems problems, String... arguments) {
    Host host = new Host();
    new CommandLine(host).parseArgs(arguments);
    return host.options.config(SERVER, problems);
  }

  @Test
  void defaults() {
    assertThat(parse(new ConfigProblems()))
        .isEqualTo(GatewayConfig.at("0.0.0.0", 5000, Duration.ofSeconds(7)));
  }

  @Test
  void everyFlagIsMapped() {
    assertThat(
            parse(
                new ConfigProblems(),
                "--http-port=0",
                "--http-max-body-bytes=2048",
                "--http-max-inference-bytes=4096",
                "--http-timeout=3",
                "--http-allowed-hosts=a,b"))
        .isEqualTo(
            new GatewayConfig(
                "0.0.0.0",
                0,
                2048,
                4096,
                Duration.ofSeconds(3),
                Duration.ofSeconds(7),
                List.of("a", "b")));
  }

  @Test
  void allProblemsAreToldAtOnce() {
    ConfigProblems problems = new ConfigProblems();

    GatewayConfig config =
        parse(
            problems,
            "--http-port=65536",
            "--http-max-body-bytes=1",
            "--http-max-inference-bytes=1023",
            "--http-timeout=0");

    assertThat(config).isNull();
    assertThatThrownBy(problems::throwIfAny)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("--http-port")
        .hasMessageContaining("--http-max-body-bytes")
        .hasMessageContaining("--http-max-inference-bytes")
        .hasMessageContaining("--http-timeout");
  }
}
