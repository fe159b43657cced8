package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.SlipwayClient;
import dev.slipway.runtime.config.Commands;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.VersionSelector;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/**
 * One policy whose checks are decided by serving, by tracking and by both versions' runs: what is
 * in Staging goes to Production by itself when all pass, and stays, for a reason of its own, when
 * one does not.
 */
@ExtendWith(ModelServer.Running.class)
class PromotionGatesIT {
  private static ModelServer server;

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  private long versions;

  @BeforeAll
  static void start(ModelServer running) {
    server = running;
  }

  @Test
  void promote_auto_asGoldenRequestsMetricsAndComparisonSay() throws Exception {
    Path wrong = withAnotherAnswer();
    slipway(0, "models", "create", "net");
    slipway(
        0,
        "models",
        "policy",
        "set",
        "net",
        "--check=golden-requests",
        "--check=metrics=metrics.latency_ms < 20",
        "--check=max=accuracy,0.01");

    stage(ModelServer.TENSOR, 0.95, 10);
    promote(0);
    assertThat(out.toString())
        .startsWith("net/1: all checks passed\n")
        .contains(
            "  passed   golden-requests: 1 of 1 golden requests passed\n",
            "  passed   metrics: metrics.latency_ms 10 is < 20\n",
            "  passed   max-accuracy: there is no version to compare with\n")
        .endsWith("net/1 is in Production.\n");

    stage(ModelServer.TENSOR, 0.945, 15);
    promote(0);
    assertThat(out.toString())
        .startsWith("net/2: all checks passed\n")
        .contains("  passed   max-accuracy against version 1: accuracy 0.945 is >= 0.95 - 0.01")
        .endsWith("net/2 is in Production.\nnet/1 went to Archived.\n");

    stage(wrong, 0.99, 10);
    promote(1);
    assertThat(out.toString())
        .startsWith("net/3: not all checks passed\n")
        .contains(
            "  failed   golden-requests: 1 of 1 golden requests failed: first rows (",
            "           - first rows: output probabilities: 1 of 15 values are outside the"
                + " tolerances",
            "  passed   metrics: ",
            "  passed   max-accuracy against version 2: ");

    stage(ModelServer.TENSOR, 0.99, 20);
    promote(1);
    assertThat(out.toString())
        .startsWith("net/4: not all checks passed\n")
        .contains(
            "  passed   golden-requests: ",
            "  failed   metrics: metrics.latency_ms 20 is not < 20\n",
            "  passed   max-accuracy against version 2: ");

    stage(ModelServer.TENSOR, 0.93, 10);
    promote(1);
    assertThat(out.toString())
        .startsWith("net/5: not all checks passed\n")
        .contains(
            "  passed   golden-requests: ",
            "  passed   metrics: ",
            "  failed   max-accuracy against version 2: accuracy 0.93 is not >= 0.945 - 0.01");

    slipway(0, "models", "versions", "net");
    assertThat(out.toString())
        .containsPattern("(?m)^5 +Staging ")
        .containsPattern("(?m)^2 +Production ");
  }

  /** Returns a package whose golden request expects what the model does not answer. */
  private Path withAnotherAnswer() throws IOException {
    for (String file : new String[] {"MLmodel", "model.onnx", "golden_requests.jsonl"}) {
      Files.copy(ModelServer.TENSOR.resolve(file), folder.resolve(file));
    }
    Path golden = folder.resolve("golden_requests.jsonl");
    String answer = "0.9895995855331421";
    String requests = Files.readString(golden);
    assertThat(requests).contains(answer);
    Files.writeString(golden, requests.replace(answer, "0.5"));
    return folder;
  }

  /** Registers a package as the next version, of a run with these metrics, and stages it. */
  private void stage(Path modelPackage, double accuracy, double latency) throws Exception {
    versions++;
    String run = run(accuracy, latency);
    slipway(0, "models", "register", "net", modelPackage.toString(), "--run", run, "-q");
    slipway(0, "models", "promote", "net/" + versions, "--to", "staging");
    awaitHeardOf(versions);
  }

  private static String run(double accuracy, double latency) {
    SlipwayClient client = server.client();
    String run =
        client.tracking().createRun(CreateRunRequest.getDefaultInstance()).getInfo().getRunId();
    var unused =
        client
            .tracking()
            .logBatch(
                LogBatchRequest.newBuilder()
                    .setRunId(run)
                    .addMetrics(Metric.newBuilder().setKey("accuracy").setValue(accuracy))
                    .addMetrics(Metric.newBuilder().setKey("latency_ms").setValue(latency))
                    .build());
    return run;
  }

  /**
   * Serving learns of versions a moment after the registry, and checks wait for it so long only.
   */
  private static void awaitHeardOf(long version) throws InterruptedException {
    DescribeModelRequest request =
        DescribeModelRequest.newBuilder()
            .setModel("net")
            .setSelector(VersionSelector.newBuilder().setVersion(version))
            .build();
    long end = System.nanoTime() + 600_000_000_000L;
    while (true) {
      try {
        var unused = server.client().serving().describeModel(request);
        return;
      } catch (StatusRuntimeException e) {
        assertThat(System.nanoTime()).as(e.toString()).isLessThan(end);
        Thread.sleep(20);
      }
    }
  }

  private void promote(int code) {
    slipway(code, "models", "promote", "net", "--auto");
    assertThat(err.toString()).contains(code == 0 ? "" : "reason: CHECKS_NOT_PASSED");
  }

  private void slipway(int code, String... args) {
    out.getBuffer().setLength(0);
    err.getBuffer().setLength(0);
    assertThat(
            Commands.of(Slipway.command(), Map.of("SLIPWAY_SERVER", server.address()))
                .setOut(new PrintWriter(out, true))
                .setErr(new PrintWriter(err, true))
                .execute(args))
        .as(out.toString() + err)
        .isEqualTo(code);
  }
}
