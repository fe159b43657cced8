package dev.slipway.client;

import dev.slipway.tracking.TrackingServer;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Is a tracking service in a process of its own. */
final class TrackingProcess implements AutoCloseable {
  private static final Pattern READY = Pattern.compile("ready on [^:]+:(\\d+)");

  private final Process process;
  private final int port;

  private TrackingProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts it on a free port and waits until it is ready. */
  static TrackingProcess start(Path data) throws IOException {
    Process process =
        new ProcessBuilder(
                List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-XX:+UseSerialGC",
                    "-XX:TieredStopAtLevel=1",
                    "-Xmx512m",
                    "-cp",
                    System.getProperty("java.class.path"),
                    TrackingServer.class.getName(),
                    "--port=0",
                    "--admin-port=0",
                    "--data-dir=" + data))
            .redirectError(ProcessBuilder.Redirect.DISCARD)
            .start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      Matcher ready = READY.matcher(line);
      if (ready.find()) {
        return new TrackingProcess(process, Integer.parseInt(ready.group(1)));
      }
    }
    throw new IOException("the service does not start");
  }

  int port() {
    return port;
  }

  /** Ends the process as {@code kill -9} does. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
