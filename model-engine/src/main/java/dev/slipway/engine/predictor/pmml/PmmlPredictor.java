package dev.slipway.engine.predictor.pmml;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.predictor.TablePredictor;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.tensor.Tensor;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.pmml4s.model.Model;

/**
 * A model of PMML4S. Computes in FP64 on the heap, which the garbage collector frees; NaN is a
 * missing value. A model is not changed by predicting, so any number of threads may.
 */
final class PmmlPredictor extends TablePredictor {

  private final Model model;
  private final PmmlInputs inputs;
  private final PmmlOutputs outputs;

  private PmmlPredictor(Model model, PmmlInputs inputs, PmmlOutputs outputs) {
    super("pmml4s_pmml", inputs.checks(), outputs.metadata());
    this.model = model;
    this.inputs = inputs;
    this.outputs = outputs;
  }

  /**
   * Returns the predictor of a model.
   *
   * @param name the file's, for messages
   * @throws UnsupportedModelException if the model has fields that are not supported
   * @throws ModelPackageException if the signature contradicts the model
   */
  static PmmlPredictor of(Model model, String name, Optional<ModelSignature> signature) {
    PmmlInputs inputs = PmmlInputs.of(model, signature.flatMap(ModelSignature::inputs), name);
    PmmlOutputs outputs = PmmlOutputs.of(model, signature.flatMap(ModelSignature::outputs));
    return new PmmlPredictor(model, inputs, outputs);
  }

  @Override
  protected List<Tensor> answer(CheckedInputs checked, List<String> wanted) {
    List<List<Object>> rows = inputs.rows(checked);
    List<List<Object>> answers = new ArrayList<>(rows.size());
    for (List<Object> row : rows) {
      answers.add(run(row));
    }
    return outputs.tensors(answers, wanted);
  }

  private List<Object> run(List<Object> row) {
    try {
      return model.predict(row);
    } catch (Exception | StackOverflowError e) {
      // Scala declares no exceptions: checked ones come as well.
      throw new PredictionException("PMML4S failed: " + e, e);
    }
  }
}
