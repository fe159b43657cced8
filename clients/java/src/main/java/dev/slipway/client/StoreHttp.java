package dev.slipway.client;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import javax.net.ssl.SSLException;

/**
 * Sends parts to presigned URLs of an object store, and reads ranges from them. Holds a few buffers
 * per call, whatever the size of the part. Thread-safe.
 */
final class StoreHttp {
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  // Slower than this a part is given up: the slowest line that it makes sense to wait for.
  private static final Duration SILENCE_TIMEOUT = Duration.ofSeconds(60);
  private static final long SLOWEST_BYTES_PER_SECOND = 32 << 10;
  private static final int MAX_UNREACHED = 3;
  private static final int BUFFER_BYTES = 256 << 10;
  private static final int MAX_ERROR_BYTES = 2048;

  private StoreHttp() {}

  /** Is made when the first is needed; its threads end when nothing uses them. */
  private static final class Holder {
    private static final HttpClient CLIENT =
        HttpClient.newBuilder()
            .version(HttpClient.Version.HTTP_1_1)
            .connectTimeout(CONNECT_TIMEOUT)
            .build();
  }

  /** Says that the store answered, and refused. */
  static final class RefusedException extends IOException {
    private static final long serialVersionUID = 1L;
    private final int httpStatus;

    RefusedException(int httpStatus, String answer) {
      super("the store answered " + httpStatus + (answer.isEmpty() ? "" : ": " + answer));
      this.httpStatus = httpStatus;
    }

    /** Returns whether the same request may succeed later. */
    boolean mayPass() {
      return httpStatus >= 500 || httpStatus == 408 || httpStatus == 429;
    }
  }

  /**
   * Returns whether to try no more: too many failures in a row, or a few for want of a connection,
   * which others then would not get either.
   */
  static boolean isHopeless(IOException e, int failures, TransferOptions options) {
    return failures >= options.maxAttempts() || (failures >= MAX_UNREACHED && isUnreachable(e));
  }

  private static boolean isUnreachable(IOException e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof ConnectException
          || cause instanceof HttpConnectTimeoutException
          || cause instanceof UnresolvedAddressException
          || cause instanceof SSLException) {
        return true;
      }
    }
    return false;
  }

  private static Duration timeout(long bytes) {
    return SILENCE_TIMEOUT.plusSeconds(bytes / SLOWEST_BYTES_PER_SECOND);
  }

  /**
   * Sends one part and returns the store's tag of it.
   *
   * @throws RefusedException if the store refuses it
   */
  static String put(
      String url,
      Map<String, String> headers,
      TransferSource source,
      long offset,
      long length,
      PartsProgress.Part progress)
      throws IOException, InterruptedException {
    HttpRequest.BodyPublisher body =
        length == 0
            ? BodyPublishers.noBody()
            : BodyPublishers.fromPublisher(
                BodyPublishers.ofInputStream(() -> open(source, offset, length, progress)), length);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url)).timeout(timeout(length)).PUT(body);
    headers.forEach(request::header);
    HttpResponse<InputStream> response =
        Holder.CLIENT.send(request.build(), BodyHandlers.ofInputStream());
    try (InputStream answer = response.body()) {
      if (response.statusCode() != 200) {
        throw refused(response.statusCode(), answer);
      }
      progress.at(length);
      return response
          .headers()
          .firstValue("ETag")
          .orElseThrow(() -> new IOException("the store gave no ETag"));
    }
  }

  private static InputStream open(
      TransferSource source, long offset, long length, PartsProgress.Part progress) {
    try {
      return new PartStream(source.open(offset), length, progress);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /**
   * Reads a range into a file at the same place.
   *
   * @throws RefusedException if the store refuses it
   */
  static void get(
      String url,
      Map<String, String> headers,
      FileChannel to,
      long offset,
      long length,
      PartsProgress.Part progress)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(SILENCE_TIMEOUT)
            .header("Range", "bytes=" + offset + '-' + (offset + length - 1))
            .GET();
    headers.forEach(request::header);
    HttpResponse<InputStream> response =
        Holder.CLIENT.send(request.build(), BodyHandlers.ofInputStream());
    try (InputStream body = response.body()) {
      if (response.statusCode() != 206) {
        throw refused(response.statusCode(), body);
      }
      byte[] buffer = new byte[BUFFER_BYTES];
      long done = 0;
      while (done < length) {
        int n = body.read(buffer, 0, (int) Math.min(buffer.length, length - done));
        if (n < 0) {
          throw new IOException("the answer of the store ended early");
        }
        if (Thread.interrupted()) {
          throw new InterruptedException();
        }
        write(to, ByteBuffer.wrap(buffer, 0, n), offset + done);
        done += n;
        progress.at(done);
      }
    }
  }

  static void write(FileChannel to, ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += to.write(bytes, at);
    }
  }

  private static RefusedException refused(int status, InputStream answer) throws IOException {
    String text = new String(answer.readNBytes(MAX_ERROR_BYTES), StandardCharsets.UTF_8);
    return new RefusedException(status, text.replaceAll("\\s+", " ").strip());
  }

  /** Ends after the part, and tells how far it is read. */
  private static final class PartStream extends FilterInputStream {
    private final long length;
    private final PartsProgress.Part progress;
    private long position;

    PartStream(InputStream in, long length, PartsProgress.Part progress) {
      super(in);
      this.length = length;
      this.progress = progress;
      progress.at(0);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] to, int offset, int count) throws IOException {
      if (position == length) {
        return -1;
      }
      int n = in.read(to, offset, (int) Math.min(count, length - position));
      if (n < 0) {
        throw new IOException("the file became shorter while it was uploaded");
      }
      position += n;
      progress.at(position);
      return n;
    }
  }
}
