package dev.slipway.cli.batch;

import java.io.PrintWriter;
import java.util.Locale;
import java.util.Optional;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/**
 * Shows how far a run is on standard error: a bar for who watches a terminal, a line every five
 * seconds for a log, nothing when told to be quiet. Of one thread.
 */
final class BatchProgress implements AutoCloseable {
  /** Set by the launcher when standard error is a terminal. */
  private static final String TERMINAL_PROPERTY = "slipway.terminal";

  private static final long LINE_NANOS = 5_000_000_000L;
  private static final double NANOS_PER_SECOND = 1e9;

  /** The whole file, in the bar. */
  private static final long STEPS = 1000;

  private final Optional<PrintWriter> lines;
  private final Optional<ProgressBar> bar;
  private final long rowsBefore;
  private final long begun = System.nanoTime();
  private long shown = begun;

  /**
   * Begins.
   *
   * @param err where lines go when standard error is no terminal
   * @param rowsBefore rows that an earlier run has done
   */
  BatchProgress(PrintWriter err, boolean quiet, long rowsBefore) {
    boolean terminal = Boolean.getBoolean(TERMINAL_PROPERTY);
    this.lines = quiet || terminal ? Optional.empty() : Optional.of(err);
    this.bar = quiet || !terminal ? Optional.empty() : Optional.of(bar());
    this.rowsBefore = rowsBefore;
  }

  private static ProgressBar bar() {
    return new ProgressBarBuilder()
        .setTaskName("batch")
        .setInitialMax(STEPS)
        .setStyle(ProgressBarStyle.ASCII)
        .setUpdateIntervalMillis(200)
        .clearDisplayOnFinish()
        .build();
  }

  /**
   * Tells how far it is.
   *
   * @param read how much of the input was read, 0 to 1
   * @param rows rows of the output
   */
  void update(double read, long rows) {
    long now = System.nanoTime();
    String text =
        bar.isPresent() || now - shown >= LINE_NANOS
            ? String.format(
                Locale.ROOT,
                "%,d rows, %,.0f rows/s",
                rows,
                (rows - rowsBefore) * NANOS_PER_SECOND / Math.max(1, now - begun))
            : "";
    bar.ifPresent(
        shownBar -> {
          shownBar.stepTo(Math.round(read * STEPS));
          shownBar.setExtraMessage(" " + text);
        });
    if (lines.isPresent() && now - shown >= LINE_NANOS) {
      shown = now;
      lines.get().printf(Locale.ROOT, "batch: %.0f %%, %s%n", read * 100, text);
      lines.get().flush();
    }
  }

  @Override
  public void close() {
    bar.ifPresent(ProgressBar::close);
  }
}
