package dev.slipway.engine.predictor.python;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What a worker writes to its standard output and error: passed to the log, so many lines in so
 * much time, each cut to a length, and the last of it kept to explain how the worker ended.
 */
final class WorkerLog {
  private static final Logger log = LoggerFactory.getLogger(WorkerLog.class);

  private static final int MAX_LINE_BYTES = 2_000;
  private static final int LINES_KEPT = 12;
  private static final int LINES_PER_PERIOD = 100;
  private static final long PERIOD_NANOS = TimeUnit.SECONDS.toNanos(10);

  private final String name;

  @GuardedBy("this")
  private final Deque<String> last = new ArrayDeque<>();

  private long periodStart = System.nanoTime();
  private long linesInPeriod;

  WorkerLog(String name) {
    this.name = name;
  }

  /** Reads to the end, on a thread of its own. */
  Thread follow(InputStream in) {
    Thread thread = new Thread(() -> read(in), name + "-log");
    thread.setDaemon(true);
    thread.start();
    return thread;
  }

  private void read(InputStream in) {
    byte[] line = new byte[MAX_LINE_BYTES];
    int length = 0;
    byte[] chunk = new byte[8 << 10];
    try (in) {
      for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
        for (int i = 0; i < count; i++) {
          if (chunk[i] == '\n') {
            ended(line, length);
            length = 0;
          } else if (length < line.length) {
            line[length++] = chunk[i];
          }
        }
      }
    } catch (IOException e) {
      log.debug("{} can be read no more", name, e);
    }
    if (length > 0) {
      ended(line, length);
    }
  }

  private void ended(byte[] bytes, int length) {
    String line = new String(bytes, 0, length, StandardCharsets.UTF_8);
    synchronized (this) {
      last.addLast(line);
      if (last.size() > LINES_KEPT) {
        last.removeFirst();
      }
    }
    long now = System.nanoTime();
    if (now - periodStart > PERIOD_NANOS) {
      if (linesInPeriod > LINES_PER_PERIOD) {
        log.info("{}: {} lines left out", name, linesInPeriod - LINES_PER_PERIOD);
      }
      periodStart = now;
      linesInPeriod = 0;
    }
    if (++linesInPeriod <= LINES_PER_PERIOD) {
      log.info("{}: {}", name, line);
    }
  }

  /** Returns the last lines, joined; empty if there are none. */
  synchronized String tail() {
    return String.join(" | ", last);
  }
}
