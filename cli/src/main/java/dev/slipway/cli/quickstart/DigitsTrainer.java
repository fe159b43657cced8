package dev.slipway.cli.quickstart;

import dev.slipway.cli.quickstart.Digits.Rows;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.DMatrix;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/** Trains gradient-boosted trees on the digits, telling the metrics of every round. */
final class DigitsTrainer {
  private static final Pattern METRIC = Pattern.compile("(train|validation)-([a-z]+):(\\S+)");

  private final Digits digits;

  DigitsTrainer(Digits digits) {
    this.digits = digits;
  }

  /** Hears of every round. */
  interface RoundListener {
    /**
     * Takes the metrics of one round: log loss and accuracy, on the rows of training and of
     * validation.
     *
     * @param round number of the round, from 0
     */
    void round(int round, Map<String, Double> metrics);
  }

  /**
   * Holds what is chosen before training.
   *
   * @param rounds how many times a tree per digit is added
   * @param maxDepth deepest a tree may be
   * @param learningRate how much each tree counts
   */
  record Hyperparameters(int rounds, int maxDepth, double learningRate) {
    /** Returns XGBoost's own names and values. */
    Map<String, Object> toXgboost() {
      Map<String, Object> params = new LinkedHashMap<>();
      params.put("objective", "multi:softprob");
      params.put("num_class", Digits.CLASSES);
      params.put("eval_metric", "mlogloss");
      params.put("max_depth", maxDepth);
      params.put("eta", learningRate);
      params.put("nthread", Runtime.getRuntime().availableProcessors());
      params.put("seed", 7);
      params.put("verbosity", 0);
      return params;
    }
  }

  /** Holds a trained model. Nobody changes the arrays. */
  static final class Trained {
    private final byte[] ubjson;
    private final float[][] goldenProbabilities;

    Trained(byte[] ubjson, float[][] goldenProbabilities) {
      this.ubjson = ubjson;
      this.goldenProbabilities = goldenProbabilities;
    }

    /** Returns the booster in XGBoost's UBJSON form. */
    byte[] ubjson() {
      return ubjson;
    }

    /** Returns the model's own answers for the golden rows, {@code [rows, 10]}. */
    float[][] goldenProbabilities() {
      return goldenProbabilities;
    }
  }

  /** Trains and returns the model together with its own answers for some rows. */
  Trained train(Hyperparameters hyperparameters, int goldenRows, RoundListener listener)
      throws XGBoostError {
    DMatrix train = matrix(digits.train());
    DMatrix validation = matrix(digits.validation());
    DMatrix golden = matrix(digits.validation().first(goldenRows));
    Booster booster = null;
    try {
      booster =
          XGBoost.train(
              train,
              hyperparameters.toXgboost(),
              0,
              Map.of("train", train, "validation", validation),
              null,
              null);
      // Setting it again adds to it.
      booster.setParam("eval_metric", "merror");
      for (int round = 0; round < hyperparameters.rounds(); round++) {
        booster.update(train, round);
        String line =
            booster.evalSet(
                new DMatrix[] {train, validation}, new String[] {"train", "validation"}, round);
        listener.round(round, parse(line));
      }
      return new Trained(booster.toByteArray("ubj"), booster.predict(golden));
    } finally {
      if (booster != null) {
        booster.dispose();
      }
      train.dispose();
      validation.dispose();
      golden.dispose();
    }
  }

  private static DMatrix matrix(Rows rows) throws XGBoostError {
    DMatrix matrix = new DMatrix(rows.pixels(), rows.count(), Digits.PIXELS, Float.NaN);
    matrix.setLabel(rows.labels());
    return matrix;
  }

  private static Map<String, Double> parse(String line) {
    Map<String, Double> metrics = new LinkedHashMap<>();
    Matcher matcher = METRIC.matcher(line);
    while (matcher.find()) {
      double value = Double.parseDouble(matcher.group(3));
      if (matcher.group(2).equals("merror")) {
        metrics.put(matcher.group(1) + "-accuracy", 1 - value);
      } else {
        metrics.put(matcher.group(1) + "-log-loss", value);
      }
    }
    return metrics;
  }
}
