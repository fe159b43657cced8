package dev.slipway.client;

import dev.slipway.client.QueuedBatches.QueuedBatch;
import dev.slipway.client.RunCallQueue.RunCall;
import dev.slipway.client.SpillRecord.Kind;
import dev.slipway.tracking.v1.MetricBatch;
import dev.slipway.tracking.v1.MetricStreamHints;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.concurrent.TimeUnit;
import java.util.stream.LongStream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Moves what one run could not send in time from memory to disk, and gives batches from there, in
 * order, when the service takes them again. What stands on disk is always older than what is in
 * memory, but for the end of the run. For one thread.
 */
final class RunSpill implements BatchSource {
  private static final Logger log = LoggerFactory.getLogger(RunSpill.class);
  private static final long RETRY_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final String runId;
  private final String writerId;
  private final RunOptions options;
  private final MetricQueue queue;
  private final RunCallQueue calls;
  // Made when it is first needed.
  private SpillLog spill;
  private volatile Path folder;
  private long retryNanos = System.nanoTime();
  private long forceNanos = System.nanoTime();
  private boolean unforced;
  private boolean troubled;

  RunSpill(
      String runId, String writerId, RunOptions options, MetricQueue queue, RunCallQueue calls) {
    this.runId = runId;
    this.writerId = writerId;
    this.options = options;
    this.queue = queue;
    this.calls = calls;
  }

  /** Returns where something was kept; empty when nothing ever was. Any thread may ask. */
  Optional<Path> folder() {
    return Optional.ofNullable(folder);
  }

  /**
   * Keeps what is due to be kept.
   *
   * @param urgent keeps everything
   * @return in how many nanoseconds there may be more to do
   */
  long step(long now, boolean urgent) {
    long wait = forceIfDue(now);
    OptionalLong oldest =
        LongStream.concat(queue.oldestBatchNanos().stream(), calls.oldestUnspilledNanos().stream())
            .min();
    if (oldest.isEmpty()) {
      return wait;
    }
    long due = oldest.getAsLong() + options.spillAfter().toNanos() - now;
    if (due > 0 && !urgent && !queue.crowded()) {
      return Math.min(wait, due);
    }
    if (now < retryNanos) {
      return Math.min(wait, retryNanos - now);
    }
    if (!tryKeep()) {
      retryNanos = now + RETRY_NANOS;
      return Math.min(wait, RETRY_NANOS);
    }
    return Math.min(wait, options.forceInterval().toNanos());
  }

  private boolean tryKeep() {
    try {
      boolean all = keep();
      if (!all && !troubled) {
        log.warn(
            "{} has reached its bound of {} bytes: what run {} cannot send is kept in memory alone",
            options.spillFolder(),
            options.maxSpillBytes(),
            runId);
      }
      troubled = !all;
      return all;
    } catch (IOException e) {
      if (!troubled) {
        log.warn("what run {} cannot send is kept in memory alone", runId, e);
      }
      troubled = true;
      return false;
    }
  }

  private boolean keep() throws IOException {
    if (spill == null) {
      spill = SpillLog.create(options.spillFolder(), runId, writerId, options.maxSpillBytes());
      folder = spill.folder();
      log.info("run {} keeps what it cannot send in {}", runId, folder);
    }
    unforced = true;
    if (!keepCalls()) {
      return false;
    }
    for (QueuedBatch queued : queue.batches()) {
      long seq = queued.batch().getSeq();
      if (!spill.append(SpillRecord.of(Kind.METRICS, seq, queued.batch()))) {
        return false;
      }
      queue.evict(seq);
    }
    return true;
  }

  private boolean keepCalls() throws IOException {
    List<RunCall> unspilled = calls.unspilled();
    for (RunCall call : unspilled) {
      if (!keep(call)) {
        // A run ends, whatever else there is no room for; but one that is not created does not.
        RunCall last = unspilled.get(unspilled.size() - 1);
        boolean unused =
            last.kind() == Kind.UPDATE_RUN && call.kind() != Kind.CREATE_RUN && keep(last);
        return false;
      }
    }
    return true;
  }

  private boolean keep(RunCall call) throws IOException {
    boolean kept = spill.append(SpillRecord.of(call.kind(), call.number(), call.request()));
    if (kept) {
      calls.spilled(call);
    }
    return kept;
  }

  private long forceIfDue(long now) {
    if (!unforced) {
      return Long.MAX_VALUE;
    }
    long wait = forceNanos - now;
    if (wait > 0) {
      return wait;
    }
    forceNanos = now + options.forceInterval().toNanos();
    unforced = false;
    attempt(spill::force);
    return Long.MAX_VALUE;
  }

  /** Keeps everything, whatever troubles there were; called once, at the end. */
  void keepAll() {
    if (queue.oldestBatchNanos().isPresent() || calls.oldestUnspilledNanos().isPresent()) {
      boolean unused = tryKeep();
    }
  }

  /** Notes that a call has had its answer. */
  void answered(RunCall call) {
    if (spill != null) {
      attempt(() -> spill.answered(call.number()));
      unforced = true;
    }
  }

  @Override
  public void continueAfter(long committedSeq) {
    queue.continueAfter(committedSeq);
  }

  @Override
  public Optional<MetricBatch> after(long seq) throws IOException {
    Optional<MetricBatch> kept = spill == null ? Optional.empty() : spill.after(seq);
    return kept.isPresent() ? kept : queue.after(seq);
  }

  @Override
  public void acknowledged(long seq, long points) {
    queue.acknowledged(seq, points);
    if (spill != null) {
      attempt(() -> spill.acknowledged(seq));
    }
  }

  @Override
  public void heed(MetricStreamHints hints) {
    queue.heed(hints);
  }

  /** Lets go of the files, and removes those that nobody needs; returns whether any are left. */
  boolean close() {
    if (spill == null) {
      return false;
    }
    attempt(spill::close);
    return !spill.isEmpty();
  }

  private interface FileWork {
    void run() throws IOException;
  }

  private void attempt(FileWork work) {
    try {
      work.run();
    } catch (IOException e) {
      log.warn("the files of run {} in {} give trouble", runId, folder, e);
    }
  }
}
