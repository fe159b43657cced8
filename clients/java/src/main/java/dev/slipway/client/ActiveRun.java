package dev.slipway.client;

import com.google.protobuf.FieldMask;
import com.google.protobuf.Timestamp;
import dev.slipway.client.MetricQueue.Offer;
import dev.slipway.client.SpillRecord.Kind;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.RunInfo;
import dev.slipway.tracking.v1.RunStatus;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.v1.UpdateRunRequest;
import io.grpc.Channel;
import io.grpc.Status;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Is a run that a training job logs to.
 *
 * <pre>{@code
 * try (ActiveRun run = client.startRun(CreateRunRequest.newBuilder().setExperimentId("0").build())) {
 *   run.logParam("learning-rate", "0.1");
 *   for (int step = 0; step < 1000; step++) {
 *     run.logMetric("loss", train(step), step);
 *   }
 *   run.finish();
 * }
 * }</pre>
 *
 * <p>Nothing here throws into the job, unless the options are strict, and no call waits for the
 * network: all is put into memory, and a thread of the run's own sends it. {@link #logMetric} waits
 * only when the bound of memory is reached, and no longer than {@link
 * MetricStreamOptions#maxLogWait}; then points are dropped without a wait, and counted, until there
 * is room.
 *
 * <p>What the service does not take in time ({@link RunOptions#spillAfter}) is kept in files below
 * {@link RunOptions#spillFolder}: the service may be away from the very start, creation of the run
 * included. When it is there again, all is sent in order and each point is stored once. What is
 * left at the end of the process, or was refused by the service, stays in the files for {@code
 * slipway sync FOLDER} ({@link SpillSync}).
 *
 * <p>A run ends by {@link #finish}, {@link #fail} or {@link #kill}. One that is closed without any
 * of them has failed: an exception has left the block before {@code finish}. When the JVM ends
 * first, the run was killed. Thread-safe.
 */
public final class ActiveRun implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ActiveRun.class);
  private static final int MAX_ENTRIES_PER_CALL = 100;
  private static final int MAX_PARAM_CHARS = 6_000;
  private static final int MAX_TAG_CHARS = 8_000;
  // For the last writes to disk, after the time to send is over.
  private static final Duration GRACE = Duration.ofSeconds(1);

  private final String runId;
  private final RunOptions options;
  private final RunDelivery delivery;
  private final AtomicBoolean ending = new AtomicBoolean();
  private final AtomicLong droppedEntries = new AtomicLong();
  private final Thread shutdownHook;

  private ActiveRun(Channel channel, String runId, RunOptions options) {
    if (!runId.matches("[0-9a-f]{32}")) {
      throw new IllegalArgumentException("a run id is 32 lower-case hexadecimal digits");
    }
    this.runId = runId;
    this.options = options;
    this.delivery = new RunDelivery(channel, runId, options);
    this.shutdownHook = new Thread(this::endWithTheJvm, "slipway-run-" + runId + "-shutdown");
  }

  /**
   * Starts a run; returns at once, also when the service is away.
   *
   * @param request what the run is like; a run id and the start are added when it has none
   * @throws IllegalArgumentException if the request has a {@code request_id} but no {@code run_id},
   *     since the run of that request may have any id; or if the run id is none
   */
  static ActiveRun start(Channel channel, CreateRunRequest request, RunOptions options) {
    CreateRunRequest.Builder create = request.toBuilder();
    if (create.getRunId().isEmpty()) {
      if (!create.getRequestId().isEmpty()) {
        throw new IllegalArgumentException("a request_id needs a run_id beside it");
      }
      create.setRunId(UUID.randomUUID().toString().replace("-", ""));
    }
    if (create.getRequestId().isEmpty()) {
      create.setRequestId(create.getRunId());
    }
    if (!create.hasStartTime()) {
      create.setStartTime(now());
    }
    ActiveRun run = new ActiveRun(channel, create.getRunId(), options);
    boolean unused = run.delivery.calls().add(Kind.CREATE_RUN, create.build());
    run.begin();
    return run;
  }

  /** Goes on with a run that exists; returns at once, also when the service is away. */
  static ActiveRun resume(Channel channel, String runId, RunOptions options) {
    ActiveRun run = new ActiveRun(channel, runId, options);
    run.begin();
    return run;
  }

  private void begin() {
    delivery.start();
    try {
      Runtime.getRuntime().addShutdownHook(shutdownHook);
      delivery.whenEnded(this::removeShutdownHook);
    } catch (IllegalStateException e) {
      // The JVM ends already: what is not sent in the time that is left is kept after a while.
      log.debug("run {} begins while the JVM ends", runId, e);
    }
  }

  private static Timestamp now() {
    Instant now = Instant.now();
    return Timestamp.newBuilder().setSeconds(now.getEpochSecond()).setNanos(now.getNano()).build();
  }

  /** Returns the id of the run, 32 hexadecimal digits. */
  public String runId() {
    return runId;
  }

  /**
   * Logs a point that is measured now.
   *
   * @param step any number; points of the same step are all kept
   */
  public void logMetric(String key, double value, long step) {
    logMetric(key, value, step, System.currentTimeMillis());
  }

  /**
   * Logs a point.
   *
   * @param key 1 to 250 characters, as the contract says; another key is dropped and counted
   * @param value any number, NaN and infinities included
   * @param timestampMs when it was measured, in milliseconds since 1970-01-01T00:00Z, 0 or more
   */
  public void logMetric(String key, double value, long step, long timestampMs) {
    Offer outcome = delivery.metrics().offer(key, value, step, timestampMs);
    if (options.strict()) {
      requireTaken(outcome, key);
    }
  }

  /** Logs points of the same step that are measured now. */
  public void logMetrics(Map<String, Double> values, long step) {
    long timestampMs = System.currentTimeMillis();
    for (Map.Entry<String, Double> entry : entries(values)) {
      Double value = entry.getValue();
      if (value == null) {
        // What has no value is dropped like what has no key.
        logMetric(null, 0, step, timestampMs);
      } else {
        logMetric(entry.getKey(), value, step, timestampMs);
      }
    }
  }

  private void requireTaken(Offer outcome, String key) {
    switch (outcome) {
      case INVALID ->
          throw new IllegalArgumentException("metric '" + key + "': bad key or timestamp");
      case NO_ROOM ->
          throw new TrackingException(
              "there is no room for metrics of run " + runId, Status.Code.RESOURCE_EXHAUSTED, null);
      case CLOSED -> throw new IllegalStateException("run " + runId + " has ended");
      case TAKEN -> requireNoRefusal();
    }
  }

  private void requireNoRefusal() {
    Optional<TrackingException> refusal = delivery.refusal();
    if (refusal.isPresent()) {
      throw refusal.get();
    }
  }

  /**
   * Logs a param. A key keeps its first value for good; another one is refused later, which the
   * listener and the summary tell.
   *
   * @param value at most 6,000 characters
   */
  public void logParam(String key, String value) {
    logParams(Collections.singletonMap(key, value));
  }

  /** Logs params, up to 100 of them in one atomic call. */
  public void logParams(Map<String, String> params) {
    LogBatchRequest.Builder batch = batch();
    for (Map.Entry<String, String> param : entries(params)) {
      if (isTaken(param, MAX_PARAM_CHARS)) {
        batch.addParams(Param.newBuilder().setKey(param.getKey()).setValue(param.getValue()));
      }
      if (batch.getParamsCount() == MAX_ENTRIES_PER_CALL) {
        add(batch);
        batch = batch();
      }
    }
    add(batch);
  }

  /**
   * Sets a tag; the last value counts.
   *
   * @param value at most 8,000 characters
   */
  public void setTag(String key, String value) {
    setTags(Collections.singletonMap(key, value));
  }

  /** Sets tags, up to 100 of them in one atomic call. */
  public void setTags(Map<String, String> tags) {
    LogBatchRequest.Builder batch = batch();
    for (Map.Entry<String, String> tag : entries(tags)) {
      if (isTaken(tag, MAX_TAG_CHARS)) {
        batch.addTags(Tag.newBuilder().setKey(tag.getKey()).setValue(tag.getValue()));
      }
      if (batch.getTagsCount() == MAX_ENTRIES_PER_CALL) {
        add(batch);
        batch = batch();
      }
    }
    add(batch);
  }

  /** No map is an entry of no use, like one without key. */
  private static <V> Set<Map.Entry<String, V>> entries(Map<String, V> map) {
    return (map == null ? Collections.<String, V>singletonMap(null, null) : map).entrySet();
  }

  private LogBatchRequest.Builder batch() {
    return LogBatchRequest.newBuilder().setRunId(runId);
  }

  private boolean isTaken(Map.Entry<String, String> entry, int maxChars) {
    String key = entry.getKey();
    String value = entry.getValue();
    boolean valid =
        key != null
            && value != null
            && MetricKeys.isValid(key)
            && value.codePointCount(0, value.length()) <= maxChars
            && value.indexOf('\0') < 0;
    if (!valid) {
      dropEntries(1, "'" + key + "': bad key or value");
      if (options.strict()) {
        throw new IllegalArgumentException("'" + key + "': bad key or value");
      }
    }
    return valid;
  }

  private void add(LogBatchRequest.Builder batch) {
    int entries = batch.getParamsCount() + batch.getTagsCount();
    if (entries == 0) {
      return;
    }
    if (!delivery.calls().add(Kind.LOG_BATCH, batch.build())) {
      dropEntries(entries, "the run has ended, or too many wait");
      if (options.strict()) {
        throw new TrackingException(
            "there is no room for params and tags of run " + runId,
            Status.Code.RESOURCE_EXHAUSTED,
            null);
      }
    }
    if (options.strict()) {
      requireNoRefusal();
    }
  }

  private void dropEntries(int entries, String why) {
    if (droppedEntries.getAndAdd(entries) == 0) {
      log.warn("params or tags of run {} are dropped: {}", runId, why);
    }
  }

  /**
   * Waits until all that was logged before is durable at the service, but not longer than a time.
   *
   * @return whether it is; false at once when the service has refused the run, or the thread is
   *     interrupted, which it stays
   */
  public boolean flush(Duration timeout) {
    long deadline = System.nanoTime() + timeout.toNanos();
    try {
      long points = delivery.metrics().flush();
      return delivery.metrics().awaitAcknowledged(points, timeout.toNanos())
          && delivery.calls().awaitAnswers(deadline - System.nanoTime());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  /** Returns how what was logged stands now. */
  public RunSummary summary() {
    RunSummary all = delivery.summary();
    return new RunSummary(
        all.runId(),
        all.loggedPoints(),
        all.acknowledgedPoints(),
        all.keptPoints(),
        all.dropped(),
        all.pendingCalls(),
        all.droppedCalls() + droppedEntries.get(),
        all.refusals(),
        all.spill());
  }

  /**
   * Ends the run well: sends what remains, for as long as {@link MetricStreamOptions#closeTimeout}
   * says, then puts what is left into files, for a second at most. When the disk takes longer this
   * returns, and the files are written meanwhile: {@link #summary} tells how far, and the JVM's end
   * waits for them as for a run that was not ended. Changes nothing when the run has ended already.
   *
   * @throws TrackingException if the options are strict and not everything was delivered
   */
  public RunSummary finish() {
    return end(RunStatus.RUN_STATUS_FINISHED);
  }

  /** Ends the run as one that failed; otherwise like {@link #finish}. */
  public RunSummary fail() {
    return end(RunStatus.RUN_STATUS_FAILED);
  }

  /** Ends the run as one that somebody stopped; otherwise like {@link #finish}. */
  public RunSummary kill() {
    return end(RunStatus.RUN_STATUS_KILLED);
  }

  /**
   * Lets the run go on without this writer, such as one worker of many; otherwise like {@link
   * #finish}.
   */
  public RunSummary detach() {
    return end(RunStatus.RUN_STATUS_UNSPECIFIED);
  }

  /** Does nothing after {@link #finish} and its like; else the same as {@link #fail}. */
  @Override
  public void close() {
    if (!ending.get()) {
      RunSummary unused = fail();
    }
  }

  private RunSummary end(RunStatus status) {
    RunSummary summary = end(status, options.metrics().closeTimeout(), false);
    if (options.strict() && !summary.isDelivered()) {
      throw new TrackingException(
          "not all of run " + runId + " was delivered: " + summary,
          Status.Code.DEADLINE_EXCEEDED,
          summary.refusals().isEmpty() ? null : summary.refusals().get(0));
    }
    return summary;
  }

  private void removeShutdownHook() {
    try {
      boolean unused = Runtime.getRuntime().removeShutdownHook(shutdownHook);
    } catch (IllegalStateException e) {
      // The JVM ends already, and the hook finds nothing to do.
    }
  }

  private void endWithTheJvm() {
    RunSummary unused = end(RunStatus.RUN_STATUS_KILLED, options.shutdownTimeout(), true);
  }

  /**
   * @param urgent whether what waits goes to files before it is sent
   */
  private RunSummary end(RunStatus status, Duration timeout, boolean urgent) {
    boolean first = ending.compareAndSet(false, true);
    if (first) {
      delivery.metrics().close();
      delivery.calls().close(update(status));
      delivery.end(timeout, urgent);
    } else if (urgent) {
      // Somebody waits for the end, and the JVM does not wait as long.
      delivery.end(timeout, true);
    }
    try {
      boolean unused = delivery.awaitEnd(timeout.plus(GRACE));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    RunSummary summary = summary();
    if (first) {
      tell(summary);
    }
    return summary;
  }

  private Optional<UpdateRunRequest> update(RunStatus status) {
    if (status == RunStatus.RUN_STATUS_UNSPECIFIED) {
      return Optional.empty();
    }
    return Optional.of(
        UpdateRunRequest.newBuilder()
            .setRun(RunInfo.newBuilder().setRunId(runId).setStatus(status).setEndTime(now()))
            .setUpdateMask(FieldMask.newBuilder().addPaths("status").addPaths("end_time"))
            .build());
  }

  private static void tell(RunSummary summary) {
    if (summary.isDelivered()) {
      log.info("run {} is delivered: {} points", summary.runId(), summary.loggedPoints());
      return;
    }
    log.warn("not all of run {} is delivered: {}", summary.runId(), summary);
    summary.spill().ifPresent(folder -> log.warn("send the rest by: slipway sync {}", folder));
  }
}
