package dev.slipway.engine.predictor.catboost;

import ai.catboost.CatBoostModel;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * What a model's raw numbers mean, told by its loss function and by the class of the Python package
 * that trained it: {@code CatBoostClassifier} answers classes, {@code CatBoostRegressor} values in
 * the units of the target, every other class the raw numbers.
 *
 * @param link how raw numbers become those answered
 * @param labels of a classifier the classes' labels in order; else empty
 * @param threshold above which probability the second of two classes is answered
 */
record CatboostTask(Link link, List<String> labels, double threshold) {

  private static final double DEFAULT_THRESHOLD = 0.5;

  /** How raw numbers become those answered. */
  enum Link {
    /** As they are. */
    IDENTITY,
    /** e to the number. */
    EXPONENT,
    /** The mean as it is, and the variance, of which half the logarithm is given. */
    MEAN_AND_VARIANCE,
    /** One number, of which the logistic function is the second class's probability. */
    BINARY,
    /** The logistic function of each. */
    LOGISTIC,
    /** Probabilities that add up to one. */
    SOFTMAX
  }

  /**
   * Reads what a model says of itself.
   *
   * @param modelType the class that trained it
   * @param name the file's, for messages
   */
  static CatboostTask of(CatBoostModel model, String modelType, String name) {
    Map<String, String> metadata = model.getMetadata();
    String loss =
        parse(metadata.getOrDefault("params", "{}"), name)
            .path("loss_function")
            .path("type")
            .asText();
    if (!modelType.equals("CatBoostClassifier")) {
      return new CatboostTask(valueLink(modelType, loss), List.of(), DEFAULT_THRESHOLD);
    }
    int dimension = model.getPredictionDimension();
    Link link =
        switch (loss) {
          case "Logloss", "CrossEntropy" -> Link.BINARY;
          case "MultiClass" -> Link.SOFTMAX;
          case "MultiClassOneVsAll" -> Link.LOGISTIC;
          default ->
              throw new UnsupportedModelException(
                  name
                      + " is a classifier with the loss function "
                      + loss
                      + "; Logloss, CrossEntropy, MultiClass and MultiClassOneVsAll are supported");
        };
    int classes = link == Link.BINARY ? 2 : dimension;
    if (link == Link.BINARY && dimension != 1) {
      throw new ModelPackageException(name + " answers " + dimension + " numbers for two classes");
    }
    JsonNode names = parse(metadata.getOrDefault("class_params", "{}"), name).path("class_names");
    List<String> labels = new ArrayList<>();
    names.forEach(label -> labels.add(label.asText()));
    for (int i = 0; names.isEmpty() && i < classes; i++) {
      labels.add(Integer.toString(i));
    }
    if (labels.size() != classes) {
      throw new ModelPackageException(
          name + " has the labels " + labels + ", but answers " + classes + " classes");
    }
    return new CatboostTask(link, List.copyOf(labels), threshold(metadata, name));
  }

  private static Link valueLink(String modelType, String loss) {
    if (!modelType.equals("CatBoostRegressor")) {
      return Link.IDENTITY;
    }
    return switch (loss) {
      case "Poisson", "Tweedie" -> Link.EXPONENT;
      case "RMSEWithUncertainty" -> Link.MEAN_AND_VARIANCE;
      default -> Link.IDENTITY;
    };
  }

  private static double threshold(Map<String, String> metadata, String name) {
    String text = metadata.get("binclass_probability_threshold");
    try {
      return text == null ? DEFAULT_THRESHOLD : Double.parseDouble(text);
    } catch (NumberFormatException e) {
      throw new ModelPackageException(
          name + " has the binclass_probability_threshold " + text + ", which is no number", e);
    }
  }

  private static JsonNode parse(String json, String name) {
    try {
      return new ObjectMapper().readTree(json);
    } catch (JsonProcessingException e) {
      throw new ModelPackageException(name + " has settings that are not JSON", e);
    }
  }

  boolean classifier() {
    return !labels.isEmpty();
  }

  /** Returns the numbers answered for one row. */
  double[] apply(double[] raw) {
    return switch (link) {
      case IDENTITY -> raw;
      case EXPONENT -> {
        double[] values = new double[raw.length];
        for (int i = 0; i < raw.length; i++) {
          values[i] = Math.exp(raw[i]);
        }
        yield values;
      }
      case MEAN_AND_VARIANCE -> new double[] {raw[0], Math.exp(2 * raw[1])};
      case BINARY -> new double[] {1 - logistic(raw[0]), logistic(raw[0])};
      case LOGISTIC -> {
        double[] values = new double[raw.length];
        for (int i = 0; i < raw.length; i++) {
          values[i] = logistic(raw[i]);
        }
        yield values;
      }
      case SOFTMAX -> softmax(raw);
    };
  }

  private static double logistic(double raw) {
    return 1 / (1 + Math.exp(-raw));
  }

  private static double[] softmax(double[] raw) {
    double largest = raw[indexOfLargest(raw)];
    double[] values = new double[raw.length];
    double sum = 0;
    for (int i = 0; i < raw.length; i++) {
      values[i] = Math.exp(raw[i] - largest);
      sum += values[i];
    }
    for (int i = 0; i < raw.length; i++) {
      values[i] /= sum;
    }
    return values;
  }

  /** Returns the class of a row of probabilities. */
  int classOf(double[] probabilities) {
    if (link == Link.BINARY) {
      return probabilities[1] > threshold ? 1 : 0;
    }
    return indexOfLargest(probabilities);
  }

  private static int indexOfLargest(double[] row) {
    int best = 0;
    for (int i = 1; i < row.length; i++) {
      if (row[i] > row[best]) {
        best = i;
      }
    }
    return best;
  }
}
