package dev.slipway.engine.predictor.pytorch;

import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.predictor.FeatureMatrix;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;
import java.util.Optional;

/**
 * What a TorchScript model takes and gives: its package's word, since the program names neither
 * types nor shapes. Tensors are the arguments of {@code forward} in the order of the signature;
 * columns are one FP32 matrix, as MLflow makes of a data frame.
 *
 * @param checks the check of a request
 * @param columns the columns that are joined to a matrix, in order; empty where tensors are
 *     declared
 * @param outputs what the model gives, in order
 */
record TorchSignature(SignatureChecks checks, List<String> columns, List<TensorMetadata> outputs) {

  private static final String INPUT = "input";
  private static final String OUTPUT = "predictions";

  TorchSignature {
    columns = List.copyOf(columns);
    outputs = List.copyOf(outputs);
  }

  /**
   * Reads a package's signature.
   *
   * @throws UnsupportedModelException if it does not declare both sides, declares columns where
   *     they are no matrix, or a type that libtorch does not know
   */
  static TorchSignature of(Optional<ModelSignature> signature) {
    Schema inputs =
        signature.flatMap(ModelSignature::inputs).orElseThrow(() -> undeclared("takes"));
    Schema outputs =
        signature.flatMap(ModelSignature::outputs).orElseThrow(() -> undeclared("gives"));
    SignatureChecks checks = SignatureChecks.ofSchema(inputs, INPUT);
    List<String> columns = List.of();
    if (inputs instanceof TensorSchema) {
      checks.tensors().forEach(input -> checkType("signature.inputs", input));
    } else if (checks.acceptsMatrix()) {
      columns = checks.tensors().stream().map(TensorMetadata::name).toList();
    } else {
      throw new UnsupportedModelException(
          "signature.inputs declares columns that are not numbers, of which no matrix can be made");
    }
    if (!(outputs instanceof TensorSchema)) {
      throw new UnsupportedModelException(
          "signature.outputs declares columns, but a PyTorch model answers tensors: declare what"
              + " the module itself returns, infer_signature(inputs, module(x).numpy())");
    }
    List<TensorMetadata> answers = SignatureChecks.ofSchema(outputs, OUTPUT).tensors();
    answers.forEach(answer -> checkType("signature.outputs", answer));
    return new TorchSignature(checks, columns, answers);
  }

  private static UnsupportedModelException undeclared(String verb) {
    return new UnsupportedModelException(
        "the package does not declare what the model "
            + verb
            + ", which TorchScript does not tell: log it with signature=infer_signature(inputs,"
            + " outputs)");
  }

  private static void checkType(String where, TensorMetadata tensor) {
    if (TorchTypes.find(tensor.datatype()).isEmpty()) {
      throw new UnsupportedModelException(
          where
              + " declares \""
              + tensor.name()
              + "\" as "
              + tensor.datatype()
              + ", which the engine for PyTorch does not carry");
    }
  }

  /** Returns the arguments of {@code forward}, in order. */
  List<Tensor> arguments(CheckedInputs inputs) {
    if (columns.isEmpty()) {
      return inputs.tensors();
    }
    Shape shape = Shape.of(inputs.rows().orElseThrow(), columns.size());
    return List.of(Tensor.ofFloats(INPUT, shape, FeatureMatrix.toFloats(inputs, columns, columns)));
  }
}
