package dev.slipway.engine.predictor;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** What a model that knows its own outputs answers. */
public final class TensorOutputs {

  private TensorOutputs() {}

  /**
   * Returns the outputs: the model's names and types, with the signature's sizes where the model
   * leaves them open.
   *
   * @param declared what the signature says of them; columns say nothing of tensors
   * @param known what the model says of them; the shape of a scalar stands for an unknown one
   * @throws ModelPackageException if shapes of the two contradict each other
   */
  public static List<TensorMetadata> of(Optional<Schema> declared, List<TensorMetadata> known) {
    if (!(declared.orElse(null) instanceof TensorSchema tensors)) {
      return known;
    }
    List<TensorMetadata> refined = new ArrayList<>();
    for (TensorMetadata output : known) {
      Optional<TensorSpec> spec =
          tensors.tensors().stream()
              .filter(tensor -> tensor.name().map(output.name()::equals).orElse(known.size() == 1))
              .findFirst();
      Shape shape =
          spec.map(found -> TensorInputs.mergeShapes("signature.outputs", output, found.shape()))
              .orElse(output.shape());
      refined.add(new TensorMetadata(output.name(), output.datatype(), shape));
    }
    return List.copyOf(refined);
  }
}
