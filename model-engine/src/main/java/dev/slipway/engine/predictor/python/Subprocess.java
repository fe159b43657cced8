package dev.slipway.engine.predictor.python;

import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/** Runs a program to its end. */
final class Subprocess {

  /**
   * Where every child runs. Python looks for modules in its working folder first, and some version
   * managers for a file in it or above: so it is one that only the system's administrator writes.
   */
  static final Path WORKING_FOLDER = Path.of("/");

  private static final int TAIL_BYTES = 4 << 10;
  private static final long LAST_WORDS_MILLIS = 1_000;

  private Subprocess() {}

  /**
   * How a program ended.
   *
   * @param status its exit status; -1 if it was stopped because it took too long
   * @param tail the end of what it wrote
   */
  record Result(int status, String tail) {}

  /**
   * Runs a program and waits for its end. An interrupt stops the program.
   *
   * @param timeout after which it is stopped
   * @throws IOException if it cannot be started
   */
  static Result run(List<String> command, Map<String, String> environment, Duration timeout)
      throws IOException, InterruptedException {
    ProcessBuilder builder = new ProcessBuilder(command).redirectErrorStream(true);
    builder.environment().clear();
    builder.environment().putAll(environment);
    builder.directory(WORKING_FOLDER.toFile());
    Process process = builder.start();
    try {
      process.getOutputStream().close();
      Tail tail = new Tail(process.getInputStream());
      tail.start();
      boolean ended = process.waitFor(timeout.toMillis(), TimeUnit.MILLISECONDS);
      if (ended) {
        tail.join(LAST_WORDS_MILLIS);
      }
      return new Result(ended ? process.exitValue() : -1, tail.text());
    } finally {
      kill(process);
    }
  }

  /** Ends a process, then all that it started: once it is gone, it starts no others instead. */
  static void kill(Process process) {
    List<ProcessHandle> started = process.descendants().toList();
    process.destroyForcibly();
    for (ProcessHandle child : started) {
      child.descendants().forEach(ProcessHandle::destroyForcibly);
      child.destroyForcibly();
    }
  }

  /** Reads a stream to its end and keeps the last of it. */
  private static final class Tail extends Thread {
    private final InputStream in;
    private byte[] last = new byte[0];

    Tail(InputStream in) {
      super("subprocess-output");
      this.in = in;
      setDaemon(true);
    }

    @Override
    public void run() {
      byte[] chunk = new byte[TAIL_BYTES];
      try (in) {
        for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
          append(chunk, count);
        }
      } catch (IOException e) {
        // The process was stopped.
      }
    }

    private synchronized void append(byte[] chunk, int count) {
      byte[] joined = Arrays.copyOf(last, last.length + count);
      System.arraycopy(chunk, 0, joined, last.length, count);
      last = Arrays.copyOfRange(joined, Math.max(0, joined.length - TAIL_BYTES), joined.length);
    }

    synchronized String text() {
      return new String(last, StandardCharsets.UTF_8).strip();
    }
  }
}
