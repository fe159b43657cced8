package dev.slipway.serving.execution;

import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;
import java.util.function.Function;
import java.util.function.UnaryOperator;

/** A model of one FP32 input {@code x} and one output {@code y}, made by a function. */
final class SinglePredictor implements Predictor {
  private final boolean batched;
  private final Function<Tensor, List<Tensor>> function;

  /** The deadline of the last call. */
  volatile long deadlineNanos;

  SinglePredictor(boolean batched, UnaryOperator<Tensor> function) {
    this(function.andThen(output -> List.of(output.withName("y"))), batched);
  }

  private SinglePredictor(Function<Tensor, List<Tensor>> function, boolean batched) {
    this.batched = batched;
    this.function = function;
  }

  /** Returns a batched model whose answers need not be as it declares. */
  static SinglePredictor answering(Function<Tensor, List<Tensor>> function) {
    return new SinglePredictor(function, true);
  }

  @Override
  public String platform() {
    return "test_function";
  }

  @Override
  public SignatureChecks inputChecks() {
    return SignatureChecks.ofTensors(
        List.of(new TensorMetadata("x", DataType.FP32, Shape.of(Shape.ANY))));
  }

  @Override
  public List<TensorMetadata> outputs() {
    return List.of(new TensorMetadata("y", DataType.FP32, Shape.of(Shape.ANY)));
  }

  @Override
  public boolean batched() {
    return batched;
  }

  @Override
  public Predictions predict(PredictRequest request) {
    deadlineNanos = request.deadlineNanos();
    return new Predictions(function.apply(request.inputs().get(0)));
  }

  @Override
  public void close() {}
}
