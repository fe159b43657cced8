package dev.slipway.engine.predictor;

import dev.slipway.engine.error.Listing;
import dev.slipway.engine.error.UnexpectedOutputException;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;
import java.util.Map;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * Holds what an engine answered against what its model declares: an answer is decoded, split and
 * kept by the declaration. Immutable; a check that passes allocates nothing.
 */
public final class OutputChecks {
  private final List<String> all;
  private final Map<String, TensorMetadata> declared;

  /**
   * Creates the checks of a predictor's outputs. Where requests have rows, any number of them
   * passes in an answer: a graph that was exported with one row may well compute more.
   */
  public OutputChecks(Predictor predictor) {
    boolean rows = predictor.inputChecks().batched();
    this.all = predictor.outputs().stream().map(TensorMetadata::name).toList();
    this.declared =
        predictor.outputs().stream()
            .map(output -> rows ? withAnyRows(output) : output)
            .collect(Collectors.toMap(TensorMetadata::name, Function.identity()));
  }

  private static TensorMetadata withAnyRows(TensorMetadata output) {
    return output.shape().rank() == 0
        ? output
        : new TensorMetadata(output.name(), output.datatype(), output.shape().withRows(Shape.ANY));
  }

  /**
   * Checks one answer. Where the declaration is a scalar's, any shape passes: an engine that cannot
   * tell the shape declares that.
   *
   * @param wanted the declared names that were asked for, in order; empty for all
   * @throws UnexpectedOutputException if the answer has other outputs than these in this order, or
   *     one has another datatype or a shape that does not fit
   */
  public void check(List<Tensor> answer, List<String> wanted) {
    List<String> expected = wanted.isEmpty() ? all : wanted;
    for (int i = 0; i < expected.size(); i++) {
      String name = expected.get(i);
      if (i >= answer.size() || !answer.get(i).name().equals(name)) {
        throw unexpected(name, answer);
      }
      check(answer.get(i), declared.get(name));
    }
    if (answer.size() > expected.size()) {
      Tensor extra = answer.get(expected.size());
      throw new UnexpectedOutputException(
          Listing.shortened(extra.name()), "left out", Listing.shortened(extra));
    }
  }

  private UnexpectedOutputException unexpected(String name, List<Tensor> answer) {
    TensorMetadata output = declared.get(name);
    return new UnexpectedOutputException(
        name,
        output.datatype() + " " + output.shape() + " in its place",
        answer.isEmpty() ? "nothing" : Listing.of(answer));
  }

  private static void check(Tensor found, TensorMetadata output) {
    boolean fits =
        found.datatype() == output.datatype()
            && (output.shape().rank() == 0 || output.shape().accepts(found.shape()));
    if (!fits) {
      throw new UnexpectedOutputException(
          output.name(),
          output.datatype() + " " + output.shape(),
          found.datatype() + " " + found.shape());
    }
  }
}
