package dev.slipway.serving.execution;

import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.tensor.BatchAxis;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.time.Duration;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Runs a version that was just opened on a few batch sizes, so that it is warm and its cost is
 * known before the first request. The inputs are those of the first golden request, else zeros and
 * empty texts of the shapes that the model takes; what it answers, or that it refuses them, does
 * not matter.
 */
public final class WarmUpCalls {
  private static final Logger log = LoggerFactory.getLogger(WarmUpCalls.class);

  private static final List<Integer> BATCH_ROWS = List.of(1, 8, 64);
  private static final int CALLS_PER_SIZE = 5;
  private static final int LARGEST_INPUT_BYTES = 4 << 20;

  /** No call begins later; the one that runs then is finished. */
  private static final long BUDGET_NANOS = Duration.ofMillis(200).toNanos();

  private WarmUpCalls() {}

  /** Runs the calls and tells the figures how long they took. Throws nothing but errors. */
  public static void run(Predictor predictor, List<GoldenCase> golden, ModelStatistics statistics) {
    if (predictor.waits() && golden.isEmpty()) {
      return;
    }
    long end = System.nanoTime() + BUDGET_NANOS;
    try {
      Map<String, Object> parameters = golden.isEmpty() ? Map.of() : golden.get(0).parameters();
      List<Tensor> row = row(predictor, golden);
      for (int rows : predictor.batched() ? BATCH_ROWS : List.of(1)) {
        if (sizeBytes(row) * rows > LARGEST_INPUT_BYTES) {
          return;
        }
        List<Tensor> inputs = row.stream().map(tensor -> repeat(tensor, rows)).toList();
        PredictRequest request = new PredictRequest(inputs, parameters, List.of());
        for (int i = 0; i < CALLS_PER_SIZE; i++) {
          long started = System.nanoTime();
          if (started - end >= 0) {
            return;
          }
          predictor.predict(request);
          if (i > 0) {
            // The first one of a size also pays for memory that the engine keeps.
            statistics.observeCall(rows, System.nanoTime() - started);
          }
        }
      }
    } catch (RuntimeException e) {
      log.debug("a model does not take the inputs that it was warmed up with", e);
    }
  }

  private static List<Tensor> row(Predictor predictor, List<GoldenCase> golden) {
    if (golden.isEmpty()) {
      return predictor.inputs().stream().map(WarmUpCalls::zeros).toList();
    }
    List<Tensor> inputs = predictor.inputChecks().check(golden.get(0).inputs()).tensors();
    return predictor.batched() ? inputs.stream().map(WarmUpCalls::firstRow).toList() : inputs;
  }

  private static Tensor zeros(TensorMetadata input) {
    long[] sizes = input.shape().toArray();
    for (int i = 0; i < sizes.length; i++) {
      sizes[i] = sizes[i] == Shape.ANY ? 1 : sizes[i];
    }
    Shape shape = Shape.of(sizes);
    // An empty text is its length alone.
    int elementBytes =
        input.datatype() == DataType.BYTES ? Integer.BYTES : input.datatype().elementSizeBytes();
    int bytes = Math.toIntExact(Math.multiplyExact(shape.elementCount(), (long) elementBytes));
    return Tensor.of(input.name(), input.datatype(), shape, ByteBuffer.allocate(bytes));
  }

  private static Tensor firstRow(Tensor tensor) {
    int rows = Math.toIntExact(tensor.shape().dimension(0));
    return BatchAxis.split(tensor, List.of(1, rows - 1)).get(0);
  }

  private static Tensor repeat(Tensor tensor, int rows) {
    if (rows == 1) {
      return tensor;
    }
    List<Tensor> parts = Collections.nCopies(rows, tensor);
    ByteBuffer target =
        ByteBuffer.allocateDirect(BatchAxis.concatSizeBytes(parts)).order(ByteOrder.LITTLE_ENDIAN);
    return BatchAxis.concat(parts, target);
  }

  private static long sizeBytes(List<Tensor> tensors) {
    return tensors.stream().mapToLong(Tensor::sizeBytes).sum();
  }
}
