package dev.slipway.client;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.artifact.ArtifactServer;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.netty.NettyChannelBuilder;
import java.io.ByteArrayOutputStream;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Lets many clients begin downloads and then take nothing, from a server with little memory. */
class StalledDownloadsTest {
  private static final int STALLED = 300;
  // Of what one download reads ahead when it is alone there would be room for a third of them.
  private static final List<String> LITTLE_MEMORY =
      List.of("-Xmx96m", "-XX:MaxDirectMemorySize=80m");

  @TempDir Path folder;

  /** Is a download that is sent no more than it asks for. */
  private static final class Stalled extends ClientCall.Listener<DownloadResponse> {
    private final ClientCall<DownloadRequest, DownloadResponse> call;
    private final CompletableFuture<Void> begun = new CompletableFuture<>();
    private final CompletableFuture<byte[]> ended = new CompletableFuture<>();
    private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();

    private Stalled(ManagedChannel channel, String path) {
      call = channel.newCall(ArtifactServiceGrpc.getDownloadMethod(), CallOptions.DEFAULT);
      call.start(this, new Metadata());
      call.sendMessage(DownloadRequest.newBuilder().setPath(path).build());
      call.halfClose();
      call.request(1);
    }

    byte[] takeTheRest() throws Exception {
      call.request(Integer.MAX_VALUE);
      return ended.get(60, TimeUnit.SECONDS);
    }

    @Override
    public void onMessage(DownloadResponse message) {
      begun.complete(null);
      bytes.writeBytes(message.getChunk().getData().toByteArray());
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      if (status.isOk()) {
        ended.complete(bytes.toByteArray());
      } else {
        begun.completeExceptionally(status.asException());
        ended.completeExceptionally(status.asException());
      }
    }
  }

  @Test
  void download_besideHundredsThatStall_isRightAndSoAreThose() throws Exception {
    byte[] bytes = new byte[1 << 20];
    new Random(1).nextBytes(bytes);
    try (ServiceProcess service =
            ServiceProcess.start(LITTLE_MEMORY, ArtifactServer.class, folder.resolve("data"));
        SlipwayClient client = SlipwayClient.connect("127.0.0.1:" + service.port())) {
      client.transfers().uploadBytes(bytes, "a");
      ManagedChannel channel =
          NettyChannelBuilder.forAddress("127.0.0.1", service.port())
              .usePlaintext()
              // The client shall hold little, too.
              .initialFlowControlWindow(16 << 10)
              .build();
      try {
        List<Stalled> stalled = new ArrayList<>();
        for (int i = 0; i < STALLED; i++) {
          stalled.add(new Stalled(channel, "a"));
        }
        for (Stalled one : stalled) {
          one.begun.get(60, TimeUnit.SECONDS);
        }

        client.transfers().downloadFile("a", folder.resolve("b"));

        assertThat(folder.resolve("b")).hasBinaryContent(bytes);
        assertThat(stalled.get(0).takeTheRest()).isEqualTo(bytes);
        assertThat(stalled.get(STALLED - 1).takeTheRest()).isEqualTo(bytes);
        assertThat(stalled).filteredOn(one -> one.ended.isCompletedExceptionally()).isEmpty();
      } finally {
        channel.shutdownNow();
      }
    }
  }
}
