package dev.slipway.cli;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Is a {@code slipway} command in a process of its own, as an operator starts it. Not thread-safe.
 */
final class SlipwayProcess implements AutoCloseable {
  private static final Pattern READY =
      Pattern.compile("ready on ([^:]+):(\\d+)(?:, (http://[^,]+:\\d+))?, metrics");
  private static final long STOP_SECONDS = 120;

  private final Process process;
  private final BufferedReader out;
  private final Path err;
  private int port;
  private String http;

  private SlipwayProcess(Process process, Path err) {
    this.process = process;
    this.err = err;
    this.out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
  }

  /** Starts a command and does not wait. */
  static SlipwayProcess start(String... args) throws IOException {
    return start(List.of(), args);
  }

  /** Starts a command in a JVM with further options, and does not wait. */
  static SlipwayProcess start(List<String> options, String... args) throws IOException {
    List<String> line = new ArrayList<>();
    line.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    line.addAll(
        List.of(
            "-XX:+UseSerialGC",
            "-Xmx512m",
            "--add-opens=java.base/java.nio=ALL-UNNAMED",
            // The class path of tests has a quieter one of its own.
            "-Dlogback.configurationFile=logback.xml",
            "-cp",
            System.getProperty("java.class.path")));
    line.addAll(options);
    line.add("dev.slipway.cli.Slipway");
    line.addAll(List.of(args));
    Path err = Files.createTempFile("slipway-", ".err");
    err.toFile().deleteOnExit();
    return new SlipwayProcess(new ProcessBuilder(line).redirectError(err.toFile()).start(), err);
  }

  /** Starts a server on a free port and waits until it says that it is ready. */
  static SlipwayProcess startServer(String command, String... args) throws IOException {
    List<String> all = new ArrayList<>(List.of(command, "--port=0", "--admin-port=0"));
    if (command.equals("server") || command.equals("gateway")) {
      all.add("--http-port=0");
    }
    all.addAll(List.of(args));
    SlipwayProcess server = start(all.toArray(String[]::new));
    String line = server.out.readLine();
    Matcher ready = READY.matcher(line == null ? "" : line);
    if (!ready.find()) {
      server.close();
      throw new IllegalStateException(command + " said " + line + "\n" + server.errors());
    }
    server.port = Integer.parseInt(ready.group(2));
    server.http = ready.group(3);
    return server;
  }

  /** Returns where the server answers. */
  String address() {
    return "127.0.0.1:" + port;
  }

  /** Returns where the gateway answers, such as {@code http://127.0.0.1:5000}. */
  String http() {
    return http;
  }

  /** Returns the port on which the server answers. */
  int port() {
    return port;
  }

  /** Ends the process as {@code kill -9} does: nothing of it runs any more. */
  void kill() throws InterruptedException {
    process.destroyForcibly();
    process.waitFor();
  }

  /** Asks the process to stop, as SIGTERM does, and returns its exit code. */
  int stop() throws InterruptedException {
    process.destroy();
    return waitFor();
  }

  /** Waits for the end and returns the exit code. */
  int waitFor() throws InterruptedException {
    if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
      throw new IllegalStateException("the process does not end");
    }
    return process.exitValue();
  }

  /** Returns the next line that the process says on standard output; waits for it. */
  String line() throws IOException {
    return out.readLine();
  }

  /** Returns all that the process says on standard output from now on, up to its end. */
  List<String> lines() {
    return out.lines().toList();
  }

  /** Returns what the process said on standard error so far. */
  String errors() throws IOException {
    return Files.readString(err);
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
