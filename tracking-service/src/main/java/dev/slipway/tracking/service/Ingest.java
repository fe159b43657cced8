package dev.slipway.tracking.service;

import com.codahale.metrics.Gauge;
import com.codahale.metrics.MetricRegistry;
import dev.slipway.tracking.store.ChunkStore;
import dev.slipway.tracking.store.CommitResult;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import java.time.Clock;
import java.util.function.Consumer;

/**
 * Holds what writes to runs and what follows from it: committers, folders of latest points,
 * compactor, streams.
 *
 * <p>There are two lanes of commits. One takes points alone, which wait for nobody's locks. Params,
 * tags and points of models go through the other, where a commit waits as long as somebody deletes
 * or purges the run, and all that come after it.
 */
public final class Ingest implements AutoCloseable {
  /** Commits one after the other into a log of its own. */
  private static final class Lane implements AutoCloseable {
    private final LatestFolder folder;
    private final GroupCommitter committer;

    Lane(String name, MetricStore metrics, Clock clock, Consumer<CommitResult> committed) {
      folder = new LatestFolder(metrics, clock);
      committer = new GroupCommitter(name, metrics, folder, clock, committed);
    }

    void start() {
      folder.start();
      committer.start();
    }

    @Override
    public void close() {
      committer.close();
      folder.close();
    }
  }

  private static final String STREAM_BYTES = "tracking.stream-bytes";

  private final MetricRegistry registry;
  private final Lane points;
  private final Lane entries;
  private final Compactor compactor;
  private final MetricStreams streams;
  private final RunService runs;

  private Ingest(
      MetricStore metrics,
      ChunkStore chunks,
      RunStore runs,
      CompactionConfig compaction,
      long streamBytes,
      Clock clock,
      Runnable committed,
      MetricRegistry registry) {
    Consumer<CommitResult> tell =
        result -> {
          appended(result);
          committed.run();
        };
    this.points = new Lane("tracking-committer", metrics, clock, tell);
    this.entries = new Lane("tracking-entries", metrics, clock, tell);
    this.compactor = new Compactor(chunks, points.folder, compaction, this::isBusy, registry);
    this.streams = new MetricStreams(metrics, points.committer, streamBytes);
    registry.gauge(STREAM_BYTES, () -> (Gauge<Long>) streams::waitingBytes);
    this.registry = registry;
    this.runs = new RunService(runs, points.committer, entries.committer, points.folder, compactor);
  }

  private void appended(CommitResult result) {
    compactor.appended(result.appended());
  }

  private boolean isBusy() {
    return points.committer.isBusy() || entries.committer.isBusy();
  }

  /**
   * Opens logs of its own and starts the threads.
   *
   * @param streamBytes memory that batches of streams may take while they wait
   * @param committed hears of every commit, on a committer's thread, so it must be quick
   * @param registry receives what the compaction does, and how much of that memory is taken
   */
  public static Ingest start(
      MetricStore metrics,
      ChunkStore chunks,
      RunStore runs,
      CompactionConfig compaction,
      long streamBytes,
      Clock clock,
      Runnable committed,
      MetricRegistry registry) {
    Ingest ingest =
        new Ingest(metrics, chunks, runs, compaction, streamBytes, clock, committed, registry);
    ingest.points.folder.takeOver();
    ingest.points.start();
    ingest.entries.start();
    ingest.compactor.start();
    return ingest;
  }

  /** Returns whether writes are taken. */
  public boolean isOpen() {
    return points.committer.isOpen() && entries.committer.isOpen();
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
    registry.remove(STREAM_BYTES);
    compactor.close();
    points.close();
    entries.close();
  }
}
