package dev.slipway.engine.predictor.mojo;

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
import hex.genmodel.MojoModel;
import hex.genmodel.easy.EasyPredictModelWrapper;
import hex.genmodel.easy.RowData;
import hex.genmodel.easy.exception.PredictException;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * A MOJO of H2O. Computes in FP64 on the heap, which the garbage collector frees; NaN is a missing
 * value, and so is a factor's level that training never saw. H2O's wrapper is only read once it is
 * made, so any number of threads may predict.
 */
final class MojoPredictor extends TablePredictor {

  /** Where H2O puts the probabilities, behind the class. */
  private static final int FIRST_PROBABILITY = 1;

  private static final double NO_OFFSET = 0;

  private final EasyPredictModelWrapper model;
  private final MojoInputs inputs;
  private final TableAnswer answer;

  private MojoPredictor(EasyPredictModelWrapper model, MojoInputs inputs, TableAnswer answer) {
    super("h2o_mojo", inputs.checks(), answer.metadata());
    this.model = model;
    this.inputs = inputs;
    this.answer = answer;
  }

  /**
   * Returns the predictor of a model.
   *
   * @param name the file's, for messages
   * @throws UnsupportedModelException if the model is of a kind that is not supported
   * @throws ModelPackageException if the signature contradicts the model
   */
  static MojoPredictor of(MojoModel model, String name, Optional<ModelSignature> signature) {
    if (model.requiresOffset()) {
      throw new UnsupportedModelException(
          name + " needs an offset per row: train the model without offset_column");
    }
    TableAnswer answer = answer(model, name, signature.flatMap(ModelSignature::outputs));
    MojoInputs inputs = MojoInputs.of(model, signature.flatMap(ModelSignature::inputs));
    EasyPredictModelWrapper wrapper =
        new EasyPredictModelWrapper(
            new EasyPredictModelWrapper.Config()
                .setModel(model)
                .setConvertUnknownCategoricalLevelsToNa(true));
    return new MojoPredictor(wrapper, inputs, answer);
  }

  private static TableAnswer answer(MojoModel model, String name, Optional<Schema> declared) {
    return switch (model.getModelCategory()) {
      case Binomial, Multinomial ->
          TableAnswer.ofClasses(
              ClassOutputs.of(
                  declared, Arrays.asList(model.getDomainValues(model.getResponseIdx()))),
              row -> (int) row[0],
              FIRST_PROBABILITY);
      case Regression ->
          TableAnswer.ofNumbers(
              NumericOutputs.of(MojoInputs.ENGINE, declared, DataType.FP64, 1, false));
      case Clustering ->
          TableAnswer.ofNumbers(
              NumericOutputs.of(MojoInputs.ENGINE, declared, DataType.INT64, 1, false));
      default ->
          throw new UnsupportedModelException(
              name
                  + " is a model for "
                  + model.getModelCategory()
                  + "; Regression, Binomial, Multinomial and Clustering are supported");
    };
  }

  @Override
  protected List<Tensor> answer(CheckedInputs checked, List<String> wanted) {
    List<RowData> rows = inputs.rows(checked);
    double[][] answers = new double[rows.size()][];
    for (int row = 0; row < answers.length; row++) {
      answers[row] = run(rows.get(row));
    }
    return answer.tensors(answers, wanted);
  }

  private double[] run(RowData row) {
    try {
      return model.predictRaw(row, NO_OFFSET);
    } catch (PredictException | RuntimeException e) {
      // A file that was tampered with shows only now, as an index out of bounds and the like.
      throw new PredictionException("H2O failed: " + e, e);
    }
  }
}
