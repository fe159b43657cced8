package dev.slipway.cli.client;

import me.tongfei.progressbar.DelegatingProgressBarConsumer;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/** Shows how far work is, to people who watch. */
public final class Progress {
  /** Set by the launcher when standard error is a terminal. */
  private static final String TERMINAL_PROPERTY = "slipway.terminal";

  private Progress() {}

  /** Returns a bar on standard error that goes when it is closed; nobody sees one in a log. */
  public static ProgressBar bar(String task, long max) {
    ProgressBarBuilder builder =
        new ProgressBarBuilder()
            .setTaskName(task)
            .setInitialMax(max)
            .setStyle(ProgressBarStyle.ASCII)
            .clearDisplayOnFinish();
    if (!Boolean.getBoolean(TERMINAL_PROPERTY)) {
      // Nobody watches: a bar would be noise in a log.
      builder.setConsumer(new DelegatingProgressBarConsumer(line -> {}));
    }
    return builder.build();
  }
}
