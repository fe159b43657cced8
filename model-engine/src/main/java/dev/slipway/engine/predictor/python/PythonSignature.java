package dev.slipway.engine.predictor.python;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.List;
import java.util.Optional;

/**
 * What a Python model takes and gives: its package's word, since a worker cannot be asked. Columns
 * of nested types travel as JSON text.
 *
 * @param inputs what the package declares that it takes
 * @param inputChecks the same as the check of requests
 * @param outputs what it gives, in order
 * @param declaredOutputs the same as the package declares it
 * @param hasParams whether it takes parameters
 */
record PythonSignature(
    Schema inputs,
    SignatureChecks inputChecks,
    Schema declaredOutputs,
    List<TensorMetadata> outputs,
    boolean hasParams) {

  /** What a single input without a name is called. */
  private static final String INPUT = "input";

  /** What a single output without a name is called. */
  private static final String OUTPUT = "predictions";

  /**
   * Reads a package's signature.
   *
   * @throws UnsupportedModelException if it does not declare both sides, or has a tensor of complex
   *     numbers
   */
  static PythonSignature of(Optional<ModelSignature> signature) {
    Schema inputs =
        signature.flatMap(ModelSignature::inputs).orElseThrow(() -> undeclared("takes"));
    Schema outputs =
        signature.flatMap(ModelSignature::outputs).orElseThrow(() -> undeclared("gives"));
    return new PythonSignature(
        inputs,
        SignatureChecks.ofSchema(tensorForm(inputs), INPUT),
        outputs,
        outputs(outputs),
        !signature.get().params().isEmpty());
  }

  private static UnsupportedModelException undeclared(String verb) {
    return new UnsupportedModelException(
        "the package does not declare what the model "
            + verb
            + ", which nobody but Python could tell: log it with signature=infer_signature(inputs,"
            + " outputs)");
  }

  private static List<TensorMetadata> outputs(Schema declared) {
    List<TensorMetadata> outputs = SignatureChecks.ofSchema(tensorForm(declared), OUTPUT).tensors();
    boolean unnamedOne =
        outputs.size() == 1
            && declared instanceof ColumnSchema columns
            && columns.columns().get(0).name().isEmpty();
    TensorMetadata first = outputs.get(0);
    return unnamedOne
        ? List.of(new TensorMetadata(OUTPUT, first.datatype(), first.shape()))
        : outputs;
  }

  /** Returns the schema with nested columns as text, in which they travel as JSON. */
  private static Schema tensorForm(Schema schema) {
    if (!(schema instanceof ColumnSchema table)) {
      return schema;
    }
    return new ColumnSchema(
        table.columns().stream()
            .map(
                column ->
                    column.type() instanceof ScalarType
                        ? column
                        : new ColumnSpec(column.name(), ScalarType.STRING, column.required()))
            .toList());
  }

  /** Tells whether checked inputs are one matrix that stands for all columns. */
  boolean isMatrix(CheckedInputs checked) {
    Tensor first = checked.tensors().get(0);
    return inputs instanceof ColumnSchema columns
        && inputChecks.acceptsMatrix()
        && checked.tensors().size() == 1
        && first.shape().rank() == 2
        && first.shape().dimension(1) == columns.columns().size();
  }

  /** Returns the inputs as {@code worker.py} reads them. */
  ObjectNode inputsJson() {
    return json(inputs, inputChecks.tensors());
  }

  /** Returns the outputs as {@code worker.py} reads them. */
  ObjectNode outputsJson() {
    return json(declaredOutputs, outputs);
  }

  private static ObjectNode json(Schema schema, List<TensorMetadata> tensors) {
    ObjectNode json = Frame.JSON.createObjectNode();
    boolean columns = schema instanceof ColumnSchema;
    json.put("kind", columns ? "columns" : "tensors");
    json.put("named", isNamed(schema));
    ArrayNode specs = json.putArray("specs");
    for (int i = 0; i < tensors.size(); i++) {
      TensorMetadata tensor = tensors.get(i);
      ObjectNode spec = specs.addObject();
      spec.put("name", tensor.name());
      spec.put("datatype", tensor.datatype().name());
      spec.put("type", type(schema, i));
      ArrayNode shape = spec.putArray("shape");
      tensor.shape().toList().forEach(shape::add);
    }
    return json;
  }

  private static boolean isNamed(Schema schema) {
    return schema instanceof ColumnSchema columns
        ? columns.columns().get(0).name().isPresent()
        : ((TensorSchema) schema).tensors().get(0).name().isPresent();
  }

  /** Returns MLflow's name of a column's type, json for a nested one; NumPy's of a tensor's. */
  private static String type(Schema schema, int index) {
    if (schema instanceof TensorSchema tensors) {
      return tensors.tensors().get(index).dtype();
    }
    ColumnSpec column = ((ColumnSchema) schema).columns().get(index);
    return column.type() instanceof ScalarType scalar ? scalar.mlflowName() : "json";
  }
}
