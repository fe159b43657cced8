package dev.slipway.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.runtime.config.ConfigException;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.database.DatabaseConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Set;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;

final class RegistryOptionsTest {
  private static final DatabaseConfig DATABASE = DatabaseConfig.h2File(Path.of("registry"));

  @Test
  void pollInterval_hasADefaultAndIsMapped() {
    assertThat(config(new ConfigProblems()).pollInterval()).isEqualTo(Duration.ofMillis(200));
    assertThat(config(new ConfigProblems(), "--registry-poll-millis=1000").pollInterval())
        .isEqualTo(Duration.ofSeconds(1));
  }

  @Test
  void pollInterval_outOfRange_isRefused() {
    for (String value : new String[] {"9", "10001", "-1"}) {
      ConfigProblems problems = new ConfigProblems();
      var unused = config(problems, "--registry-poll-millis=" + value);
      assertThatThrownBy(problems::throwIfAny)
          .isInstanceOf(ConfigException.class)
          .hasMessageContaining("--registry-poll-millis")
          .hasMessageContaining("10 to 10000");
    }
  }

  @Test
  void webhooks_arePublicHttpsForEveryone_unlessTold() {
    assertThat(config(new ConfigProblems()).webhooks()).isEqualTo(WebhookConfig.DEFAULT);
    assertThat(
            config(
                    new ConfigProblems(),
                    "--webhook-allow-private",
                    "--webhook-allow-http",
                    "--webhook-roles=ops,lead")
                .webhooks())
        .isEqualTo(new WebhookConfig(true, true, Set.of("ops", "lead")));
  }

  @Test
  void webhookRoles_thatCannotBe_areRefused() {
    ConfigProblems problems = new ConfigProblems();
    var unused = config(problems, "--webhook-roles=ops,a b");
    assertThatThrownBy(problems::throwIfAny)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("--webhook-roles")
        .hasMessageContaining("a b");
  }

  @Test
  void policyRoles_areNoneOrAList_andOthersAreRefused() {
    assertThat(config(new ConfigProblems()).policyRoles()).isEmpty();
    assertThat(config(new ConfigProblems(), "--policy-roles=admin,ml.lead").policyRoles())
        .containsExactly("admin", "ml.lead");
    ConfigProblems problems = new ConfigProblems();
    var unused = config(problems, "--policy-roles=admin,not a role");
    assertThatThrownBy(problems::throwIfAny)
        .isInstanceOf(ConfigException.class)
        .hasMessageContaining("--policy-roles")
        .hasMessageContaining("SLIPWAY_POLICY_ROLES");
  }

  private static RegistryConfig config(ConfigProblems problems, String... args) {
    RegistryOptions options = new RegistryOptions();
    CommandSpec command =
        CommandSpec.create().addMixin("registry", CommandSpec.forAnnotatedObject(options));
    var unused = new CommandLine(command).parseArgs(args);
    return options.config(DATABASE, problems);
  }
}
