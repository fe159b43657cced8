package dev.slipway.serving.inference;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.serving.execution.Execution.Answer;
import dev.slipway.serving.execution.Execution.Timings;
import dev.slipway.serving.execution.PredictionFailedException;
import dev.slipway.serving.execution.StepFailedException;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;

/**
 * Answers the rows of one request that can be answered, and tells why the others cannot: rows that
 * are known to be faulty are left out, and where the model fails on several rows it is run on each
 * half, down to single rows. One part after the other; the answer has a row for every row asked,
 * zeros for the faulty ones. A failure that is not of the rows, such as a full queue or a deadline,
 * is that of the request.
 */
final class RowByRow {
  /**
   * Where the model fails on more rows the request fails as a whole: finding each takes calls of
   * the engine.
   */
  static final int MOST_FAULTS = 1_000;

  /** Rows of a request are objects of their own here. */
  static final int MOST_ROWS = 10_000;

  private final Computation computation;
  private final List<Tensor> inputs;
  private final int rows;
  private final RowFaults faults;
  private final Function<String, TensorMetadata> outputMetadata;
  private final List<String> outputs;
  private final CachedPredictions.Receiver receiver;

  /** Each row of each input, once it is needed. */
  private List<List<Tensor>> inputRows = List.of();

  /** Parts that are still to be computed: rows, ascending. */
  private final Deque<List<Integer>> parts = new ArrayDeque<>();

  /** By row: its outputs. */
  private final List<List<Tensor>> answers = new ArrayList<>();

  /** Counts steps that are due: the one who raises it from 0 takes them all. */
  private final AtomicInteger due = new AtomicInteger();

  private boolean hit = true;
  private long lookupNanos;
  private long batchRows;
  private Timings timings = new Timings(0, 0, 0);
  private boolean over;

  /** Faults that took calls of the engine to find. */
  private int found;

  /**
   * Prepares a request.
   *
   * @param inputs checked inputs, all with this number of rows
   * @param faults those known already; gets those that are found
   * @param outputs names of the wanted outputs, in order
   * @param outputMetadata describes an output by its name
   * @param receiver is told the outcome
   */
  RowByRow(
      Computation computation,
      List<Tensor> inputs,
      int rows,
      RowFaults faults,
      List<String> outputs,
      Function<String, TensorMetadata> outputMetadata,
      CachedPredictions.Receiver receiver) {
    this.computation = computation;
    this.inputs = inputs;
    this.rows = rows;
    this.faults = faults;
    this.outputs = outputs;
    this.outputMetadata = outputMetadata;
    this.receiver = receiver;
  }

  /** Begins. */
  void run() {
    List<Integer> good = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      answers.add(List.of());
      if (!faults.has(row)) {
        good.add(row);
      }
    }
    if (!good.isEmpty()) {
      parts.push(good);
    }
    proceed();
  }

  /** Takes steps without nesting: a part may be answered before its computation returns. */
  private void proceed() {
    if (due.getAndIncrement() != 0) {
      return;
    }
    do {
      step();
    } while (due.decrementAndGet() != 0);
  }

  private void step() {
    if (over) {
      return;
    }
    List<Integer> part = parts.poll();
    if (part == null) {
      finish();
      return;
    }
    try {
      computation.compute(part.size() == rows ? inputs : select(part), new Part(part));
    } catch (RuntimeException | Error e) {
      fail(e instanceof RuntimeException known ? known : new IllegalStateException(e));
    }
  }

  private List<Tensor> select(List<Integer> part) {
    if (inputRows.isEmpty()) {
      inputRows = Rows.split(inputs, rows);
    }
    return Rows.select(inputRows, part);
  }

  private void fail(RuntimeException failure) {
    over = true;
    receiver.failed(failure);
  }

  /** Takes the outcome of some rows. */
  private final class Part implements CachedPredictions.Receiver {
    private final List<Integer> part;

    Part(List<Integer> part) {
      this.part = part;
    }

    @Override
    public void answered(Answer answer, CachedPredictions.Lookup lookup) {
      hit &= lookup.hit();
      lookupNanos += lookup.nanos();
      batchRows = Math.max(batchRows, answer.batchRows());
      timings =
          new Timings(
              timings.assembly() + answer.timings().assembly(),
              timings.queue() + answer.timings().queue(),
              timings.compute() + answer.timings().compute());
      if (!Rows.areIn(answer.outputs(), part.size())) {
        if (part.size() == rows) {
          // No row was left out: what the model gives for the whole is the answer.
          over = true;
          receiver.answered(answer, lookup);
          return;
        }
        fail(new IllegalStateException("the answer has not a row for every row"));
        return;
      }
      List<List<Tensor>> split = Rows.split(answer.outputs(), part.size());
      for (int i = 0; i < part.size(); i++) {
        int index = i;
        answers.set(part.get(i), split.stream().map(output -> output.get(index)).toList());
      }
      proceed();
    }

    @Override
    public void failed(RuntimeException failure) {
      if (!isOfRows(failure) || found >= MOST_FAULTS) {
        fail(failure);
        return;
      }
      hit = false;
      if (part.size() == 1) {
        faults.add(part.get(0), "", failure);
        found++;
      } else {
        parts.push(part.subList(part.size() / 2, part.size()));
        parts.push(part.subList(0, part.size() / 2));
      }
      proceed();
    }
  }

  private static boolean isOfRows(Throwable failure) {
    return failure instanceof InvalidRequestException
        || failure instanceof PredictionFailedException
        || (failure instanceof StepFailedException && isOfRows(failure.getCause()));
  }

  private void finish() {
    over = true;
    try {
      List<Tensor> joined = new ArrayList<>(outputs.size());
      for (int i = 0; i < outputs.size(); i++) {
        int output = i;
        Tensor zero =
            answers.stream()
                .filter(row -> !row.isEmpty())
                .findFirst()
                .map(row -> Rows.zeroLike(row.get(output)))
                .orElseGet(() -> Rows.zero(outputMetadata.apply(outputs.get(output))));
        joined.add(
            Rows.join(
                answers.stream().map(row -> row.isEmpty() ? zero : row.get(output)).toList()));
      }
      receiver.answered(
          new Answer(joined, batchRows, timings),
          new CachedPredictions.Lookup(hit && faults.size() < rows, lookupNanos));
    } catch (RuntimeException | Error e) {
      receiver.failed(e instanceof RuntimeException known ? known : new IllegalStateException(e));
    }
  }
}
