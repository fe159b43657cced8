package dev.slipway.engine.predictor.pmml;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.predictor.NumericOutputs;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeSet;
import org.pmml4s.metadata.OutputField;
import org.pmml4s.model.Model;

/**
 * The form of a PMML model's answer: the values of its output fields, of which PMML4S adds the
 * predicted value and the probabilities where the document has none.
 *
 * <p>Without a signature each field is a tensor {@code [batch]} of its name: FP64, INT64, BOOL, or
 * BYTES for everything else. A signature names those wanted; a single one of another name is the
 * predicted value. It may ask for text of any field, and for floating point of any number.
 *
 * @param metadata what the model answers, in order
 * @param fields of each, the position of its field
 */
record PmmlOutputs(List<TensorMetadata> metadata, List<Integer> fields) {

  private static final String PREDICTED_VALUE = "predictedValue";

  /**
   * Returns the form of a model's answer.
   *
   * @throws ModelPackageException if the signature contradicts the model
   */
  static PmmlOutputs of(Model model, Optional<Schema> declared) {
    Map<String, Integer> positions = new HashMap<>();
    List<TensorMetadata> natural = new ArrayList<>();
    int predicted = 0;
    for (OutputField field : model.outputFields()) {
      if (field.feature().toString().equals(PREDICTED_VALUE) && field.segmentId().isEmpty()) {
        predicted = natural.size();
      }
      positions.put(field.name(), natural.size());
      natural.add(new TensorMetadata(field.name(), datatype(field), Shape.of(Shape.ANY)));
    }
    if (declared.isEmpty()) {
      return new PmmlOutputs(natural, List.copyOf(new TreeSet<>(positions.values())));
    }
    List<TensorMetadata> wanted =
        SignatureChecks.ofSchema(declared.get(), NumericOutputs.DEFAULT_NAME).tensors();
    List<Integer> fields = new ArrayList<>();
    for (TensorMetadata output : wanted) {
      Integer field = positions.get(output.name());
      if (field == null && wanted.size() == 1) {
        field = predicted;
      }
      if (field == null || !fits(output, natural.get(field).datatype())) {
        throw new ModelPackageException(
            "signature.outputs declares " + wanted + ", but the model answers " + natural);
      }
      fields.add(field);
    }
    return new PmmlOutputs(wanted, fields);
  }

  private static DataType datatype(OutputField field) {
    return switch (field.dataType().toString().toLowerCase(Locale.ROOT)) {
      case "double", "float", "real" -> DataType.FP64;
      case "integer" -> DataType.INT64;
      case "boolean" -> DataType.BOOL;
      default -> DataType.BYTES;
    };
  }

  private static boolean fits(TensorMetadata output, DataType natural) {
    Shape shape = output.shape();
    boolean vector = shape.rank() == 1 || (shape.rank() == 2 && shape.dimension(1) == 1);
    DataType wanted = output.datatype();
    boolean number = natural == DataType.FP64 || natural == DataType.INT64;
    boolean type =
        wanted == DataType.BYTES
            || wanted == natural
            || (number && (wanted == DataType.FP32 || wanted == DataType.FP64))
            || (natural == DataType.INT64 && wanted == DataType.INT32);
    return vector && type;
  }

  /**
   * Returns the wanted tensors of the model's rows.
   *
   * @throws InvalidInputException if a row has no answer, for its values are missing or invalid,
   *     and the datatype has no word for that
   */
  List<Tensor> tensors(List<List<Object>> rows, List<String> wanted) {
    List<Tensor> tensors = new ArrayList<>(wanted.size());
    for (String name : wanted) {
      int index = 0;
      while (!metadata.get(index).name().equals(name)) {
        index++;
      }
      Object[] values = new Object[rows.size()];
      for (int row = 0; row < values.length; row++) {
        values[row] = rows.get(row).get(fields.get(index));
      }
      tensors.add(tensor(metadata.get(index), values));
    }
    return tensors;
  }

  private static Tensor tensor(TensorMetadata output, Object[] values) {
    String name = output.name();
    Shape shape = output.shape().rank() == 1 ? Shape.of(values.length) : Shape.of(values.length, 1);
    switch (output.datatype()) {
      case BYTES -> {
        String[] texts = new String[values.length];
        Arrays.setAll(texts, row -> required(values[row], row).toString());
        return Tensor.ofStrings(name, shape, texts);
      }
      case BOOL -> {
        boolean[] flags = new boolean[values.length];
        for (int row = 0; row < flags.length; row++) {
          flags[row] = (Boolean) required(values[row], row);
        }
        return Tensor.ofBooleans(name, shape, flags);
      }
      case INT32 -> {
        int[] numbers = new int[values.length];
        Arrays.setAll(numbers, row -> ((Number) required(values[row], row)).intValue());
        return Tensor.ofInts(name, shape, numbers);
      }
      case INT64 -> {
        long[] numbers = new long[values.length];
        Arrays.setAll(numbers, row -> ((Number) required(values[row], row)).longValue());
        return Tensor.ofLongs(name, shape, numbers);
      }
      default -> {
        double[] numbers = new double[values.length];
        Arrays.setAll(numbers, row -> number(values[row]));
        if (output.datatype() == DataType.FP64) {
          return Tensor.ofDoubles(name, shape, numbers);
        }
        float[] floats = new float[values.length];
        for (int row = 0; row < floats.length; row++) {
          floats[row] = (float) numbers[row];
        }
        return Tensor.ofFloats(name, shape, floats);
      }
    }
  }

  /** PMML4S has the smallest long for a whole number that is missing. */
  private static boolean isMissing(Object value) {
    return value == null || value.equals(Long.MIN_VALUE);
  }

  private static double number(Object value) {
    return isMissing(value) ? Double.NaN : ((Number) value).doubleValue();
  }

  private static Object required(Object value, int row) {
    if (isMissing(value)) {
      throw InvalidInputException.of(
          "inputs",
          "row " + row + " has values missing or invalid, without which there is no answer");
    }
    return value;
  }
}
