package dev.slipway.gateway.artifacts;

import com.google.protobuf.UnsafeByteOperations;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingV2Stub;
import dev.slipway.artifact.v1.UploadChunk;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.gateway.mlflow.MlflowException;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.InputStream;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Stores the body of a request as an artifact, as fast as the service takes it: memory is a few
 * chunks, whatever the size. Nothing is visible before the whole body is stored.
 */
final class StoredUpload {
  private static final int CHUNK_BYTES = 256 << 10;

  /** How long the service may take no bytes. */
  private static final long IDLE_SECONDS = 60;

  /** How long the service may take to publish what it has, which may be large. */
  private static final long PUBLISH_SECONDS = 600;

  private final ArtifactServiceBlockingV2Stub service;
  private final long maxBytes;

  /**
   * Creates an upload.
   *
   * @param maxBytes largest body taken
   */
  StoredUpload(ArtifactServiceBlockingV2Stub service, long maxBytes) {
    this.service = service;
    this.maxBytes = maxBytes;
  }

  /**
   * Stores a body.
   *
   * @param path where, in the tree of all artifacts
   * @param allowEmpty whether there may be no bytes
   * @throws StatusException if the service refuses or fails
   * @throws MlflowException if the body is too large or must not be empty
   * @throws IOException if the client went away
   */
  void store(Context context, String path, boolean allowEmpty)
      throws IOException, InterruptedException, StatusException {
    long declared = context.req().getContentLengthLong();
    if (declared > maxBytes) {
      throw tooLarge();
    }
    UploadSpec.Builder spec = UploadSpec.newBuilder().setPath(path);
    if (declared >= 0) {
      spec.setSizeBytes(declared);
    }
    InputStream body = context.bodyInputStream();
    byte[] next = body.readNBytes(CHUNK_BYTES);
    if (next.length == 0 && !allowEmpty) {
      throw MlflowException.refused("Request must specify data.");
    }
    BlockingClientCall<UploadRequest, UploadResponse> call = service.upload();
    try {
      boolean open = write(call, UploadRequest.newBuilder().setSpec(spec).build());
      long offset = 0;
      // A call that is no longer open has its answer already: a refusal, or that the content is
      // known.
      while (open && next.length > 0) {
        if (offset + next.length > maxBytes) {
          throw tooLarge();
        }
        open = write(call, chunk(offset, next));
        offset += next.length;
        next = body.readNBytes(CHUNK_BYTES);
      }
      call.halfClose();
      if (read(call) == null) {
        throw Status.INTERNAL.withDescription("an upload ended without answer").asException();
      }
    } finally {
      call.cancel("given up", null);
    }
  }

  private static boolean write(
      BlockingClientCall<UploadRequest, UploadResponse> call, UploadRequest message)
      throws InterruptedException, StatusException {
    try {
      return call.write(message, IDLE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw tooSlow(e);
    }
  }

  private static UploadResponse read(BlockingClientCall<UploadRequest, UploadResponse> call)
      throws InterruptedException, StatusException {
    try {
      return call.read(PUBLISH_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw tooSlow(e);
    }
  }

  private static StatusException tooSlow(TimeoutException cause) {
    return Status.DEADLINE_EXCEEDED.withCause(cause).asException();
  }

  private static UploadRequest chunk(long offset, byte[] bytes) {
    return UploadRequest.newBuilder()
        .setChunk(
            UploadChunk.newBuilder()
                .setOffset(offset)
                // Nobody else has the array, so it need not be copied.
                .setData(UnsafeByteOperations.unsafeWrap(bytes)))
        .build();
  }

  private MlflowException tooLarge() {
    return MlflowException.refused(
        "Artifact size is too large. Max size is " + (maxBytes >> 20) + "MB.");
  }
}
