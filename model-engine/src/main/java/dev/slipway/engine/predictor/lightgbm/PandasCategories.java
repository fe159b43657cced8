package dev.slipway.engine.predictor.lightgbm;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The categories of a data frame that a model was trained on. LightGBM computes with their
 * positions in the list; a value that is not in it is missing. Immutable.
 */
final class PandasCategories {

  /** By position of the feature; of each, the code by value. */
  private final Map<Integer, Map<String, Integer>> texts;

  private final Map<Integer, Map<Double, Integer>> numbers;

  private PandasCategories(
      Map<Integer, Map<String, Integer>> texts, Map<Integer, Map<Double, Integer>> numbers) {
    this.texts = texts;
    this.numbers = numbers;
  }

  /** Returns the categories of a model that has none. */
  static PandasCategories none() {
    return new PandasCategories(Map.of(), Map.of());
  }

  /**
   * Reads the categories of a model.
   *
   * @param name the file's, for messages
   */
  static PandasCategories of(LightgbmModelFile model, String name) {
    JsonNode lists = parse(model.pandasCategories().orElse("null"), name);
    if (lists.isNull() || lists.isEmpty()) {
      return none();
    }
    if (lists.size() != model.categorical().size()) {
      throw new UnsupportedModelException(
          name
              + " was trained on a data frame with "
              + lists.size()
              + " categorical columns, of which "
              + model.categorical().size()
              + " are categorical features: which ones cannot be told (ordered categories are not"
              + " features by themselves; name them in categorical_feature)");
    }
    Map<Integer, Map<String, Integer>> texts = new TreeMap<>();
    Map<Integer, Map<Double, Integer>> numbers = new TreeMap<>();
    for (int i = 0; i < lists.size(); i++) {
      int feature = model.categorical().get(i);
      for (JsonNode category : lists.get(i)) {
        if (category.isTextual()) {
          Map<String, Integer> codes = texts.computeIfAbsent(feature, key -> new HashMap<>());
          codes.put(category.textValue(), codes.size());
        } else if (category.isNumber() || category.isBoolean()) {
          Map<Double, Integer> codes = numbers.computeIfAbsent(feature, key -> new HashMap<>());
          codes.put(category.asDouble(), codes.size());
        } else {
          throw new ModelPackageException(name + ": pandas_categorical has " + category);
        }
      }
      if (texts.containsKey(feature) && numbers.containsKey(feature)) {
        throw new UnsupportedModelException(
            name + " has both text and numbers as categories of one column");
      }
    }
    return new PandasCategories(texts, numbers);
  }

  private static JsonNode parse(String json, String name) {
    try {
      JsonNode lists = new ObjectMapper().readTree(json);
      if (lists.isNull() || lists.isArray()) {
        return lists;
      }
      throw new ModelPackageException(name + ": pandas_categorical is not a list");
    } catch (JsonProcessingException e) {
      throw new ModelPackageException(name + ": pandas_categorical is not JSON", e);
    }
  }

  /** Returns the positions of the features whose categories are text. */
  Set<Integer> textual() {
    return new TreeSet<>(texts.keySet());
  }

  /** Returns the inputs with codes in FP64 in place of text; columns are found by name. */
  CheckedInputs encodeTexts(CheckedInputs inputs, List<String> modelColumns) {
    if (texts.isEmpty()) {
      return inputs;
    }
    List<Tensor> tensors = new ArrayList<>(inputs.tensors().size());
    for (Tensor tensor : inputs.tensors()) {
      tensors.add(
          tensor.datatype() == DataType.BYTES
              ? encode(tensor, texts.get(modelColumns.indexOf(tensor.name())))
              : tensor);
    }
    return new CheckedInputs(tensors, inputs.rows());
  }

  private static Tensor encode(Tensor tensor, Map<String, Integer> codes) {
    String[] values = tensor.toStrings();
    double[] encoded = new double[values.length];
    for (int i = 0; i < values.length; i++) {
      Integer code = codes.get(values[i]);
      encoded[i] = code == null ? Double.NaN : code;
    }
    return Tensor.ofDoubles(tensor.name(), tensor.shape(), encoded);
  }

  /** Puts codes in place of numbers, in a row-major matrix of so many features. */
  void encodeNumbers(double[] values, int features) {
    numbers.forEach(
        (feature, codes) -> {
          for (int i = feature; i < values.length; i += features) {
            Integer code = codes.get(values[i]);
            values[i] = code == null ? Double.NaN : code;
          }
        });
  }
}
