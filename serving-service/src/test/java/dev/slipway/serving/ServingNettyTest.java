package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.registry.v1.Stage;
import dev.slipway.runtime.server.Channels;
import dev.slipway.serving.testing.ServingHarness;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The server over a real connection, where size limits count. */
class ServingNettyTest {
  @TempDir Path folder;

  @Test
  void modelInfer_tenMebibytesPass_beyondTheLimitIsRefusedCleanly() {
    try (ServingHarness harness = new ServingHarness(folder)) {
      harness.addScripted("m", 1, "none", Stage.STAGE_PRODUCTION);
      harness.awaitProduction("m", 1);
      ManagedChannel channel = Channels.to("127.0.0.1:" + harness.port(), Integer.MAX_VALUE);
      try {
        var stub = GRPCInferenceServiceGrpc.newBlockingStub(channel);
        float[] tenMebibytes = new float[10 << 18];

        ModelInferResponse response = stub.modelInfer(ServingHarness.ask("m", "", tenMebibytes));
        assertThat(response.getRawOutputContents(0).size()).isEqualTo(10 << 20);

        assertThatThrownBy(() -> stub.modelInfer(ServingHarness.ask("m", "", new float[17 << 18])))
            .isInstanceOfSatisfying(
                StatusRuntimeException.class,
                e -> assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.RESOURCE_EXHAUSTED));
        assertThat(stub.modelInfer(ServingHarness.ask("m", "", 1f)).getModelVersion())
            .isEqualTo("1");
      } finally {
        channel.shutdownNow();
      }
    }
  }
}
