package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.blob.StoreBusyException;
import dev.slipway.artifact.upload.UploadFinishingException;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadTakenOverException;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceImplBase;
import dev.slipway.artifact.v1.QueryUploadRequest;
import dev.slipway.artifact.v1.QueryUploadResponse;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadState;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.ClientInterceptors;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.nio.channels.ClosedChannelException;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Tests what an upload does when the service refuses its stream for a reason of its own. */
class UploadRetriesTest {
  private static final int MAX_ATTEMPTS = 3;
  private static final byte[] BYTES = new byte[1 << 20];

  private final Script script = new Script();

  @RegisterExtension
  private final GrpcServerExtension server = GrpcServerExtension.inProcess(script);

  private ArtifactTransfers transfers;

  @BeforeEach
  void connect() {
    transfers =
        new ArtifactTransfers(
            server.channel(),
            new TransferOptions(1, MAX_ATTEMPTS, Duration.ofMillis(1), Duration.ofMillis(2)));
  }

  /** Refuses every stream, and is asked many times before the upload is complete. */
  private static final class Script extends ArtifactServiceImplBase {
    private final AtomicInteger streams = new AtomicInteger();
    private final AtomicInteger queries = new AtomicInteger();
    private RuntimeException refusal;

    @Override
    public StreamObserver<UploadRequest> upload(StreamObserver<UploadResponse> response) {
      streams.incrementAndGet();
      throw refusal;
    }

    @Override
    public void queryUpload(
        QueryUploadRequest request, StreamObserver<QueryUploadResponse> response) {
      boolean complete = queries.incrementAndGet() > 4 * MAX_ATTEMPTS;
      response.onNext(
          QueryUploadResponse.newBuilder()
              .setState(
                  complete ? UploadState.UPLOAD_STATE_COMPLETE : UploadState.UPLOAD_STATE_FINISHING)
              .setArtifact(Artifact.newBuilder().setPath("published"))
              .build());
      response.onCompleted();
    }
  }

  private void assertRefused(Code code) {
    assertThatThrownBy(() -> transfers.uploadBytes(BYTES, "a"))
        .isInstanceOfSatisfying(TransferException.class, e -> assertThat(e.code()).isEqualTo(code));
  }

  @Test
  void upload_isJustBeingPublished_waitsForItHoweverLong() throws Exception {
    script.refusal = new UploadFinishingException(new UploadId("u"));

    assertThat(transfers.uploadBytes(BYTES, "a").getPath()).isEqualTo("published");

    assertThat(script.streams).hasValue(1);
  }

  @Test
  void upload_takenOver_isLeftToWhoeverHasIt() {
    script.refusal = new UploadTakenOverException("u");

    assertRefused(Code.ABORTED);

    assertThat(script.streams).hasValue(1);
    assertThat(script.queries).hasValue(0);
  }

  @Test
  void upload_serverAway_connectsAnewForItsAttempts() throws Exception {
    TransferOptions options =
        new TransferOptions(1, 60, Duration.ofMillis(10), Duration.ofMillis(10));
    try (CuttingProxy nobody = new CuttingProxy();
        SlipwayClient client = SlipwayClient.connect(nobody.address())) {
      assertThatThrownBy(() -> client.transfers(options).uploadBytes(BYTES, "a"))
          .isInstanceOf(TransferException.class);

      assertThat(nobody.connections()).isGreaterThan(2);
    }
  }

  /** As gRPC does with a call that begins while its connection ends. */
  @Test
  void upload_connectionIsJustClosing_isTriedAgain() throws Exception {
    script.refusal = new UploadFinishingException(new UploadId("u"));
    AtomicInteger lost = new AtomicInteger();
    ClientInterceptor closing =
        new ClientInterceptor() {
          @Override
          public <Q, A> ClientCall<Q, A> interceptCall(
              MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
            if (lost.incrementAndGet() > MAX_ATTEMPTS - 1) {
              return next.newCall(method, options);
            }
            return new FailingClientCall<>(
                Status.UNKNOWN
                    .withDescription("channel closed")
                    .withCause(new ClosedChannelException()));
          }
        };
    ArtifactTransfers cut =
        new ArtifactTransfers(
            ClientInterceptors.intercept(server.channel(), closing),
            new TransferOptions(1, MAX_ATTEMPTS, Duration.ofMillis(1), Duration.ofMillis(2)));

    assertThat(cut.uploadBytes(BYTES, "a").getPath()).isEqualTo("published");
  }

  /** What a server itself does not know is not better the next time. */
  @Test
  void upload_refusedForAnUnknownReason_isNotTriedAgain() {
    script.refusal = Status.UNKNOWN.asRuntimeException();

    assertRefused(Code.UNKNOWN);

    assertThat(script.streams).hasValue(1);
  }

  private static final class FailingClientCall<Q, A> extends ClientCall<Q, A> {
    private final Status status;

    FailingClientCall(Status status) {
      this.status = status;
    }

    @Override
    public void start(Listener<A> listener, Metadata headers) {
      listener.onClose(status, new Metadata());
    }

    @Override
    public void request(int messages) {}

    @Override
    public void cancel(String message, Throwable cause) {}

    @Override
    public void halfClose() {}

    @Override
    public void sendMessage(Q message) {}
  }

  @Test
  void upload_storeIsBusy_isTriedAgain() {
    script.refusal = new StoreBusyException();

    assertThatThrownBy(() -> transfers.uploadBytes(new byte[10], "a"))
        .isInstanceOf(TransferException.class);

    assertThat(script.streams).hasValue(MAX_ATTEMPTS);
  }
}
