package dev.slipway.runtime.config;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.server.GrpcServerConfig;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class CommandsTest {
  private final StringWriter err = new StringWriter();
  private final Sample sample = new Sample();

  private int run(Map<String, String> environment, String... args) {
    return Commands.of(sample, environment).setErr(new PrintWriter(err)).execute(args);
  }

  @Test
  void run_withoutFlags_usesTheDefaults() {
    assertThat(run(Map.of())).isZero();

    assertThat(sample.serverConfig)
        .isEqualTo(
            new GrpcServerConfig(
                "127.0.0.1", 7100, 7110, 64 * 1024 * 1024, Duration.ofSeconds(10)));
    assertThat(sample.databaseConfig.url()).startsWith("jdbc:h2:file:");
  }

  @Test
  void run_environmentSpeaksWhenTheFlagDoesNot() {
    Map<String, String> environment =
        Map.of(
            "SLIPWAY_PORT",
            "8100",
            "SLIPWAY_HOST",
            "0.0.0.0",
            "SLIPWAY_DATABASE_URL",
            "jdbc:postgresql://db/slipway");

    assertThat(run(environment, "--port", "9100")).isZero();

    assertThat(sample.serverConfig.port()).isEqualTo(9100);
    assertThat(sample.serverConfig.host()).isEqualTo("0.0.0.0");
    assertThat(sample.databaseConfig.url()).isEqualTo("jdbc:postgresql://db/slipway");
  }

  @Test
  void run_severalBadSettings_areReportedTogetherALineEach() {
    int code =
        run(
            Map.of("SLIPWAY_DATABASE_URL", "mysql://x", "SLIPWAY_DATABASE_PASSWORD", "hush"),
            "--port=70000",
            "--drain-timeout=-1");

    assertThat(code).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(err.toString().lines())
        .containsExactly(
            "slipway: --port (SLIPWAY_PORT): is 70000; must be 0 to 65535",
            "slipway: --admin-port (SLIPWAY_ADMIN_PORT): is 70010; must be 0 to 65535",
            "slipway: --drain-timeout (SLIPWAY_DRAIN_TIMEOUT): is -1; must be 0 or more seconds",
            "slipway: --database-url (SLIPWAY_DATABASE_URL): must start with jdbc:postgresql: or"
                + " jdbc:h2:");
    assertThat(err.toString()).doesNotContain("hush");
  }

  @Test
  void run_unknownFlagOrNoNumber_isOneLineAndNoStackTrace() {
    assertThat(run(Map.of(), "--prot=1")).isEqualTo(CommandLine.ExitCode.USAGE);
    assertThat(run(Map.of(), "--port=many")).isEqualTo(CommandLine.ExitCode.USAGE);

    assertThat(err.toString().lines()).hasSize(2).allMatch(line -> line.startsWith("slipway: "));
  }

  @Test
  void run_severalThatAreNoNumbers_areReportedTogetherWithTheirTwins() {
    assertThat(run(Map.of(), "--port=many", "--drain-timeout=soon"))
        .isEqualTo(CommandLine.ExitCode.USAGE);

    assertThat(err.toString().lines())
        .containsExactlyInAnyOrder(
            "slipway: --port (SLIPWAY_PORT): 'many' is not an int",
            "slipway: --drain-timeout (SLIPWAY_DRAIN_TIMEOUT): 'soon' is not an int");
  }

  @Test
  void run_variableThatIsNoNumber_isNamed() {
    assertThat(run(Map.of("SLIPWAY_PORT", "tcp://10.0.0.1:7100")))
        .isEqualTo(CommandLine.ExitCode.USAGE);

    assertThat(err.toString())
        .isEqualToIgnoringNewLines(
            "slipway: --port (SLIPWAY_PORT): 'tcp://10.0.0.1:7100' is not an int");
  }

  @Test
  void run_emptyVariableAndVariablesOfHelp_areNone() {
    assertThat(
            run(
                Map.of(
                    "SLIPWAY_DATABASE_URL", "", "SLIPWAY_VERSION", "0.1.0", "SLIPWAY_HELP", "x")))
        .isZero();

    assertThat(sample.databaseConfig.url()).startsWith("jdbc:h2:file:");
  }

  @Test
  void run_poolTooSmall_namesItsOwnFlag() {
    assertThat(run(Map.of(), "--database-pool-size=1")).isEqualTo(CommandLine.ExitCode.USAGE);

    assertThat(err.toString())
        .isEqualToIgnoringNewLines(
            "slipway: --database-pool-size (SLIPWAY_DATABASE_POOL_SIZE): is 1; must be at least 2");
  }

  @Test
  void run_searchTimeout_isTheDatabases() {
    assertThat(run(Map.of())).isZero();
    assertThat(sample.databaseConfig.searchTimeout()).isEqualTo(Duration.ofSeconds(60));
    assertThat(run(Map.of("SLIPWAY_SEARCH_TIMEOUT", "5"))).isZero();
    assertThat(sample.databaseConfig.searchTimeout()).isEqualTo(Duration.ofSeconds(5));
    assertThat(run(Map.of(), "--search-timeout=0")).isEqualTo(CommandLine.ExitCode.USAGE);

    assertThat(err.toString())
        .isEqualToIgnoringNewLines(
            "slipway: --search-timeout (SLIPWAY_SEARCH_TIMEOUT): is 0; must be at least 1 second");
  }

  @Test
  void databaseConfig_neverPrintsThePassword() {
    assertThat(new DatabaseConfig("jdbc:postgresql://db/x", "u", "hush", 4).toString())
        .doesNotContain("hush");
    assertThat(new DatabaseConfig("jdbc:postgresql://db/x?password=hush", "", "", 4).toString())
        .doesNotContain("hush");
    assertThat(new DatabaseConfig("jdbc:h2:mem:x;PASSWORD=hush", "", "", 4).toString())
        .doesNotContain("hush");
  }

  @Command(name = "sample", mixinStandardHelpOptions = true)
  private static final class Sample implements Callable<Integer> {
    @Mixin private final ServerOptions server = new ServerOptions(7100);
    @Mixin private final DatabaseOptions database = new DatabaseOptions();
    private GrpcServerConfig serverConfig;
    private DatabaseConfig databaseConfig;

    @Override
    public Integer call() {
      ConfigProblems problems = new ConfigProblems();
      serverConfig = server.config(problems);
      databaseConfig = database.config(Path.of("db", "sample"), problems);
      problems.throwIfAny();
      return 0;
    }
  }
}
