package dev.slipway.serving.execution;

import dev.slipway.serving.execution.Execution.Answer;
import java.time.Clock;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * Admits requests to a pipeline, as many at a time as a queue takes with what runs beside it. They
 * wait in the queues of the steps, so none waits here. Thread-safe.
 */
public final class PipelineQueue implements RequestQueue {
  private final String version;
  private final Supplier<QueueLimits> limits;
  private final StepGraph graph;
  private final ModelStatistics statistics;
  private final Clock clock;
  private final AtomicInteger running = new AtomicInteger();

  /**
   * Creates it with nothing running.
   *
   * @param version names the version in messages
   * @param limits asked at each request, so that a change takes effect at once; must be cheap
   */
  public PipelineQueue(
      String version,
      Supplier<QueueLimits> limits,
      StepGraph graph,
      ModelStatistics statistics,
      Clock clock) {
    this.version = version;
    this.limits = limits;
    this.graph = graph;
    this.statistics = statistics;
    this.clock = clock;
  }

  @Override
  public void offer(Execution request) {
    QueueLimits now = limits.get();
    int most = now.maxQueued() + now.maxRunning();
    int present = running.incrementAndGet();
    if (present > most) {
      running.decrementAndGet();
      statistics.rejected();
      throw QueueFullException.ofPipeline(version, present - 1);
    }
    graph.run(request.received(new Counting(request)));
  }

  /** Counts the outcome, then hands it over. */
  private final class Counting implements Execution.Receiver {
    private final Execution request;

    Counting(Execution request) {
      this.request = request;
    }

    @Override
    public void answered(Answer answer) {
      running.decrementAndGet();
      statistics.answeredBySteps(
          clock.millis(),
          System.nanoTime() - request.arrivedNanos(),
          request.rows(),
          answer.timings(),
          answer.graph());
      request.answer(answer);
    }

    @Override
    public void failed(RuntimeException failure) {
      running.decrementAndGet();
      Throwable cause = failure instanceof StepFailedException ? failure.getCause() : failure;
      if (cause instanceof ExpiredException) {
        statistics.expired();
      } else if (cause instanceof QueueFullException) {
        statistics.rejected();
      } else {
        statistics.failed(System.nanoTime() - request.arrivedNanos());
      }
      request.fail(failure);
    }
  }

  @Override
  public int queued() {
    return 0;
  }

  @Override
  public int running() {
    return running.get();
  }
}
