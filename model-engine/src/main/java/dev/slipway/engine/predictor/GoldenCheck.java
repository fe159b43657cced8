package dev.slipway.engine.predictor;

import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenRequests;
import dev.slipway.engine.packaging.GoldenResult;
import dev.slipway.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;

/** Runs golden requests through a predictor. */
public final class GoldenCheck {

  private GoldenCheck() {}

  /**
   * Returns the result of every case in order; a prediction that fails, or gives something else
   * than the predictor declares, is a failed case, not an exception.
   */
  public static List<GoldenResult> run(Predictor predictor, GoldenRequests requests) {
    List<GoldenResult> results = new ArrayList<>();
    for (GoldenCase golden : requests.cases()) {
      results.add(run(predictor, golden));
    }
    return results;
  }

  private static GoldenResult run(Predictor predictor, GoldenCase golden) {
    List<String> names = golden.outputs().stream().map(Tensor::name).toList();
    try {
      Predictions predictions =
          predictor.predict(new PredictRequest(golden.inputs(), golden.parameters(), names));
      new OutputChecks(predictor).check(predictions.outputs(), names);
      return GoldenResult.compare(golden, predictions.outputs());
    } catch (EngineException e) {
      return GoldenResult.failed(golden, e.getMessage());
    }
  }
}
