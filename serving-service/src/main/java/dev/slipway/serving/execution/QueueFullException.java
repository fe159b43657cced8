package dev.slipway.serving.execution;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.time.Duration;
import java.util.Map;

/**
 * Reports that a version has as many requests waiting and running as it may, or so many that a
 * request could not be answered in time.
 */
public final class QueueFullException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** How long a load takes cannot be known; short ones are over by then. */
  private static final Duration WHILE_LOADING = Duration.ofSeconds(1);

  private static final Duration WHILE_COMPUTING = Duration.ofMillis(5);

  private final String problem;
  private final Duration retryDelay;

  private QueueFullException(String version, String reason, Duration retryDelay) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "QUEUE_FULL",
        version + " " + reason + "; try again later",
        Map.of("model_version", version));
    this.problem = version + " " + reason;
    this.retryDelay = retryDelay;
  }

  static QueueFullException ofQueue(String version, int queued, int running, Duration retryDelay) {
    return new QueueFullException(
        version,
        "has " + queued + " requests waiting and " + running + " running, as many as it may",
        retryDelay);
  }

  /** Returns the failure of a request for a version that is being loaded. */
  public static QueueFullException whileLoading(String version, int waiting) {
    return new QueueFullException(
        version,
        "has " + waiting + " requests waiting until it is loaded, as many as it may",
        WHILE_LOADING);
  }

  /** Returns the failure of a request that found too many waiting for what others compute. */
  public static QueueFullException whileComputing(String version, int waiting) {
    return new QueueFullException(
        version,
        "has " + waiting + " requests waiting for answers that others compute, as many as it may",
        WHILE_COMPUTING);
  }

  static QueueFullException ofPipeline(String version, int running) {
    return new QueueFullException(
        version, "has " + running + " requests running, as many as it may", WHILE_COMPUTING);
  }

  /** Returns the failure of a pipeline's request, one of whose steps had no room. */
  QueueFullException inStep(String pipeline, String step) {
    return new QueueFullException(
        pipeline, "cannot run its step \"" + step + "\": " + problem, retryDelay);
  }

  static QueueFullException tooLate(
      String version, long aheadNanos, long leftNanos, Duration retryDelay) {
    return new QueueFullException(
        version,
        "has work for about "
            + aheadNanos / 1_000
            + " microseconds ahead of a request whose deadline is "
            + leftNanos / 1_000
            + " microseconds away",
        retryDelay);
  }

  /** Returns after how long another try is sensible. */
  public Duration retryDelay() {
    return retryDelay;
  }
}
