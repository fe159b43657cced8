package dev.slipway.artifact.rpc;

import com.google.protobuf.UnsafeByteOperations;
import dev.slipway.artifact.blob.StoreUnavailableException;
import dev.slipway.artifact.content.ContentDamagedException;
import dev.slipway.artifact.service.ArtifactService;
import dev.slipway.artifact.v1.DownloadChunk;
import dev.slipway.artifact.v1.DownloadResponse;
import io.grpc.stub.ServerCallStreamObserver;
import java.io.IOException;
import java.io.InputStream;
import java.util.zip.CRC32C;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends one range, no faster than the client takes it: reads the next chunk only while the
 * transport wants more, so that a call holds a few chunks at most, of a size that all downloads
 * together can afford. gRPC calls it from one thread at a time.
 */
final class ArtifactDownload {
  private static final Logger log = LoggerFactory.getLogger(ArtifactDownload.class);

  private final DownloadBudget.Share share;
  private final ArtifactService.Range range;
  private final InputStream content;
  private final ServerCallStreamObserver<DownloadResponse> response;
  private long offset;
  private boolean closed;

  private ArtifactDownload(
      DownloadBudget.Share share,
      ArtifactService.Range range,
      InputStream content,
      ServerCallStreamObserver<DownloadResponse> response) {
    this.share = share;
    this.range = range;
    this.content = content;
    this.response = response;
    this.offset = range.offset();
  }

  /**
   * Begins to send; what remains is sent as the transport becomes ready.
   *
   * @throws TooManyDownloadsException if the budget is spent
   */
  static void start(
      ArtifactService service,
      DownloadBudget budget,
      ArtifactService.Range range,
      ServerCallStreamObserver<DownloadResponse> response) {
    ArtifactDownload download = open(service, budget.take(), range, response);
    response.setOnReadyThreshold(download.share.readAheadBytes());
    response.setOnCancelHandler(download::end);
    response.setOnCloseHandler(download::end);
    response.setOnReadyHandler(download::send);
    response.onNext(DownloadResponse.newBuilder().setHeader(ArtifactProtos.header(range)).build());
    download.send();
  }

  private static ArtifactDownload open(
      ArtifactService service,
      DownloadBudget.Share share,
      ArtifactService.Range range,
      ServerCallStreamObserver<DownloadResponse> response) {
    try {
      return new ArtifactDownload(share, range, service.open(range), response);
    } catch (RuntimeException e) {
      share.close();
      throw e;
    }
  }

  private void send() {
    try {
      while (!closed && response.isReady()) {
        if (offset == range.offset() + range.length()) {
          close();
          response.onCompleted();
          return;
        }
        response.onNext(DownloadResponse.newBuilder().setChunk(nextChunk()).build());
      }
    } catch (IOException e) {
      close();
      throw new StoreUnavailableException(e);
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private DownloadChunk nextChunk() throws IOException {
    long remaining = range.offset() + range.length() - offset;
    // Into one array: without it a stream reads in pieces of 8 KiB, which it then joins.
    byte[] bytes = new byte[(int) Math.min(share.chunkBytes(), remaining)];
    int read = content.readNBytes(bytes, 0, bytes.length);
    if (read < bytes.length) {
      throw new ContentDamagedException(
          range.content().sha256(), "it ends at byte " + (offset + read));
    }
    CRC32C crc = new CRC32C();
    crc.update(bytes, 0, bytes.length);
    DownloadChunk chunk =
        DownloadChunk.newBuilder()
            .setOffset(offset)
            // Nobody else has the array, so it need not be copied.
            .setData(UnsafeByteOperations.unsafeWrap(bytes))
            .setCrc32C((int) crc.getValue())
            .build();
    offset += bytes.length;
    return chunk;
  }

  /** What was read last may have waited for the client until now. */
  private void end() {
    close();
    share.close();
  }

  private void close() {
    if (closed) {
      return;
    }
    closed = true;
    try {
      content.close();
    } catch (IOException e) {
      log.debug("content did not close", e);
    }
  }
}
