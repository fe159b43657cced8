package dev.slipway.artifact.rpc;

import dev.slipway.artifact.service.ArtifactService;
import dev.slipway.artifact.service.ArtifactUpload;
import dev.slipway.artifact.upload.SizeMismatchException;
import dev.slipway.artifact.v1.UploadChunk;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.runtime.error.InvalidRequestException;
import io.grpc.stub.StreamObserver;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Receives one upload. The next message is taken only after the disk has the one before, which is
 * the back-pressure on the client. gRPC calls it from one thread at a time.
 */
final class UploadObserver implements StreamObserver<UploadRequest> {
  private static final Logger log = LoggerFactory.getLogger(UploadObserver.class);

  private enum State {
    AWAITING_SPEC,
    RECEIVING,
    CLOSED
  }

  private final ArtifactService service;
  private final StreamObserver<UploadResponse> response;
  private State state = State.AWAITING_SPEC;
  private ArtifactUpload upload;

  UploadObserver(ArtifactService service, StreamObserver<UploadResponse> response) {
    this.service = service;
    this.response = response;
  }

  @Override
  public void onNext(UploadRequest request) {
    if (state == State.CLOSED) {
      // The client has not heard yet that it need not send more.
      return;
    }
    try {
      if (state == State.AWAITING_SPEC) {
        receiveSpec(request);
      } else {
        receiveChunk(request);
      }
    } catch (SizeMismatchException e) {
      discard();
      throw e;
    } catch (RuntimeException e) {
      suspend();
      throw e;
    }
  }

  private void receiveSpec(UploadRequest request) {
    if (!request.hasSpec()) {
      throw InvalidRequestException.of("spec", "is required in the first message");
    }
    var spec = ArtifactRequests.uploadSpec(request.getSpec());
    var published = service.publishStored(spec);
    if (published.isPresent()) {
      answer(published.get());
    } else {
      upload = service.open(spec);
      state = State.RECEIVING;
    }
  }

  private void receiveChunk(UploadRequest request) {
    if (!request.hasChunk()) {
      throw InvalidRequestException.of(
          request.hasSpec() ? "spec" : "chunk",
          request.hasSpec() ? "is allowed only in the first message" : "is required");
    }
    UploadChunk chunk = request.getChunk();
    ArtifactRequests.requireWellFormed(chunk);
    service.write(
        upload,
        chunk.getOffset(),
        chunk.getData().asReadOnlyByteBufferList(),
        chunk.hasCrc32C() ? OptionalInt.of(chunk.getCrc32C()) : OptionalInt.empty());
  }

  @Override
  public void onCompleted() {
    if (state == State.CLOSED) {
      return;
    }
    if (state == State.AWAITING_SPEC) {
      state = State.CLOSED;
      throw InvalidRequestException.of("spec", "is required in the first message");
    }
    state = State.CLOSED;
    answer(service.finish(upload));
  }

  private void answer(ArtifactService.Published published) {
    state = State.CLOSED;
    response.onNext(ArtifactProtos.published(published));
    response.onCompleted();
  }

  /** The client cancelled or is gone. */
  @Override
  public void onError(Throwable cause) {
    log.debug("upload was cut", cause);
    suspend();
  }

  private void suspend() {
    if (state == State.RECEIVING) {
      service.suspend(upload);
    }
    state = State.CLOSED;
  }

  private void discard() {
    if (state == State.RECEIVING) {
      service.discard(upload);
    }
    state = State.CLOSED;
  }
}
