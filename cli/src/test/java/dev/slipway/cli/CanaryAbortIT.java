package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.ByteString;
import dev.slipway.registry.v1.GetRegisteredModelRequest;
import dev.slipway.runtime.config.Commands;
import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.GetTrafficRuleRequest;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.Tensors;
import dev.slipway.serving.v1.TrafficRuleState;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ExtendWith;
import org.junit.jupiter.api.io.TempDir;

/** A canary that does badly is withdrawn by all services together, without anybody's help. */
@ExtendWith(ModelServer.Running.class)
class CanaryAbortIT {
  private static final Path MODELS = Path.of("../serving-service/src/test/models");
  private static final String FAILED = "requests of the challenger failed; at most 0.2 of them may";
  private static final PredictRequest ASK =
      PredictRequest.newBuilder()
          .setModel("watched")
          .setTensors(
              Tensors.newBuilder()
                  .addTensors(
                      Tensor.newBuilder()
                          .setName("in")
                          .setDataType(DataType.DATA_TYPE_FP32)
                          .addShape(1)
                          .addShape(2)
                          .setRaw(ByteString.copyFromUtf8("any bits"))))
          .build();

  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private Path write(String name, String model) throws Exception {
    Path written = Files.createDirectories(folder.resolve(name));
    Files.copy(MODELS.resolve(model), written.resolve("model.onnx"));
    Files.writeString(written.resolve("MLmodel"), "flavors: {onnx: {data: model.onnx}}\n");
    return written;
  }

  private String done(ModelServer server, String... args) {
    out.getBuffer().setLength(0);
    int code =
        Commands.of(Slipway.command(), Map.of("SLIPWAY_SERVER", server.address()))
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(args);
    assertThat(code).as(err.toString()).isZero();
    return out.toString();
  }

  /** Returns the state of the rule; unspecified as long as serving has not heard of it. */
  private static TrafficRuleState state(ModelServer server) {
    try {
      return server
          .client()
          .serving()
          .getTrafficRule(GetTrafficRuleRequest.newBuilder().setModel("watched").build())
          .getRule()
          .getState();
    } catch (StatusRuntimeException e) {
      return TrafficRuleState.TRAFFIC_RULE_STATE_UNSPECIFIED;
    }
  }

  private static void requireAnswered(ModelServer server) {
    PredictResponse answer = server.client().serving().predict(ASK);
    assertThat(answer.getProvenance().getVersion()).isEqualTo(1);
    assertThat(answer.getTensors().getTensors(0).getRaw().toStringUtf8()).isEqualTo("any bits");
  }

  @Test
  void canaryThatRefusesWhatCallersSend_isWithdrawnAndNoCallerNotices(ModelServer server)
      throws Exception {
    server.register("watched", write("champion", "identity_fp32.onnx"));
    server.registerNext("watched", write("canary", "identity_fp64.onnx"));

    String unused =
        done(
            server,
            "traffic",
            "set",
            "watched",
            "--canary=2",
            "--weight=1",
            "--abort-errors=0.2",
            "--abort-min-requests=20",
            "--abort-window=10m");
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(3);
    while (state(server) != TrafficRuleState.TRAFFIC_RULE_STATE_ABORTED) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(end);
      requireAnswered(server);
    }

    requireAnswered(server);
    assertThat(done(server, "traffic", "show", "watched")).contains("withdrawn, since", FAILED);
    // Written to the registry, which tells all other servers.
    while (!tag(server).contains(FAILED)) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(end);
      Thread.onSpinWait();
    }
  }

  private static String tag(ModelServer server) {
    return server
        .client()
        .registry()
        .getRegisteredModel(GetRegisteredModelRequest.newBuilder().setName("watched").build())
        .getTagsOrThrow("slipway.serving.traffic.production");
  }
}
