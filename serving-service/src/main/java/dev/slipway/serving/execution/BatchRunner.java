package dev.slipway.serving.execution;

import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.UnexpectedOutputException;
import dev.slipway.engine.predictor.OutputChecks;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.tensor.BatchAxis;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorBuffers;
import dev.slipway.runtime.error.FieldViolation;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.serving.execution.Execution.Answer;
import dev.slipway.serving.execution.Execution.Timings;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.ArrayList;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs requests on one predictor: one alone as it is, several joined along the batch axis into one
 * buffer and split again. A request that makes the engine fail takes nobody with it: the others of
 * its batch are then run alone. An answer that is not as the model declares is given to nobody;
 * where requests have such an answer only together, or one without a row for every row asked, they
 * are joined no longer. Requests that nobody waits for any more are not run. Thread-safe.
 */
public final class BatchRunner {
  private static final Logger log = LoggerFactory.getLogger(BatchRunner.class);

  private final String version;
  private final Predictor predictor;
  private final OutputChecks outputChecks;
  private final TensorBuffers buffers;
  private final ModelStatistics statistics;
  private final Clock clock;

  /** Turned off for a model that turns out to answer joined requests otherwise than it should. */
  private volatile boolean joins;

  /**
   * Creates a runner.
   *
   * @param version names the version in messages
   * @param predictor stays the caller's, who keeps it open while {@link #run} runs
   * @param buffers lends the memory in which batches are put together
   */
  public BatchRunner(
      String version,
      Predictor predictor,
      TensorBuffers buffers,
      ModelStatistics statistics,
      Clock clock) {
    this.version = version;
    this.predictor = predictor;
    this.outputChecks = new OutputChecks(predictor);
    this.buffers = buffers;
    this.statistics = statistics;
    this.clock = clock;
    this.joins = predictor.batched();
  }

  /** Tells whether requests may be joined at all. */
  boolean joins() {
    return joins;
  }

  /** Tells whether calls wait for something else than the processor. */
  boolean waits() {
    return predictor.waits();
  }

  /** Runs requests that may be joined, and tells each its outcome. Never throws. */
  void run(List<Execution> batch) {
    List<Execution> live = batch.size() == 1 ? batch : dropDead(batch);
    if (live.size() > 1 && joins) {
      runTogether(live);
    } else {
      runEach(live);
    }
  }

  private void runTogether(List<Execution> batch) {
    try {
      if (!runJoined(batch)) {
        runEach(batch);
      }
    } catch (UnexpectedOutputException e) {
      if (runEach(batch)) {
        joins = false;
        log.warn(
            "{} answers its requests well only alone: they are no longer joined ({})",
            version,
            e.getMessage());
      }
    }
  }

  /** Runs requests one by one; returns whether the model answered all as it declares. */
  private boolean runEach(List<Execution> batch) {
    boolean allAnswered = true;
    for (Execution request : batch) {
      // Asked before each: those before it may have taken long enough for its caller to give up.
      allAnswered &= !drop(request) && runAlone(request);
    }
    return allAnswered;
  }

  private List<Execution> dropDead(List<Execution> batch) {
    return batch.stream().filter(request -> !drop(request)).toList();
  }

  /** Tells a request its failure if nobody waits for its answer; returns whether it did. */
  private boolean drop(Execution request) {
    boolean expired = request.expired(System.nanoTime());
    if (!expired && !request.callerGone()) {
      return false;
    }
    statistics.expired();
    request.fail(
        expired ? ExpiredException.deadline(version) : ExpiredException.cancelled(version));
    return true;
  }

  /** Runs a request; returns whether the model answered it as it declares. */
  private boolean runAlone(Execution request) {
    long started = System.nanoTime();
    List<Tensor> outputs;
    try {
      outputs = predict(request, request.inputs(), request.deadlineNanos());
    } catch (Throwable e) {
      // An Error too: memory that runs out, or a stack, is this request's failure and no reason to
      // leave its caller waiting for ever.
      fail(request, e);
      return false;
    }
    long computed = System.nanoTime();
    long rows = request.rows();
    statistics.called(rows, 0, computed - started, 0);
    answer(request, outputs, rows, started, started, computed);
    return true;
  }

  private void fail(Execution request, Throwable failure) {
    long now = System.nanoTime();
    if (failure instanceof EngineUnavailableException && request.expired(now)) {
      // What computes elsewhere was given the caller's time alone: it need not be away.
      statistics.expired();
      request.fail(ExpiredException.deadlineOfCall(version));
      return;
    }
    statistics.failed(now - request.arrivedNanos());
    request.fail(translate(failure));
  }

  /**
   * Returns whether the batch was answered; if not, nobody was told anything.
   *
   * @throws UnexpectedOutputException likewise, if the answer is not as declared or cannot be split
   */
  private boolean runJoined(List<Execution> batch) {
    long started = System.nanoTime();
    List<Integer> rows = batch.stream().map(request -> Math.toIntExact(request.rows())).toList();
    long total = rows.stream().mapToLong(Integer::longValue).sum();
    List<List<Tensor>> answers = new ArrayList<>(batch.size());
    long assembled;
    long computed;
    try (Joined joined = join(batch)) {
      assembled = System.nanoTime();
      List<Tensor> outputs = predict(batch.get(0), joined.inputs, latestDeadline(batch));
      computed = System.nanoTime();
      for (int i = 0; i < batch.size(); i++) {
        answers.add(new ArrayList<>(outputs.size()));
      }
      for (Tensor output : outputs) {
        if (output.shape().rank() == 0 || output.shape().dimension(0) != total) {
          throw new UnexpectedOutputException(
              output.name(), total + " rows", output.datatype() + " " + output.shape());
        }
        List<Tensor> parts = BatchAxis.split(output, rows);
        for (int i = 0; i < parts.size(); i++) {
          answers.get(i).add(parts.get(i));
        }
      }
    } catch (UnexpectedOutputException e) {
      throw e;
    } catch (Throwable e) {
      // Alone a request may pass that failed in company, for want of memory for one.
      log.debug("a batch of {} failed on {}; running its requests alone", batch.size(), version, e);
      return false;
    }
    statistics.called(
        total, assembled - started, computed - assembled, System.nanoTime() - computed);
    for (int i = 0; i < batch.size(); i++) {
      answer(batch.get(i), answers.get(i), total, started, assembled, computed);
    }
    return true;
  }

  private List<Tensor> predict(Execution request, List<Tensor> inputs, long deadlineNanos) {
    List<Tensor> outputs =
        predictor
            .predict(
                new PredictRequest(inputs, request.parameters(), request.outputs(), deadlineNanos))
            .outputs();
    outputChecks.check(outputs, request.outputs());
    return outputs;
  }

  /** Returns until when somebody waits for the answer to a batch. */
  private static long latestDeadline(List<Execution> batch) {
    long latest = batch.get(0).deadlineNanos();
    for (Execution request : batch) {
      long deadline = request.deadlineNanos();
      if (latest == Execution.NO_DEADLINE || deadline == Execution.NO_DEADLINE) {
        return Execution.NO_DEADLINE;
      }
      // By their difference: the clock may wrap around.
      latest = deadline - latest > 0 ? deadline : latest;
    }
    return latest;
  }

  private void answer(
      Execution request,
      List<Tensor> outputs,
      long rows,
      long taken,
      long assembled,
      long computed) {
    long queueNanos = taken - request.offeredNanos();
    long assemblyNanos = request.offeredNanos() - request.arrivedNanos() + assembled - taken;
    long computeNanos = computed - assembled;
    long now = System.nanoTime();
    // Counted before it is handed over, so that a caller who asks for figures finds its own request
    // in them.
    statistics.answered(
        clock.millis(),
        now - request.arrivedNanos(),
        queueNanos,
        assemblyNanos,
        computeNanos,
        now - computed);
    request.answer(new Answer(outputs, rows, new Timings(assemblyNanos, queueNanos, computeNanos)));
  }

  private RuntimeException translate(Throwable failure) {
    if (failure instanceof InvalidInputException invalid) {
      return new InvalidRequestException(
          invalid.violations().stream()
              .map(violation -> new FieldViolation(violation.field(), violation.description()))
              .toList());
    }
    if (failure instanceof EngineUnavailableException away) {
      return new EngineAwayException(version, away.getMessage(), away);
    }
    if (failure instanceof UnexpectedOutputException unexpected) {
      return new UnexpectedAnswerException(version, unexpected);
    }
    if (failure instanceof EngineException known) {
      return new PredictionFailedException(version, known.getMessage(), known);
    }
    return new PredictionFailedException(version, failure.toString(), failure);
  }

  private Joined join(List<Execution> batch) {
    int inputs = batch.get(0).inputs().size();
    Joined joined = new Joined(inputs);
    try {
      for (int i = 0; i < inputs; i++) {
        int index = i;
        List<Tensor> parts = batch.stream().map(request -> request.inputs().get(index)).toList();
        TensorBuffers.Lease lease = buffers.acquire(BatchAxis.concatSizeBytes(parts));
        joined.leases.add(lease);
        ByteBuffer target = lease.buffer().duplicate();
        joined.inputs.add(BatchAxis.concat(parts, target));
      }
      return joined;
    } catch (Throwable e) {
      joined.close();
      throw e;
    }
  }

  private static final class Joined implements AutoCloseable {
    private final List<Tensor> inputs;
    private final List<TensorBuffers.Lease> leases;

    Joined(int size) {
      inputs = new ArrayList<>(size);
      leases = new ArrayList<>(size);
    }

    @Override
    public void close() {
      leases.forEach(TensorBuffers.Lease::close);
    }
  }
}
