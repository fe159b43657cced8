package dev.slipway.engine.predictor;

import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;
import java.util.function.ToIntFunction;

/** The form in which a model for tables answers, whether it gives classes or numbers. */
public interface TableAnswer {

  /** Returns what the model answers, in order. */
  List<TensorMetadata> metadata();

  /** Returns the wanted tensors, which {@link #metadata} knows, of an engine's rows. */
  List<Tensor> tensors(double[][] rows, List<String> wanted);

  /**
   * Returns the answer of a classifier.
   *
   * @param classOf tells the class of a row, from 0
   * @param first where in a row the probabilities of the classes begin
   */
  static TableAnswer ofClasses(ClassOutputs outputs, ToIntFunction<double[]> classOf, int first) {
    return new TableAnswer() {
      @Override
      public List<TensorMetadata> metadata() {
        return outputs.metadata();
      }

      @Override
      public List<Tensor> tensors(double[][] rows, List<String> wanted) {
        return outputs.tensors(
            rows.length,
            row -> classOf.applyAsInt(rows[row]),
            (row, column) -> rows[row][first + column],
            wanted);
      }
    };
  }

  /** Returns the answer of a model whose numbers begin each row. */
  static TableAnswer ofNumbers(NumericOutputs outputs) {
    return new TableAnswer() {
      @Override
      public List<TensorMetadata> metadata() {
        return outputs.metadata();
      }

      @Override
      public List<Tensor> tensors(double[][] rows, List<String> wanted) {
        return outputs.tensors(rows.length, (row, column) -> rows[row][column], wanted);
      }
    };
  }
}
