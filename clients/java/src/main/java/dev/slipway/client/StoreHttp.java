package dev.slipway.client;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.ConnectException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.UnresolvedAddressException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
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
  private static final int MAX_ERROR_BYTES = 2048;

  private StoreHttp() {}

  /** Is made when the first is needed; its threads end when nothing uses them. */
  private static final class Holder {
    // With its own 16 KiB the JDK's client hands each of them from thread to thread, which costs
    // more
    // than moving the bytes. The size is one for the process, and is not changed where somebody has
    // set it.
    private static final String BUFFER_PROPERTY = "jdk.httpclient.bufsize";
    private static final String BUFFER_BYTES = Integer.toString(256 << 10);
    private static final HttpClient CLIENT = make();

    private static HttpClient make() {
      if (System.getProperty(BUFFER_PROPERTY) == null) {
        System.setProperty(BUFFER_PROPERTY, BUFFER_BYTES);
      }
      return HttpClient.newBuilder()
          .version(HttpClient.Version.HTTP_1_1)
          .connectTimeout(CONNECT_TIMEOUT)
          .build();
    }
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
   *
   * @param reached whether the store was reached before: then it is away for a while, and not out
   *     of our reach
   */
  static boolean isHopeless(IOException e, int failures, boolean reached, TransferOptions options) {
    return failures >= options.maxAttempts()
        || (!reached && failures >= MAX_UNREACHED && isUnreachable(e));
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
   * @throws LocalFileException if the source cannot be read
   */
  static String put(
      String url,
      Map<String, String> headers,
      TransferSource source,
      long offset,
      long length,
      PartsProgress.Part progress)
      throws IOException, InterruptedException {
    AtomicReference<LocalFileException> local = new AtomicReference<>();
    HttpRequest.BodyPublisher body =
        length == 0
            ? BodyPublishers.noBody()
            : BodyPublishers.fromPublisher(
                BodyPublishers.ofInputStream(
                    () -> new PartStream(source, offset, length, progress, local)),
                length);
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url)).timeout(timeout(length)).PUT(body);
    headers.forEach(request::header);
    ErrorText text = new ErrorText();
    HttpResponse<Void> answer;
    try {
      answer =
          new StoreAnswer(status -> status == 200 ? bytes -> {} : text)
              .await(Holder.CLIENT, request.build(), timeout(length));
    } catch (IOException e) {
      // The HTTP client does not always tell why a body ended.
      throw local.get() == null ? e : local.get();
    }
    if (answer.statusCode() != 200) {
      throw new RefusedException(answer.statusCode(), text.toString());
    }
    progress.at(length);
    return answer
        .headers()
        .firstValue("ETag")
        .orElseThrow(() -> new IOException("the store gave no ETag"));
  }

  /**
   * Reads a range into a file at the same place; gives up when no byte comes for a minute.
   *
   * @throws RefusedException if the store refuses it
   * @throws LocalFileException if the file cannot be written
   */
  static void get(
      String url,
      Map<String, String> headers,
      FileChannel to,
      long offset,
      long length,
      PartsProgress.Part progress)
      throws IOException, InterruptedException {
    get(url, headers, to, offset, length, progress, SILENCE_TIMEOUT);
  }

  /** Reads a range; gives up when no byte comes for so long. */
  static void get(
      String url,
      Map<String, String> headers,
      FileChannel to,
      long offset,
      long length,
      PartsProgress.Part progress,
      Duration silence)
      throws IOException, InterruptedException {
    HttpRequest.Builder request =
        HttpRequest.newBuilder(URI.create(url))
            .timeout(silence)
            .header("Range", "bytes=" + offset + '-' + (offset + length - 1))
            .GET();
    headers.forEach(request::header);
    ErrorText text = new ErrorText();
    RangeSink range = new RangeSink(to, offset, length, progress);
    int status =
        new StoreAnswer(code -> code == 206 ? range : text)
            .await(Holder.CLIENT, request.build(), silence)
            .statusCode();
    if (status != 206) {
      throw new RefusedException(status, text.toString());
    }
    range.verify();
  }

  /** Writes a range to its place in a file. Its lock is that of the answer. */
  private static final class RangeSink implements StoreAnswer.Sink {
    private final FileChannel to;
    private final long offset;
    private final long length;
    private final PartsProgress.Part progress;
    private long done;

    RangeSink(FileChannel to, long offset, long length, PartsProgress.Part progress) {
      this.to = to;
      this.offset = offset;
      this.length = length;
      this.progress = progress;
    }

    @Override
    public void take(ByteBuffer bytes) throws IOException {
      int count = bytes.remaining();
      if (count > length - done) {
        throw new IOException("the store sent more than was asked for");
      }
      try {
        write(to, bytes, offset + done);
      } catch (IOException e) {
        throw new LocalFileException(e);
      }
      done += count;
      progress.at(done);
    }

    void verify() throws IOException {
      if (done < length) {
        throw new IOException("the answer of the store ended early");
      }
    }
  }

  static void write(FileChannel to, ByteBuffer bytes, long position) throws IOException {
    long at = position;
    while (bytes.hasRemaining()) {
      at += to.write(bytes, at);
    }
  }

  /**
   * Gathers why a store refuses. Of what S3 answers only code and message are told: the rest has
   * keys and signatures in it.
   */
  private static final class ErrorText implements StoreAnswer.Sink {
    private static final Pattern FIELD = Pattern.compile("<(Code|Message)>([^<]*)</\\1>");

    private final ByteArrayOutputStream text = new ByteArrayOutputStream();

    @Override
    public void take(ByteBuffer bytes) {
      while (bytes.hasRemaining() && text.size() < MAX_ERROR_BYTES) {
        text.write(bytes.get());
      }
    }

    @Override
    public String toString() {
      return FIELD
          .matcher(text.toString(StandardCharsets.UTF_8))
          .results()
          .map(field -> field.group(2).replaceAll("\\s+", " ").strip())
          .collect(Collectors.joining(": "));
    }
  }

  /** Ends after the part, and tells how far it is read, and what the disk said. */
  private static final class PartStream extends InputStream {
    private final TransferSource source;
    private final long offset;
    private final long length;
    private final PartsProgress.Part progress;
    private final AtomicReference<LocalFileException> failure;
    private InputStream in;
    private long position;

    PartStream(
        TransferSource source,
        long offset,
        long length,
        PartsProgress.Part progress,
        AtomicReference<LocalFileException> failure) {
      this.source = source;
      this.offset = offset;
      this.length = length;
      this.progress = progress;
      this.failure = failure;
      progress.at(0);
    }

    @Override
    public int read() throws IOException {
      byte[] one = new byte[1];
      return read(one, 0, 1) < 0 ? -1 : one[0] & 0xFF;
    }

    @Override
    public int read(byte[] to, int start, int count) throws IOException {
      if (position == length) {
        return -1;
      }
      int n;
      try {
        n = readFile(to, start, (int) Math.min(count, length - position));
      } catch (IOException e) {
        failure.set(new LocalFileException(e));
        throw failure.get();
      }
      position += n;
      progress.at(position);
      return n;
    }

    private int readFile(byte[] to, int start, int count) throws IOException {
      if (in == null) {
        in = source.open(offset);
      }
      int n = in.read(to, start, count);
      if (n < 0) {
        throw new IOException(source + " became shorter while it was uploaded");
      }
      return n;
    }

    @Override
    public void close() throws IOException {
      if (in != null) {
        in.close();
      }
    }
  }
}
