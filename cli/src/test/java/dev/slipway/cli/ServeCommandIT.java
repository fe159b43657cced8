package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.SlipwayClient;
import dev.slipway.runtime.config.Commands;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.VersionState;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ServeCommandIT {
  private static final String PACKAGE =
      "../model-engine/src/test/models/mlflow/lightgbm-classifier";
  private static final Pattern READY = Pattern.compile("(\\S+) version (\\d+) ready on (\\S+): .*");

  @TempDir private Path data;

  /** Serves the package until the work is done, and returns the version that answered. */
  private ServedVersion serve(String... args) throws IOException, InterruptedException {
    List<String> all = new ArrayList<>(List.of("serve", PACKAGE, "--port=0", "--admin-port=0"));
    all.addAll(List.of(args));
    try (SlipwayProcess process = SlipwayProcess.start(all.toArray(String[]::new))) {
      String line = process.line();
      Matcher ready = READY.matcher(line == null ? "" : line);
      assertThat(ready.matches()).as(line + process.errors()).isTrue();
      try (SlipwayClient client = SlipwayClient.connect(ready.group(3))) {
        ServedVersion version =
            client
                .serving()
                .describeModel(DescribeModelRequest.newBuilder().setModel(ready.group(1)).build())
                .getVersion();
        assertThat(version.getVersion()).isEqualTo(Long.parseLong(ready.group(2)));
        assertThat(process.stop()).isEqualTo(143);
        return version;
      }
    }
  }

  @Test
  void serve_againWithTheSameData_addsAVersionInProduction() throws Exception {
    ServedVersion first = serve("--data-dir=" + data);
    assertThat(first.getModel()).isEqualTo("lightgbm-classifier");
    assertThat(first.getState()).isEqualTo(VersionState.VERSION_STATE_READY);

    assertThat(serve("--data-dir=" + data).getVersion()).isEqualTo(2);
  }

  @Test
  void serve_whatIsNoPackage_isRefusedBeforeAnythingStarts() {
    StringWriter err = new StringWriter();
    for (String folder : List.of(data.toString(), data.resolve("absent").toString())) {
      assertThat(
              Commands.of(Slipway.command(), Map.of())
                  .setErr(new PrintWriter(err, true))
                  .execute("serve", folder))
          .isEqualTo(2);
    }
    assertThat(err.toString()).contains("MLmodel").contains("absent is no folder");
  }
}
