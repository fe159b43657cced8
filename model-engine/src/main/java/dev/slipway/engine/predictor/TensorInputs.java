package dev.slipway.engine.predictor;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.stream.Collectors;

/**
 * How the inputs that a package declares become the tensors of a model that knows its own, such as
 * an ONNX graph or a SavedModel. Decided once, at load, where a contradiction is the package's
 * fault and not a caller's.
 *
 * <p>Immutable; any thread may call it.
 */
public final class TensorInputs {

  private final SignatureChecks checks;
  private final Function<CheckedInputs, List<Tensor>> binding;

  private TensorInputs(SignatureChecks checks, Function<CheckedInputs, List<Tensor>> binding) {
    this.checks = checks;
    this.binding = binding;
  }

  /** Returns the check of a request. */
  public SignatureChecks checks() {
    return checks;
  }

  /** Returns the tensors for the model, named as its inputs. */
  public List<Tensor> bind(CheckedInputs inputs) {
    return binding.apply(inputs);
  }

  /**
   * Returns the inputs of a model.
   *
   * @param declared what the signature says of them
   * @param session what the model says of them; the shape of a scalar stands for an unknown one,
   *     which is left to the engine to check
   * @throws ModelPackageException if the signature contradicts the model
   * @throws UnsupportedModelException if the signature declares columns that the model takes in a
   *     form that they cannot be given
   */
  public static TensorInputs of(Optional<Schema> declared, List<TensorMetadata> session) {
    if (declared.isEmpty()) {
      Set<String> anyShape =
          session.stream()
              .filter(input -> input.shape().rank() == 0)
              .map(TensorMetadata::name)
              .collect(Collectors.toSet());
      return new TensorInputs(SignatureChecks.ofTensors(session, anyShape), CheckedInputs::tensors);
    }
    return declared.get() instanceof TensorSchema tensors
        ? ofTensors(tensors, session)
        : ofColumns((ColumnSchema) declared.get(), session);
  }

  private static TensorInputs ofTensors(TensorSchema schema, List<TensorMetadata> session) {
    boolean unnamed = schema.tensors().get(0).name().isEmpty();
    if (unnamed && session.size() != 1) {
      throw new ModelPackageException(
          "signature.inputs declares one tensor without a name, but the model takes "
              + names(session));
    }
    Map<String, TensorMetadata> byName =
        session.stream().collect(Collectors.toMap(TensorMetadata::name, Function.identity()));
    List<TensorMetadata> merged = new ArrayList<>();
    for (TensorSpec spec : schema.tensors()) {
      TensorMetadata input = unnamed ? session.get(0) : byName.remove(spec.name().orElseThrow());
      if (input == null) {
        throw new ModelPackageException(
            "signature.inputs declares the tensor \""
                + spec.name().orElseThrow()
                + "\", but the model takes "
                + names(session));
      }
      merged.add(merge(spec, input));
    }
    if (!unnamed && !byName.isEmpty()) {
      throw new ModelPackageException(
          "signature.inputs lacks the model's inputs " + byName.keySet());
    }
    return new TensorInputs(
        unnamed
            ? SignatureChecks.ofUnnamedTensor(merged.get(0))
            : SignatureChecks.ofTensors(merged),
        CheckedInputs::tensors);
  }

  private static TensorMetadata merge(TensorSpec spec, TensorMetadata input) {
    if (!spec.datatype().equals(Optional.of(input.datatype()))) {
      throw new ModelPackageException(
          "signature.inputs declares \""
              + input.name()
              + "\" as "
              + spec.dtype()
              + ", but the model takes "
              + input.datatype().numpyName());
    }
    return new TensorMetadata(
        input.name(), input.datatype(), mergeShapes("signature.inputs", input, spec.shape()));
  }

  /** Returns the stricter of both at each dimension. */
  static Shape mergeShapes(String where, TensorMetadata node, Shape declared) {
    Shape known = node.shape();
    if (known.rank() == 0) {
      return declared;
    }
    boolean compatible = known.rank() == declared.rank();
    long[] merged = declared.toArray();
    for (int i = 0; compatible && i < merged.length; i++) {
      if (merged[i] == Shape.ANY) {
        merged[i] = known.dimension(i);
      } else if (known.dimension(i) != Shape.ANY && known.dimension(i) != merged[i]) {
        compatible = false;
      }
    }
    if (!compatible) {
      throw new ModelPackageException(
          where
              + " declares \""
              + node.name()
              + "\" with the shape "
              + declared
              + ", but the model has "
              + known);
    }
    return Shape.of(merged);
  }

  private static TensorInputs ofColumns(ColumnSchema schema, List<TensorMetadata> session) {
    SignatureChecks checks = SignatureChecks.ofSchema(schema, "input");
    List<String> columns = checks.tensors().stream().map(TensorMetadata::name).toList();
    List<String> inputs = session.stream().map(TensorMetadata::name).sorted().toList();
    if (inputs.equals(columns.stream().sorted().toList())) {
      return ofNamedColumns(checks, schema, session);
    }
    boolean oneMatrix =
        session.size() == 1
            && session.get(0).shape().rank() == 2
            && (session.get(0).shape().dimension(1) == columns.size()
                || session.get(0).shape().dimension(1) == Shape.ANY);
    if (!oneMatrix) {
      throw new ModelPackageException(
          "signature.inputs declares the columns "
              + columns
              + ", but the model takes "
              + names(session)
              + ": neither the same names nor one matrix of that many columns");
    }
    return ofMatrix(checks, columns, session.get(0));
  }

  private static TensorInputs ofMatrix(
      SignatureChecks checks, List<String> columns, TensorMetadata matrix) {
    if (!checks.acceptsMatrix()) {
      throw new ModelPackageException(
          "signature.inputs declares columns that are not numbers, but the model takes one matrix");
    }
    return switch (matrix.datatype()) {
      case FP32 ->
          new TensorInputs(
              checks,
              inputs ->
                  List.of(
                      Tensor.ofFloats(
                          matrix.name(),
                          Shape.of(inputs.rows().orElseThrow(), columns.size()),
                          FeatureMatrix.toFloats(inputs, columns, columns))));
      case FP64 ->
          new TensorInputs(
              checks,
              inputs -> List.of(FeatureMatrix.toDoubleTensor(matrix.name(), inputs, columns)));
      default ->
          throw new UnsupportedModelException(
              "the model takes a matrix of "
                  + matrix.datatype()
                  + "; columns are joined to FP32 or FP64 only");
    };
  }

  private static TensorInputs ofNamedColumns(
      SignatureChecks columnChecks, ColumnSchema schema, List<TensorMetadata> session) {
    Map<String, TensorMetadata> byName =
        session.stream().collect(Collectors.toMap(TensorMetadata::name, Function.identity()));
    for (TensorMetadata column : columnChecks.tensors()) {
      TensorMetadata input = byName.get(column.name());
      boolean number = column.datatype().isFloat() || column.datatype().isInteger();
      boolean converts =
          number && (input.datatype() == DataType.FP32 || input.datatype() == DataType.FP64);
      if (column.datatype() != input.datatype() && !converts) {
        throw new ModelPackageException(
            "signature.inputs declares the column \""
                + column.name()
                + "\" as "
                + column.datatype()
                + ", but the model takes "
                + input.datatype());
      }
    }
    // A tensor of its own per input: the model has no way to be given a missing column or a matrix.
    List<ColumnSpec> required =
        schema.columns().stream()
            .map(column -> new ColumnSpec(column.name(), column.type(), true))
            .toList();
    SignatureChecks checks = SignatureChecks.ofSeparateColumns(new ColumnSchema(required));
    return new TensorInputs(
        checks,
        inputs ->
            inputs.tensors().stream()
                .map(tensor -> column(tensor, byName.get(tensor.name())))
                .toList());
  }

  private static Tensor column(Tensor tensor, TensorMetadata input) {
    long rows = tensor.shape().dimension(0);
    Tensor shaped =
        tensor.withShape(input.shape().rank() == 1 ? Shape.of(rows) : Shape.of(rows, 1));
    return tensor.datatype() == input.datatype()
        ? shaped
        : FeatureMatrix.convert(shaped, input.datatype());
  }

  private static String names(List<TensorMetadata> session) {
    return session.stream()
        .map(input -> "\"" + input.name() + "\" " + input.datatype() + " " + input.shape())
        .collect(Collectors.joining(", "));
  }
}
