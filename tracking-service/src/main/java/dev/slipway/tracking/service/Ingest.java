package dev.slipway.tracking.service;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.tracking.store.ChunkStore;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import java.time.Clock;

/**
 * Holds what writes to runs and what follows from it: committer, folder of latest points,
 * compactor, streams.
 */
public final class Ingest implements AutoCloseable {
  private final LatestFolder folder;
  private final Compactor compactor;
  private final GroupCommitter committer;
  private final MetricStreams streams;
  private final RunService runs;

  private Ingest(
      MetricStore metrics,
      ChunkStore chunks,
      RunStore runs,
      CompactionConfig compaction,
      Clock clock,
      Runnable committed,
      MetricRegistry registry) {
    this.folder = new LatestFolder(metrics, clock);
    this.compactor = new Compactor(chunks, folder, compaction, this::isBusy, registry);
    this.committer =
        new GroupCommitter(
            metrics,
            folder,
            clock,
            result -> {
              compactor.appended(result.appended());
              committed.run();
            });
    this.streams = new MetricStreams(metrics, committer);
    this.runs = new RunService(runs, committer, folder, compactor);
  }

  private boolean isBusy() {
    return committer.isBusy();
  }

  /**
   * Opens a log of its own and starts the threads.
   *
   * @param committed hears of every commit, on the committer's thread, so it must be quick
   * @param registry receives what the compaction does
   */
  public static Ingest start(
      MetricStore metrics,
      ChunkStore chunks,
      RunStore runs,
      CompactionConfig compaction,
      Clock clock,
      Runnable committed,
      MetricRegistry registry) {
    Ingest ingest = new Ingest(metrics, chunks, runs, compaction, clock, committed, registry);
    ingest.folder.start();
    ingest.committer.start();
    ingest.compactor.start();
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

  /** Commits what waits, folds the rest, and ends the threads; segments stay as they are. */
  @Override
  public void close() {
    streams.close();
    compactor.close();
    committer.close();
    folder.close();
  }
}
