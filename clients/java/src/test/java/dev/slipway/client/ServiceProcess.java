package dev.slipway.client;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Is a service in a process of its own. */
final class ServiceProcess implements AutoCloseable {
  private static final Pattern READY = Pattern.compile("ready on [^:]+:(\\d+)");

  private final Process process;
  private final int port;

  private ServiceProcess(Process process, int port) {
    this.process = process;
    this.port = port;
  }

  /** Starts a service by its main class on a free port and waits until it is ready. */
  static ServiceProcess start(Class<?> main, Path data, String... flags) throws IOException {
    return start(List.of("-Xmx256m"), main, data, flags);
  }

  /** Starts a service in a JVM with flags of its own. */
  static ServiceProcess start(List<String> jvmFlags, Class<?> main, Path data, String... flags)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1"));
    command.addAll(jvmFlags);
    command.addAll(
        List.of(
            "-cp",
            System.getProperty("java.class.path"),
            main.getName(),
            "--port=0",
            "--admin-port=0",
            "--data-dir=" + data));
    command.addAll(List.of(flags));
    Process process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.DISCARD).start();
    BufferedReader out =
        new BufferedReader(new InputStreamReader(process.getInputStream(), StandardCharsets.UTF_8));
    for (String line = out.readLine(); line != null; line = out.readLine()) {
      Matcher ready = READY.matcher(line);
      if (ready.find()) {
        return new ServiceProcess(process, Integer.parseInt(ready.group(1)));
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
