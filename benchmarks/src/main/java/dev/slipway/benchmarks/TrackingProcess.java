package dev.slipway.benchmarks;

import dev.slipway.runtime.database.DatabaseConfig;
import java.io.IOException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Is the tracking service in a process of its own, as {@code slipway tracking-server} runs it. */
final class TrackingProcess implements AutoCloseable {
  private static final Pattern ADDRESS = Pattern.compile(" on [^ :]+:([0-9]+)");

  private final JavaProcess process;
  private final int port;

  private TrackingProcess(JavaProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts the service on a database and waits until it is ready. */
  static TrackingProcess start(DatabaseConfig database) throws IOException {
    JavaProcess process =
        JavaProcess.start(
            List.of("-Xmx2g"),
            List.of(
                "dev.slipway.cli.Slipway",
                "tracking-server",
                "--host=127.0.0.1",
                "--port=0",
                "--admin-port=0",
                "--database-url=" + database.url(),
                "--database-user=" + database.user(),
                "--database-password=" + database.password()));
    return new TrackingProcess(process, port(process));
  }

  /** Returns the port that a server named when it was ready. */
  static int port(JavaProcess process) {
    Matcher address = ADDRESS.matcher(process.readyLine());
    if (!address.find()) {
      throw new IllegalStateException("no port in: " + process.readyLine());
    }
    return Integer.parseInt(address.group(1));
  }

  int port() {
    return port;
  }

  /** Returns the process, which this one goes on to own. */
  JavaProcess process() {
    return process;
  }

  /** Stops the service; its database is free afterwards. */
  @Override
  public void close() throws IOException {
    process.close();
  }
}
