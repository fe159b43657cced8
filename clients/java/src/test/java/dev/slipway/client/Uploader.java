package dev.slipway.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Is a process that uploads one file, with its own main. It says how far it is, and goes on when
 * that was heard.
 */
final class Uploader implements AutoCloseable {
  private static final String DONE = "done";
  private static final long STEP_BYTES = 256 << 10;

  private final Process process;
  private final BufferedReader out;
  private final OutputStream in;

  private Uploader(Process process) {
    this.process = process;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    this.in = process.getOutputStream();
  }

  /** Starts to upload a file to a service, and goes on with what another began. */
  static Uploader start(String address, Path file, String path) throws IOException {
    return new Uploader(
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx64m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    Uploader.class.getName(),
                    address,
                    file.toString(),
                    path))
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start());
  }

  /** Returns how many bytes are sent, when there is news of it; -1 when the file is published. */
  long hear() throws IOException {
    String line = out.readLine();
    if (line == null) {
      throw new IOException("the client ended without a word");
    }
    if (line.equals(DONE)) {
      return -1;
    }
    in.write('\n');
    in.flush();
    return Long.parseLong(line);
  }

  /** Ends it as {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }

  /** Uploads: address, file, path. One part at a time, so that a kill costs at most one. */
  public static void main(String[] args) throws Exception {
    TransferOptions options =
        new TransferOptions(1, 1000, Duration.ofMillis(20), Duration.ofMillis(200))
            .withResumable(true);
    AtomicLong told = new AtomicLong();
    try (SlipwayClient client = SlipwayClient.connect(args[0])) {
      client
          .transfers(options)
          .uploadFile(
              Path.of(args[1]),
              args[2],
              progress -> {
                long done = progress.bytesDone();
                if (Math.abs(done - told.get()) >= STEP_BYTES || done == progress.bytesTotal()) {
                  told.set(done);
                  tell(done);
                }
              });
      System.out.println(DONE);
    }
  }

  private static void tell(long bytes) {
    System.out.println(bytes);
    try {
      var unused = System.in.read();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
