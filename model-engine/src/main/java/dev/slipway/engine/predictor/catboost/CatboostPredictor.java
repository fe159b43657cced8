package dev.slipway.engine.predictor.catboost;

import ai.catboost.CatBoostError;
import ai.catboost.CatBoostModel;
import ai.catboost.CatBoostPredictions;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.predictor.ClassOutputs;
import dev.slipway.engine.predictor.NumericOutputs;
import dev.slipway.engine.predictor.TableAnswer;
import dev.slipway.engine.predictor.TablePredictor;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import java.util.List;
import java.util.Optional;

/**
 * A model of CatBoost. Takes FP32 and sums in FP64, as CatBoost does; its call computes on the
 * calling thread, in memory of its own, so any number may run at once.
 */
final class CatboostPredictor extends TablePredictor {

  private final CatBoostModel model;
  private final CatboostTask task;
  private final CatboostInputs inputs;
  private final TableAnswer answer;

  private CatboostPredictor(
      CatBoostModel model,
      String platform,
      CatboostTask task,
      CatboostInputs inputs,
      TableAnswer answer) {
    super(platform, inputs.checks(), answer.metadata());
    this.model = model;
    this.task = task;
    this.inputs = inputs;
    this.answer = answer;
  }

  /**
   * Returns the predictor of a model, which it owns from then on.
   *
   * @param modelType the class of the Python package that trained it
   * @param name the file's, for messages
   * @throws UnsupportedModelException if the model uses what is not supported
   * @throws ModelPackageException if the model has no trees, or the signature contradicts it
   */
  static CatboostPredictor of(
      CatBoostModel model,
      String platform,
      String modelType,
      String name,
      Optional<ModelSignature> signature) {
    // CatBoost takes any JSON for a model without trees, and never returns from predicting with it.
    if (model.getTreeCount() == 0) {
      throw new ModelPackageException(name + " is not a CatBoost model, or has no trees");
    }
    CatboostTask task = CatboostTask.of(model, modelType, name);
    CatboostInputs inputs =
        CatboostInputs.of(model, signature.flatMap(ModelSignature::inputs), name);
    Optional<Schema> declared = signature.flatMap(ModelSignature::outputs);
    TableAnswer answer =
        task.classifier()
            ? TableAnswer.ofClasses(ClassOutputs.of(declared, task.labels()), task::classOf, 0)
            : TableAnswer.ofNumbers(
                NumericOutputs.of(
                    CatboostInputs.ENGINE,
                    declared,
                    DataType.FP64,
                    model.getPredictionDimension(),
                    false));
    return new CatboostPredictor(model, platform, task, inputs, answer);
  }

  @Override
  protected List<Tensor> answer(CheckedInputs checked, List<String> wanted) {
    float[][] numbers = inputs.numbers(checked);
    String[][] categories = inputs.categories(checked);
    double[][] answers = new double[numbers.length][];
    if (answers.length > 0) {
      CatBoostPredictions raw = run(numbers, categories);
      for (int row = 0; row < answers.length; row++) {
        answers[row] = task.apply(raw.copyObjectPredictions(row));
      }
    }
    return answer.tensors(answers, wanted);
  }

  private CatBoostPredictions run(float[][] numbers, String[][] categories) {
    try {
      return model.predict(numbers, categories);
    } catch (CatBoostError e) {
      throw new PredictionException("CatBoost failed: " + e.getMessage(), e);
    }
  }

  @Override
  protected void free() {
    CatboostPredictorProvider.close(model);
  }
}
