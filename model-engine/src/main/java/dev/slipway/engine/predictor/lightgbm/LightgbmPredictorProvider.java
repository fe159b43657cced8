package dev.slipway.engine.predictor.lightgbm;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Loads MLflow's {@code lightgbm} flavor: {@code data} names the model in LightGBM's text format.
 * Of a model of the scikit-learn interface MLflow keeps a pickle, which only Python reads; where
 * the package holds its text too, as {@value #TEXT_MODEL}, that is loaded.
 */
public final class LightgbmPredictorProvider implements PredictorProvider {

  private static final String TEXT_MODEL = "model.lgb";

  /** Creates the provider; the native library loads with the first model. */
  public LightgbmPredictorProvider() {}

  @Override
  public String flavor() {
    return "lightgbm";
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    String data = textModel(modelPackage, flavor);
    LightgbmModelFile model = LightgbmModelFile.parse(read(modelPackage.file(data), data), data);
    boolean classifier =
        flavor.findText("model_class").filter(name -> name.endsWith("Classifier")).isPresent();
    return LightgbmPredictor.load(model, data, modelPackage.signature(), classifier);
  }

  private static String textModel(ModelPackage modelPackage, Flavor flavor) {
    String data = flavor.text("data");
    if (!data.endsWith(".pkl") && !data.endsWith(".skops")) {
      return data;
    }
    if (Files.exists(modelPackage.root().resolve(TEXT_MODEL))) {
      return TEXT_MODEL;
    }
    throw new UnsupportedModelException(
        data
            + " is a "
            + flavor.findText("model_class").orElse("scikit-learn model")
            + " as only Python reads it: log model.booster_ instead, or add the file "
            + TEXT_MODEL
            + " that model.booster_.save_model writes to the package");
  }

  private static String read(Path file, String data) {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new ModelPackageException(data + " is not a LightGBM text model: it is not UTF-8", e);
    } catch (IOException e) {
      throw new ModelPackageException("cannot read " + data + ": " + e, e);
    } catch (OutOfMemoryError e) {
      throw new UnsupportedModelException(data + " is too large for one text", e);
    }
  }
}
