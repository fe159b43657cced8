package dev.slipway.client;

import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingV2Stub;
import dev.slipway.artifact.v1.CreateDownloadUrlRequest;
import dev.slipway.artifact.v1.CreateDownloadUrlResponse;
import dev.slipway.artifact.v1.DownloadChunk;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.security.MessageDigest;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Downloads one large file, several ranges at a time: straight from the object store where there is
 * one, else through the service. Each range goes to its place in the file; the digest is computed
 * of what is in the file, in order, while later ranges are still on their way. For one thread.
 */
final class RangedDownload {
  private static final int DIGEST_BYTES = 256 << 10;
  private static final long UNARY_SECONDS = 60;

  private final ArtifactServiceBlockingV2Stub stub;
  private final TransferOptions options;
  private final Ranges ranges;
  private final Artifact artifact;
  private final FileChannel to;
  private final Optional<PartFile> kept;
  private final PartsProgress progress;
  private volatile Optional<CreateDownloadUrlResponse> url = Optional.empty();
  private volatile boolean reached;

  /**
   * Creates it.
   *
   * @param to where the bytes go
   * @param kept where it is noted which ranges are there, if they are kept
   */
  RangedDownload(
      ArtifactServiceBlockingV2Stub stub,
      TransferOptions options,
      Ranges ranges,
      FileChannel to,
      Optional<PartFile> kept,
      TransferMeter.File file) {
    this.stub = stub;
    this.options = options;
    this.ranges = ranges;
    this.artifact = ranges.artifact();
    this.to = to;
    this.kept = kept;
    this.progress = new PartsProgress(file, new Retries(options, stub.getChannel()));
  }

  /**
   * Downloads the file.
   *
   * @param direct whether to ask for a URL of the store
   * @return whether the store was used to the end; false when it has no URLs or cannot be reached
   * @throws TransferException with {@code DATA_LOSS} if what is in the file does not have the
   *     digest
   */
  boolean run(boolean direct) throws IOException, InterruptedException {
    if (direct) {
      renewUrl();
    }
    boolean begunDirect = url.isPresent();
    MessageDigest digest = Digests.newSha256();
    ParallelTasks.runInOrder(
        "ranges",
        options.parallelParts(),
        ranges.count(),
        this::bring,
        range -> digest(digest, range));
    if (!Digests.hex(digest).equals(artifact.getSha256())) {
      throw new TransferException(
          "what was downloaded does not have the digest " + artifact.getSha256(),
          Status.Code.DATA_LOSS,
          null);
    }
    return begunDirect && url.isPresent();
  }

  private void bring(int range) throws IOException, InterruptedException {
    if (kept.isPresent() && kept.get().has(range)) {
      progress.part().at(ranges.length(range));
      return;
    }
    download(range);
    if (kept.isPresent()) {
      kept.get().add(range);
    }
  }

  private void renewUrl() throws IOException, InterruptedException {
    Retries retries = new Retries(options, stub.getChannel());
    while (true) {
      try {
        url =
            Optional.of(
                stub.withDeadlineAfter(UNARY_SECONDS, TimeUnit.SECONDS)
                    .createDownloadUrl(
                        CreateDownloadUrlRequest.newBuilder()
                            .setSha256(artifact.getSha256())
                            .build()));
        return;
      } catch (StatusException e) {
        if (e.getStatus().getCode() == Status.Code.UNIMPLEMENTED
            || Retries.reason(e).equals("PRESIGNED_URLS_UNSUPPORTED")) {
          url = Optional.empty();
          return;
        }
        retries.waitOrThrow("download of " + artifact.getSha256(), e);
      }
    }
  }

  private void download(int range) throws IOException, InterruptedException {
    long offset = ranges.offset(range);
    long length = ranges.length(range);
    PartsProgress.Part part = progress.part();
    for (int failures = 1; ; failures++) {
      Optional<CreateDownloadUrlResponse> from = url;
      if (from.isEmpty()) {
        stream(offset, length, part);
        return;
      }
      try {
        StoreHttp.get(from.get().getUrl(), from.get().getHeadersMap(), to, offset, length, part);
        reached = true;
        return;
      } catch (LocalFileException e) {
        throw e;
      } catch (IOException e) {
        part.at(0);
        boolean expired = e instanceof StoreHttp.RefusedException refused && !refused.mayPass();
        if (StoreHttp.isHopeless(e, failures, reached, options)) {
          // The service reaches the store, and sends what it reads there.
          url = Optional.empty();
        } else if (expired) {
          renewUrl();
        }
      }
      Thread.sleep(Retries.Backoff.millis(options.firstBackoff(), options.maxBackoff(), failures));
    }
  }

  private void stream(long offset, long length, PartsProgress.Part part)
      throws IOException, InterruptedException {
    Retries retries = new Retries(options, stub.getChannel());
    long done = 0;
    while (done < length) {
      BlockingClientCall<?, DownloadResponse> call =
          stub.download(
              DownloadRequest.newBuilder()
                  .setSha256(artifact.getSha256())
                  .setOffset(offset + done)
                  .setLength(length - done)
                  .build());
      try {
        for (DownloadResponse next = call.read(); next != null; next = call.read()) {
          if (next.hasChunk()) {
            write(next.getChunk(), offset + done);
            done += next.getChunk().getData().size();
            part.at(done);
            retries.progressed(done);
          }
        }
        if (done < length) {
          throw Status.UNAVAILABLE.withDescription("the stream ended early").asException();
        }
      } catch (StatusException e) {
        retries.waitOrThrow("download of " + artifact.getSha256(), e);
      } finally {
        call.cancel("done", null);
      }
    }
  }

  private void write(DownloadChunk chunk, long position) throws IOException, StatusException {
    if (chunk.getOffset() != position || Digests.crc32c(chunk.getData()) != chunk.getCrc32C()) {
      throw Status.UNAVAILABLE.withDescription("a chunk was damaged").asException();
    }
    long at = position;
    for (ByteBuffer piece : chunk.getData().asReadOnlyByteBufferList()) {
      int bytes = piece.remaining();
      StoreHttp.write(to, piece, at);
      at += bytes;
    }
  }

  private void digest(MessageDigest digest, int range) throws IOException {
    ByteBuffer buffer = ByteBuffer.allocate(DIGEST_BYTES);
    long end = ranges.offset(range) + ranges.length(range);
    for (long at = ranges.offset(range); at < end; ) {
      buffer.clear().limit((int) Math.min(buffer.capacity(), end - at));
      int n = to.read(buffer, at);
      if (n < 0) {
        throw new TransferException(
            "the file became shorter while it was downloaded", Status.Code.DATA_LOSS, null);
      }
      digest.update(buffer.flip());
      at += n;
    }
  }
}
