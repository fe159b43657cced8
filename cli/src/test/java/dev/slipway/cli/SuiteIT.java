package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.cli.quickstart.Quickstart;
import dev.slipway.client.SlipwayClient;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Each service a process of its own, wired by address, all on one PostgreSQL. */
class SuiteIT {
  @TempDir private Path folder;

  @Test
  void fourProcessesOnPostgres_walkTheWholeRoad() throws Exception {
    DatabaseConfig database = TestDatabases.postgres();
    String[] common = {
      "--data-dir=" + folder,
      "--database-url=" + database.url(),
      "--database-user=" + database.user(),
      "--database-password=" + database.password()
    };
    try (SlipwayProcess tracking = SlipwayProcess.startServer("tracking-server", common);
        SlipwayProcess artifact = SlipwayProcess.startServer("artifact-server", common);
        SlipwayProcess registry =
            SlipwayProcess.startServer(
                "registry-server",
                common[0],
                common[1],
                common[2],
                common[3],
                "--tracking-address=" + tracking.address(),
                "--artifact-address=" + artifact.address());
        SlipwayProcess serving =
            SlipwayProcess.startServer(
                "serving-server",
                common[0],
                "--registry-address=" + registry.address(),
                "--artifact-address=" + artifact.address());
        SlipwayClient client =
            SlipwayClient.builder()
                .trackingAddress(tracking.address())
                .artifactAddress(artifact.address())
                .registryAddress(registry.address())
                .servingAddress(serving.address())
                .build()) {
      StringWriter said = new StringWriter();

      boolean done = new Quickstart(client, new PrintWriter(said), new PrintWriter(said)).run();

      assertThat(done).as(said.toString()).isTrue();
      for (SlipwayProcess each : new SlipwayProcess[] {serving, registry, artifact, tracking}) {
        assertThat(each.stop()).isEqualTo(143);
      }
    }
  }
}
