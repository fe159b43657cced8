package dev.slipway.client;

import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingV2Stub;
import dev.slipway.artifact.v1.CompleteUploadRequest;
import dev.slipway.artifact.v1.CompletedPart;
import dev.slipway.artifact.v1.CreateUploadUrlsRequest;
import dev.slipway.artifact.v1.CreateUploadUrlsResponse;
import dev.slipway.artifact.v1.UploadPartUrl;
import dev.slipway.artifact.v1.UploadSpec;
import io.grpc.Status;
import io.grpc.StatusException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * Uploads one file straight to the object store, several parts at a time.
 *
 * <p>The request id follows from path, size and digest. So whoever uploads the same file to the
 * same path again, after a cut or in another process, is told which parts the store has and sends
 * only the others. For one thread.
 */
final class DirectUpload {
  private static final long UNARY_SECONDS = 60;
  private static final long COMPLETE_SECONDS = 120;
  // The slowest store that it makes sense to wait for reads and copies so fast.
  private static final long COMPLETE_BYTES_PER_SECOND = 8 << 20;
  private static final int URLS_AT_A_TIME = 200;

  private final ArtifactServiceBlockingV2Stub stub;
  private final TransferOptions options;
  private final TransferSizes sizes;
  private final TransferSource source;
  private final UploadSpec spec;
  private final Retries retries;
  private final PartsProgress progress;
  private volatile boolean reached;

  DirectUpload(
      ArtifactServiceBlockingV2Stub stub,
      TransferOptions options,
      TransferSizes sizes,
      TransferSource source,
      UploadSpec spec,
      TransferMeter.File file) {
    this.stub = stub;
    this.options = options;
    this.sizes = sizes;
    this.source = source;
    this.spec = spec;
    this.retries = new Retries(options, stub.getChannel());
    this.progress = new PartsProgress(file, retries);
  }

  /** Says that the bytes have to go through the service. */
  static final class UnavailableException extends IOException {
    private static final long serialVersionUID = 1L;

    UnavailableException(Throwable cause) {
      super("no transfer straight to the store: " + cause.getMessage(), cause);
    }
  }

  /** Says that URLs are of no use any more and others must be asked for. */
  private static final class StaleUrlException extends IOException {
    private static final long serialVersionUID = 1L;

    StaleUrlException(Throwable cause) {
      super(cause.getMessage(), cause);
    }
  }

  /**
   * Uploads the file.
   *
   * @throws UnavailableException if the service has no such store, or nothing could be sent to it
   */
  Artifact run() throws IOException, InterruptedException {
    String requestId = Digests.nameOf(spec);
    while (true) {
      try {
        return attempt(requestId);
      } catch (StatusException e) {
        if (isUnsupported(e)) {
          throw new UnavailableException(e);
        }
        retries.waitOrThrow("upload to " + spec.getPath(), e);
      } catch (StaleUrlException e) {
        retries.waitOrThrow(
            "upload to " + spec.getPath(),
            Status.ABORTED.withDescription(e.getMessage()).withCause(e).asException());
      }
    }
  }

  private static boolean isUnsupported(StatusException e) {
    return e.getStatus().getCode() == Status.Code.UNIMPLEMENTED
        || Retries.reason(e).equals("PRESIGNED_URLS_UNSUPPORTED");
  }

  private Artifact attempt(String requestId)
      throws IOException, StatusException, InterruptedException {
    CreateUploadUrlsRequest.Builder request =
        CreateUploadUrlsRequest.newBuilder()
            .setSpec(spec)
            .setRequestId(requestId)
            .setMaxUrls(URLS_AT_A_TIME);
    sizes.partBytes().ifPresent(request::setPartSizeBytes);
    CreateUploadUrlsResponse upload = unary().createUploadUrls(request.build());
    if (upload.hasArtifact()) {
      progress.reset(source.size());
      return upload.getArtifact();
    }
    progress.reset(0);
    SortedMap<Integer, String> etags = new TreeMap<>();
    CreateUploadUrlsResponse page = upload;
    while (true) {
      send(page.getPartsList(), etags);
      if (etags.size() == upload.getPartCount()) {
        return complete(upload.getUploadId(), etags);
      }
      page =
          unary()
              .createUploadUrls(
                  CreateUploadUrlsRequest.newBuilder()
                      .setUploadId(upload.getUploadId())
                      .setFirstPartNumber(etags.size() + 1)
                      .setMaxUrls(URLS_AT_A_TIME)
                      .build());
    }
  }

  private ArtifactServiceBlockingV2Stub unary() {
    return stub.withDeadlineAfter(UNARY_SECONDS, TimeUnit.SECONDS);
  }

  private void send(List<UploadPartUrl> parts, SortedMap<Integer, String> etags)
      throws IOException, InterruptedException {
    List<ParallelTasks.Task<String>> tasks = new ArrayList<>();
    for (UploadPartUrl part : parts) {
      PartsProgress.Part partProgress = progress.part();
      if (part.getStoredEtag().isEmpty()) {
        tasks.add(() -> send(part, partProgress));
      } else {
        tasks.add(
            () -> {
              partProgress.at(part.getSizeBytes());
              return part.getStoredEtag();
            });
      }
    }
    List<String> sent = ParallelTasks.run("parts", options.parallelParts(), tasks);
    for (int i = 0; i < sent.size(); i++) {
      etags.put(parts.get(i).getPartNumber(), sent.get(i));
    }
  }

  private String send(UploadPartUrl part, PartsProgress.Part partProgress)
      throws IOException, InterruptedException {
    for (int failures = 1; ; failures++) {
      try {
        String etag =
            StoreHttp.put(
                part.getUrl(),
                part.getHeadersMap(),
                source,
                part.getOffset(),
                part.getSizeBytes(),
                partProgress);
        reached = true;
        return etag;
      } catch (LocalFileException e) {
        throw e;
      } catch (StoreHttp.RefusedException e) {
        partProgress.at(0);
        if (!e.mayPass()) {
          // Expired, or ended by somebody else: the service knows.
          throw new StaleUrlException(e);
        }
        giveUpAfter(failures, e);
      } catch (IOException e) {
        partProgress.at(0);
        giveUpAfter(failures, e);
      }
      Thread.sleep(Retries.Backoff.millis(options.firstBackoff(), options.maxBackoff(), failures));
    }
  }

  /** A store that the service reaches and we do not is no reason to fail. */
  private void giveUpAfter(int failures, IOException e) throws UnavailableException {
    if (StoreHttp.isHopeless(e, failures, reached, options)) {
      throw new UnavailableException(e);
    }
  }

  private Artifact complete(String uploadId, SortedMap<Integer, String> etags)
      throws StatusException, InterruptedException {
    CompleteUploadRequest.Builder request =
        CompleteUploadRequest.newBuilder().setUploadId(uploadId);
    etags.forEach(
        (number, etag) ->
            request.addParts(CompletedPart.newBuilder().setPartNumber(number).setEtag(etag)));
    for (int asked = 1; ; asked++) {
      try {
        return stub.withDeadlineAfter(
                COMPLETE_SECONDS + source.size() / COMPLETE_BYTES_PER_SECOND, TimeUnit.SECONDS)
            .completeUpload(request.build())
            .getArtifact();
      } catch (StatusException e) {
        // Another process completes the same upload: it takes as long as it takes.
        if (!Retries.reason(e).equals("UPLOAD_FINISHING")) {
          throw e;
        }
      }
      Thread.sleep(Retries.Backoff.millis(options.firstBackoff(), options.maxBackoff(), asked));
    }
  }
}
