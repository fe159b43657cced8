package dev.slipway.tracking.service;

import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import java.time.Clock;

/**
 * Holds what writes to runs: committer, folder of latest points, streams; started and stopped in
 * this order.
 */
public final class Ingest implements AutoCloseable {
  private final LatestFolder folder;
  private final GroupCommitter committer;
  private final MetricStreams streams;
  private final RunService runs;

  private Ingest(MetricStore metrics, RunStore runs, Clock clock, Runnable committed) {
    this.folder = new LatestFolder(metrics, clock);
    this.committer = new GroupCommitter(metrics, folder, clock, committed);
    this.streams = new MetricStreams(metrics, committer);
    this.runs = new RunService(runs, committer, folder);
  }

  /**
   * Opens a log of its own and starts the threads.
   *
   * @param committed hears of every commit, on the committer's thread, so it must be quick
   */
  public static Ingest start(MetricStore metrics, RunStore runs, Clock clock, Runnable committed) {
    Ingest ingest = new Ingest(metrics, runs, clock, committed);
    ingest.folder.start();
    ingest.committer.start();
    return ingest;
  }

  /** Returns whether writes are taken. */
  public boolean isOpen() {
    return committer.isOpen();
  }

  /** Returns the streams. */
  public MetricStreams streams() {
    return streams;
  }

  /** Returns the rules of runs. */
  public RunService runs() {
    return runs;
  }

  /** Commits what waits, folds the rest, and ends the threads. */
  @Override
  public void close() {
    streams.close();
    committer.close();
    folder.close();
  }
}
