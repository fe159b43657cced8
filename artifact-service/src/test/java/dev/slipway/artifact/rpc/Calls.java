package dev.slipway.artifact.rpc;

import com.google.protobuf.ByteString;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingV2Stub;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.UploadChunk;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import io.grpc.Channel;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import java.util.zip.CRC32C;
import org.assertj.core.api.Assertions;

/** Makes streamed calls, message by message. */
final class Calls {
  private final ArtifactServiceBlockingV2Stub stub;

  Calls(Channel channel) {
    this.stub = ArtifactServiceGrpc.newBlockingV2Stub(channel);
  }

  /** Returns the stub, with a deadline that no good test meets. */
  ArtifactServiceBlockingV2Stub stub() {
    return stub.withDeadlineAfter(60, TimeUnit.SECONDS);
  }

  BlockingClientCall<UploadRequest, UploadResponse> upload(UploadSpec spec)
      throws InterruptedException, StatusException {
    BlockingClientCall<UploadRequest, UploadResponse> call = stub().upload();
    call.write(UploadRequest.newBuilder().setSpec(spec).build());
    return call;
  }

  static UploadRequest chunk(byte[] bytes, int offset, int length) {
    CRC32C crc = new CRC32C();
    crc.update(bytes, offset, length);
    return UploadRequest.newBuilder()
        .setChunk(
            UploadChunk.newBuilder()
                .setOffset(offset)
                .setData(ByteString.copyFrom(bytes, offset, length))
                .setCrc32C((int) crc.getValue()))
        .build();
  }

  /** Half-closes and returns the answer. */
  static UploadResponse finish(BlockingClientCall<UploadRequest, UploadResponse> call)
      throws InterruptedException, StatusException {
    call.halfClose();
    UploadResponse response = call.read();
    if (response == null) {
      // The status tells why there is no answer.
      throw new AssertionError("no answer and no failure");
    }
    return response;
  }

  /** Uploads a file whole, declaring nothing. */
  Artifact put(String path, byte[] bytes) throws InterruptedException, StatusException {
    return put(UploadSpec.newBuilder().setPath(path).build(), bytes, 100_000).getArtifact();
  }

  UploadResponse put(UploadSpec spec, byte[] bytes, int chunkBytes)
      throws InterruptedException, StatusException {
    BlockingClientCall<UploadRequest, UploadResponse> call = upload(spec);
    for (int offset = 0; offset < bytes.length; offset += chunkBytes) {
      if (!call.write(chunk(bytes, offset, Math.min(chunkBytes, bytes.length - offset)))) {
        break;
      }
    }
    return finish(call);
  }

  static UploadSpec declared(String path, byte[] bytes) {
    return UploadSpec.newBuilder()
        .setPath(path)
        .setSizeBytes(bytes.length)
        .setSha256(Bytes.content(bytes).sha256().hex())
        .build();
  }

  byte[] get(String path) throws InterruptedException, StatusException, IOException {
    return get(DownloadRequest.newBuilder().setPath(path).build());
  }

  /** Reads a download whole, and checks that header, offsets and checksums fit. */
  byte[] get(DownloadRequest request) throws InterruptedException, StatusException, IOException {
    BlockingClientCall<?, DownloadResponse> call = stub().download(request);
    DownloadResponse first = call.read();
    if (first == null) {
      throw new AssertionError("no header and no failure");
    }
    Assertions.assertThat(first.hasHeader()).isTrue();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    for (DownloadResponse next = call.read(); next != null; next = call.read()) {
      byte[] data = next.getChunk().getData().toByteArray();
      CRC32C crc = new CRC32C();
      crc.update(data, 0, data.length);
      Assertions.assertThat(next.getChunk().getCrc32C()).isEqualTo((int) crc.getValue());
      Assertions.assertThat(next.getChunk().getOffset())
          .isEqualTo(first.getHeader().getOffset() + bytes.size());
      bytes.write(data);
    }
    Assertions.assertThat(bytes.size()).isEqualTo((int) first.getHeader().getLength());
    return bytes.toByteArray();
  }
}
