package dev.slipway.serving.execution;

import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.tensor.BatchAxis;
import dev.slipway.engine.tensor.Tensor;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * One request on its way through a version's queue and engine. Immutable but for the time at which
 * it was taken.
 *
 * <p>The input tensors are views of bytes that someone else keeps unchanged until the receiver was
 * called.
 */
public final class Execution {
  private static final Logger log = LoggerFactory.getLogger(Execution.class);

  /** A deadline that never comes. */
  public static final long NO_DEADLINE = PredictRequest.NO_DEADLINE;

  private final List<Tensor> inputs;
  private final List<String> outputs;
  private final Map<String, Object> parameters;
  private final Conditions conditions;
  private final Receiver receiver;
  private final long arrivedNanos;
  private final long offeredNanos;
  private final long rows;

  /**
   * Creates a request.
   *
   * @param inputs checked inputs, in the model's order
   * @param outputs names of the wanted outputs, in order; never empty
   * @param parameters checked parameters
   * @param receiver is told the outcome, exactly once
   * @param arrivedNanos {@link System#nanoTime} at which the request arrived
   */
  public Execution(
      List<Tensor> inputs,
      List<String> outputs,
      Map<String, Object> parameters,
      Conditions conditions,
      Receiver receiver,
      long arrivedNanos) {
    this.inputs = Objects.requireNonNull(inputs);
    this.outputs = Objects.requireNonNull(outputs);
    this.parameters = Objects.requireNonNull(parameters);
    this.conditions = Objects.requireNonNull(conditions);
    this.receiver = receiver;
    this.arrivedNanos = arrivedNanos;
    this.offeredNanos = System.nanoTime();
    this.rows = rows(inputs);
  }

  /**
   * What a request is run under.
   *
   * @param deadlineNanos {@link System#nanoTime} after which nobody waits for the answer, or {@link
   *     #NO_DEADLINE}
   * @param callerGone tells whether the caller has given up; must be cheap
   * @param forceCompute whether the prediction cache is passed over; asked by pipelines, whose
   *     steps have caches too
   * @param handOver whether it must not run on the thread that offers it, which has others to offer
   */
  public record Conditions(
      long deadlineNanos, BooleanSupplier callerGone, boolean forceCompute, boolean handOver) {
    /** Returns conditions of a request that may run anywhere and use what is kept. */
    public static Conditions until(long deadlineNanos, BooleanSupplier callerGone) {
      return new Conditions(deadlineNanos, callerGone, false, false);
    }
  }

  /** Receives the outcome of a request, on any thread. */
  public interface Receiver {
    /** Takes the answer. Its tensors are its own and stay as they are for as long as it likes. */
    void answered(Answer answer);

    /** Takes the failure. */
    void failed(RuntimeException failure);
  }

  /**
   * The outputs of one request.
   *
   * @param outputs the wanted outputs, in the order asked for
   * @param batchRows rows in the engine call, those of other requests included
   * @param timings where the time went, the handing over left out
   * @param graph the part of the steps in it; {@link GraphTimings#NONE} unless a pipeline answered
   */
  public record Answer(List<Tensor> outputs, long batchRows, Timings timings, GraphTimings graph) {
    /** Creates the answer of a model without steps. */
    public Answer(List<Tensor> outputs, long batchRows, Timings timings) {
      this(outputs, batchRows, timings, GraphTimings.NONE);
    }
  }

  /**
   * Where the time of a pipeline's request went.
   *
   * @param steps each step that was run, and each step of those that are pipelines
   * @param coveredNanos how long at least one of its own steps ran
   */
  public record GraphTimings(List<StepTiming> steps, long coveredNanos) {
    /** No step was run. */
    public static final GraphTimings NONE = new GraphTimings(List.of(), 0);

    /** Copies the list. */
    public GraphTimings {
      steps = List.copyOf(steps);
    }
  }

  /**
   * Where the time of a request went, in nanoseconds.
   *
   * @param assembly reading, checking and copying the inputs
   * @param queue waiting for the engine
   * @param compute inside the engine, for the whole batch
   */
  public record Timings(long assembly, long queue, long compute) {}

  /** Returns the same request with another receiver. */
  Execution received(Receiver other) {
    return new Execution(inputs, outputs, parameters, conditions, other, arrivedNanos);
  }

  Conditions conditions() {
    return conditions;
  }

  List<Tensor> inputs() {
    return inputs;
  }

  List<String> outputs() {
    return outputs;
  }

  Map<String, Object> parameters() {
    return parameters;
  }

  /** Hands the answer over; if that fails, hands the failure over instead. Never throws. */
  void answer(Answer answer) {
    try {
      receiver.answered(answer);
    } catch (RuntimeException e) {
      fail(e);
    } catch (Error e) {
      fail(new IllegalStateException("an answer could not be handed over", e));
    }
  }

  /** Hands a failure over. Never throws: the other requests of a batch still want their answers. */
  void fail(RuntimeException failure) {
    try {
      receiver.failed(failure);
    } catch (RuntimeException | Error e) {
      log.warn("nobody took the outcome of a request", e);
    }
  }

  long arrivedNanos() {
    return arrivedNanos;
  }

  long offeredNanos() {
    return offeredNanos;
  }

  boolean callerGone() {
    return conditions.callerGone().getAsBoolean();
  }

  long deadlineNanos() {
    return conditions.deadlineNanos();
  }

  boolean expired(long nowNanos) {
    long deadline = deadlineNanos();
    return deadline != NO_DEADLINE && nowNanos - deadline >= 0;
  }

  /** Returns the time until the deadline, nanoseconds; below 0 when it has passed. */
  long leftNanos(long nowNanos) {
    long deadline = deadlineNanos();
    return deadline == NO_DEADLINE ? Long.MAX_VALUE : deadline - nowNanos;
  }

  /**
   * Tells whether both may share an engine call: same tensors but for the rows, same outputs and
   * parameters.
   */
  boolean joinable(Execution other) {
    if (inputs.size() != other.inputs.size()
        || !outputs.equals(other.outputs)
        || !parameters.equals(other.parameters)) {
      return false;
    }
    for (int i = 0; i < inputs.size(); i++) {
      if (!BatchAxis.joinable(inputs.get(i), other.inputs.get(i))) {
        return false;
      }
    }
    return true;
  }

  /**
   * Returns the rows of the request: the common first dimension of its inputs, or 1 when they have
   * none in common.
   */
  public long rows() {
    return rows;
  }

  private static long rows(List<Tensor> inputs) {
    long rows = -1;
    for (Tensor input : inputs) {
      long first = input.shape().rank() == 0 ? 1 : input.shape().dimension(0);
      if (rows >= 0 && first != rows) {
        return 1;
      }
      rows = first;
    }
    return rows < 0 ? 1 : rows;
  }
}
