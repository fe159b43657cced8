package dev.slipway.benchmarks;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * Is a JVM of its own on this program's class path, with the options of the launcher and those in
 * {@code SLIPWAY_JAVA_OPTS}, that says on its first line that it is ready. Not thread-safe.
 */
final class JavaProcess implements AutoCloseable {
  private static final long STOP_SECONDS = 60;

  private final Process process;
  private final BufferedReader out;
  private final String readyLine;

  private JavaProcess(Process process, BufferedReader out, String readyLine) {
    this.process = process;
    this.out = out;
    this.readyLine = readyLine;
  }

  /**
   * Starts a main class and waits until it is ready.
   *
   * @param options more options for the JVM, such as {@code -Xmx2g}
   * @param command the main class and its arguments
   * @throws IllegalStateException if it ends or says something else first
   */
  static JavaProcess start(List<String> options, List<String> command) throws IOException {
    List<String> line = new ArrayList<>();
    line.addAll(
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-XX:+UseSerialGC",
            "-Xshare:auto",
            "-DSLIPWAY_LOG_LEVEL=WARN"));
    line.addAll(options);
    String more = System.getenv().getOrDefault("SLIPWAY_JAVA_OPTS", "");
    Arrays.stream(more.split(" ")).filter(option -> !option.isEmpty()).forEach(line::add);
    line.addAll(List.of("-cp", System.getProperty("java.class.path")));
    line.addAll(command);
    Process process = new ProcessBuilder(line).redirectError(Redirect.INHERIT).start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    String first = out.readLine();
    if (first == null || !first.contains("ready")) {
      process.destroyForcibly();
      out.close();
      throw new IllegalStateException(command + " said: " + first);
    }
    return new JavaProcess(process, out, first);
  }

  /** Returns the line that said that the process is ready. */
  String readyLine() {
    return readyLine;
  }

  /** Returns the most memory that the process has held so far; Linux only. */
  long peakResidentMebibytes() throws IOException {
    return statusKibibytes("VmHWM:") >> 10;
  }

  /** Returns the memory that the process holds; Linux only. */
  double residentMebibytes() throws IOException {
    return statusKibibytes("VmRSS:") / 1024.0;
  }

  private long statusKibibytes(String field) throws IOException {
    return Files.readAllLines(Path.of("/proc", Long.toString(process.pid()), "status")).stream()
        .filter(line -> line.startsWith(field))
        .mapToLong(line -> Long.parseLong(line.replaceAll("[^0-9]", "")))
        .findFirst()
        .orElseThrow();
  }

  /** Returns the processor time that the process has used so far, on all cores together. */
  Duration processorTime() {
    return process.info().totalCpuDuration().orElseThrow();
  }

  /** Asks the process to stop and waits until it has. */
  @Override
  public void close() throws IOException {
    process.destroy();
    try {
      if (!process.waitFor(STOP_SECONDS, TimeUnit.SECONDS)) {
        process.destroyForcibly().waitFor();
      }
    } catch (InterruptedException e) {
      process.destroyForcibly();
      Thread.currentThread().interrupt();
    }
    out.close();
  }
}
