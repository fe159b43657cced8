package dev.slipway.gateway.artifacts;

import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingV2Stub;
import dev.slipway.artifact.v1.DownloadHeader;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import io.javalin.http.Context;
import java.io.IOException;
import java.io.OutputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;

/**
 * Answers a request with the bytes of a file, no faster than the client takes them: memory is a few
 * chunks, whatever the size. A client that receives fewer bytes than {@code Content-Length} says
 * has been cut off.
 */
final class StoredDownload {
  /** How long the service may send nothing. */
  private static final long IDLE_SECONDS = 60;

  private final ArtifactServiceBlockingV2Stub service;

  StoredDownload(ArtifactServiceBlockingV2Stub service) {
    this.service = service;
  }

  /**
   * Sends a file, or the range of it that the request asks for.
   *
   * @param file which one; its range is set here
   * @param name under which browsers save it, and which says what it is
   * @throws StatusException if the service refuses or fails, before anything was sent
   * @throws IOException if the client went away, or the service failed later
   */
  void send(Context context, DownloadRequest file, String name)
      throws IOException, InterruptedException, StatusException {
    Optional<ByteRange> range = ByteRange.of(context);
    DownloadRequest.Builder wanted = file.toBuilder();
    range.ifPresent(part -> wanted.setOffset(part.first()).setLength(part.length()));
    BlockingClientCall<?, DownloadResponse> call = service.download(wanted.build());
    try {
      DownloadHeader header = header(call);
      if (range.isPresent() && header.getLength() == 0) {
        throw Status.OUT_OF_RANGE.withDescription("the range begins at the end").asException();
      }
      describe(context, header, name, range.isPresent());
      copy(call, header.getLength(), context.outputStream());
    } finally {
      call.cancel("done", null);
    }
  }

  private static DownloadHeader header(BlockingClientCall<?, DownloadResponse> call)
      throws InterruptedException, StatusException {
    DownloadResponse first;
    try {
      first = call.read(IDLE_SECONDS, TimeUnit.SECONDS);
    } catch (TimeoutException e) {
      throw Status.DEADLINE_EXCEEDED.withCause(e).asException();
    }
    if (first == null) {
      throw Status.INTERNAL.withDescription("a download ended without header").asException();
    }
    return first.getHeader();
  }

  private static void describe(
      Context context, DownloadHeader header, String name, boolean partial) {
    // What is stored is often compressed already, and its length would no longer be known.
    context
        .disableCompression()
        .contentType(MediaTypes.ofName(name))
        .header("Content-Disposition", attachment(name))
        .header("X-Content-Type-Options", "nosniff")
        .header("Accept-Ranges", "bytes");
    context.res().setContentLengthLong(header.getLength());
    if (partial) {
      context
          .status(206)
          .header(
              "Content-Range",
              "bytes %d-%d/%d"
                  .formatted(
                      header.getOffset(),
                      header.getOffset() + header.getLength() - 1,
                      header.getArtifact().getSizeBytes()));
    }
  }

  /** RFC 6266: plain ASCII for old clients, and the very name for the others. */
  private static String attachment(String name) {
    String plain = name.replaceAll("[^ -~]|[\"\\\\]", "_");
    String exact = URLEncoder.encode(name, StandardCharsets.UTF_8).replace("+", "%20");
    String quoted = "attachment; filename=\"" + plain + "\"";
    return plain.equals(name) ? quoted : quoted + "; filename*=UTF-8''" + exact.replace("*", "%2A");
  }

  private static void copy(
      BlockingClientCall<?, DownloadResponse> call, long length, OutputStream to)
      throws IOException, InterruptedException {
    long sent = 0;
    try {
      for (DownloadResponse next = read(call); next != null; next = read(call)) {
        next.getChunk().getData().writeTo(to);
        sent += next.getChunk().getData().size();
      }
    } catch (StatusException | TimeoutException e) {
      throw new IOException("a download broke off after " + sent + " of " + length + " bytes", e);
    }
    if (sent != length) {
      throw new IOException("a download ended after " + sent + " of " + length + " bytes");
    }
  }

  private static DownloadResponse read(BlockingClientCall<?, DownloadResponse> call)
      throws InterruptedException, StatusException, TimeoutException {
    return call.read(IDLE_SECONDS, TimeUnit.SECONDS);
  }
}
