package dev.slipway.artifact.rpc;

import static dev.slipway.artifact.rpc.Calls.declared;
import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.S3Server;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Arrays;
import java.util.List;
import org.assertj.core.api.Assertions;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the service over a socket, with an S3 store behind it. */
class ArtifactOverNettyTest {
  private static final int MAX_MESSAGE_BYTES = 2 << 20;

  @TempDir Path folder;

  @Order(1)
  @RegisterExtension
  private final S3ProxyExtension s3 = S3Server.make();

  @Order(2)
  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.netty(MAX_MESSAGE_BYTES, () -> List.of(open()));

  private Calls calls;

  private ArtifactModule open() {
    return ArtifactModule.open(
        new ArtifactConfig(
            TestDatabases.h2(folder),
            new ArtifactConfig.Minio(S3Server.settings(s3)),
            folder.resolve("uploads"),
            ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
        new MetricRegistry(),
        Clock.systemUTC());
  }

  @BeforeEach
  void connect() {
    calls = new Calls(server.channel());
  }

  @Test
  void uploadAndDownload_acrossTheSocket_areEqual() throws Exception {
    byte[] bytes = Bytes.random(1, (20 << 20) + 3);

    calls.put(declared("model/weights.bin", bytes), bytes, 1 << 20);

    assertThat(Arrays.equals(calls.get("model/weights.bin"), bytes)).isTrue();
    byte[] range =
        calls.get(
            DownloadRequest.newBuilder()
                .setPath("model/weights.bin")
                .setOffset(17_000_000)
                .setLength(100)
                .build());
    assertThat(range).isEqualTo(Arrays.copyOfRange(bytes, 17_000_000, 17_000_100));
    assertThat(folder.resolve("uploads")).isEmptyDirectory();
  }

  @Test
  void upload_ofStoredContent_endsWhileTheClientStillSends() throws Exception {
    byte[] bytes = Bytes.random(2, 8 << 20);
    calls.put("a", bytes);

    UploadResponse response = calls.put(declared("b", bytes), bytes, 100_000);

    assertThat(response.getAlreadyPresent()).isTrue();
  }

  @Test
  void download_clientThatDoesNotRead_holdsBackTheServer() throws Exception {
    byte[] bytes = Bytes.random(3, 20 << 20);
    calls.put(declared("a", bytes), bytes, 1 << 20);
    BlockingClientCall<?, DownloadResponse> call =
        calls.stub().download(DownloadRequest.newBuilder().setPath("a").build());
    assertThat(call.read().hasHeader()).isTrue();

    // Others are served meanwhile, and the slow one gets all of it in the end.
    assertThat(Arrays.equals(calls.get("a"), bytes)).isTrue();
    long read = 0;
    for (DownloadResponse next = call.read(); next != null; next = call.read()) {
      read += next.getChunk().getData().size();
    }
    assertThat(read).isEqualTo(bytes.length);
  }

  @Test
  void upload_messageAboveTheLimit_isRefusedByTheTransport() throws Exception {
    BlockingClientCall<?, UploadResponse> call = tooLarge();

    StatusException failure = Assertions.catchThrowableOfType(StatusException.class, call::read);

    assertThat(failure.getStatus().getCode()).isEqualTo(Code.RESOURCE_EXHAUSTED);
  }

  private BlockingClientCall<?, UploadResponse> tooLarge() throws Exception {
    var call = calls.upload(UploadSpec.newBuilder().setPath("a").build());
    call.write(Calls.chunk(new byte[3 << 20], 0, 3 << 20));
    call.halfClose();
    return call;
  }
}
