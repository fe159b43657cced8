package dev.slipway.cli.client;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.client.TransferListener;
import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import java.util.function.LongSupplier;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows how far a transfer is on standard error: bytes, rate, time left and files. A bar for who
 * watches a terminal, a line every few seconds for a log, nothing when told to be quiet.
 * Thread-safe.
 */
public final class TransferProgress implements TransferListener, AutoCloseable {
  /** Set by the launcher when standard error is a terminal. */
  private static final String TERMINAL_PROPERTY = "slipway.terminal";

  private static final long LINE_NANOS = 5_000_000_000L;
  private static final double NANOS_PER_SECOND = 1e9;
  private static final long KIBIBYTE = 1 << 10;
  private static final long MEBIBYTE = 1 << 20;
  private static final long GIBIBYTE = 1 << 30;

  private final String task;
  private final Optional<PrintWriter> lines;
  private final Optional<ProgressBar> bar;
  private final LongSupplier nanoClock;

  @GuardedBy("this")
  private boolean moving;

  // When the first bytes moved: the digest, which is computed before, says nothing of the rate.
  @GuardedBy("this")
  private long begun;

  @GuardedBy("this")
  private long lastLine;

  TransferProgress(
      String task, Optional<PrintWriter> lines, Optional<ProgressBar> bar, LongSupplier nanoClock) {
    this.task = task;
    this.lines = lines;
    this.bar = bar;
    this.nanoClock = nanoClock;
  }

  /**
   * Returns progress of a transfer; close it before anything else is printed.
   *
   * @param task what is done, e.g. {@code upload}
   * @param err where lines go when standard error is no terminal
   */
  public static TransferProgress of(String task, PrintWriter err, boolean quiet) {
    if (quiet) {
      return new TransferProgress(task, Optional.empty(), Optional.empty(), System::nanoTime);
    }
    return Boolean.getBoolean(TERMINAL_PROPERTY)
        ? new TransferProgress(task, Optional.empty(), Optional.of(bar(task)), System::nanoTime)
        : new TransferProgress(task, Optional.of(err), Optional.empty(), System::nanoTime);
  }

  private static ProgressBar bar(String task) {
    return new ProgressBarBuilder()
        .setTaskName(task)
        .setInitialMax(0)
        .setStyle(ProgressBarStyle.ASCII)
        .setUnit(" MiB", MEBIBYTE)
        .showSpeed()
        .setUpdateIntervalMillis(200)
        .clearDisplayOnFinish()
        .build();
  }

  @Override
  public synchronized void onProgress(Progress progress) {
    bar.ifPresent(
        shown -> {
          shown.maxHint(progress.bytesTotal());
          shown.stepTo(progress.bytesDone());
          shown.setExtraMessage(
              " " + progress.filesDone() + "/" + Counts.of(progress.filesTotal(), "file"));
        });
    long now = nanoClock.getAsLong();
    if (!moving) {
      moving = true;
      begun = now;
      lastLine = now;
    }
    if (lines.isPresent() && now - lastLine >= LINE_NANOS) {
      lastLine = now;
      lines.get().println(line(task, progress, (now - begun) / NANOS_PER_SECOND));
      lines.get().flush();
    }
  }

  private static String line(String task, Progress progress, double seconds) {
    double rate = progress.bytesDone() / seconds;
    long left = progress.bytesTotal() - progress.bytesDone();
    return String.format(
        Locale.ROOT,
        "%s: %s of %s, %s/s, %s, %,d of %s",
        task,
        bytes(progress.bytesDone()),
        bytes(progress.bytesTotal()),
        bytes((long) rate),
        rate > 0 ? duration((long) Math.ceil(left / rate)) + " left" : "waiting",
        progress.filesDone(),
        Counts.of(progress.filesTotal(), "file"));
  }

  /** Returns a number of bytes as people read it, e.g. {@code 12.5 MiB}. */
  public static String bytes(long bytes) {
    if (bytes < KIBIBYTE) {
      return bytes + " B";
    }
    long unit = bytes < MEBIBYTE ? KIBIBYTE : bytes < GIBIBYTE ? MEBIBYTE : GIBIBYTE;
    String name = unit == KIBIBYTE ? "KiB" : unit == MEBIBYTE ? "MiB" : "GiB";
    return String.format(Locale.ROOT, "%.1f %s", (double) bytes / unit, name);
  }

  private static String duration(long seconds) {
    return seconds < 3600
        ? String.format(Locale.ROOT, "%d:%02d", seconds / 60, seconds % 60)
        : String.format(
            Locale.ROOT, "%d:%02d:%02d", seconds / 3600, seconds / 60 % 60, seconds % 60);
  }

  @Override
  public void close() {
    bar.ifPresent(ProgressBar::close);
  }
}
