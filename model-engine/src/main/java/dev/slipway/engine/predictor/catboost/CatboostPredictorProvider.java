package dev.slipway.engine.predictor.catboost;

import ai.catboost.CatBoostError;
import ai.catboost.CatBoostModel;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/**
 * Loads MLflow's {@code catboost} flavor: {@code data} names the model file, {@code save_format}
 * its format, {@code cbm} when absent, and {@code model_type} the class that trained it.
 */
public final class CatboostPredictorProvider implements PredictorProvider {

  private static final String DEFAULT_FORMAT = "cbm";

  /** MLflow's names of the formats and the native library's. */
  private static final Map<String, String> FORMATS = Map.of("cbm", "bin", "json", "json");

  /** Creates the provider; the native library loads with the first model. */
  public CatboostPredictorProvider() {}

  @Override
  public String flavor() {
    return "catboost";
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    String data = flavor.text("data");
    String format = flavor.findText("save_format").orElse(DEFAULT_FORMAT);
    String modelType = flavor.findText("model_type").orElse("CatBoost");
    if (!FORMATS.containsKey(format)) {
      throw new UnsupportedModelException(
          data
              + " has the save_format "
              + format
              + "; cbm and json are read: save it again without a format");
    }
    CatBoostModel model = parse(read(modelPackage.file(data), data), FORMATS.get(format), data);
    try {
      return CatboostPredictor.of(
          model, "catboost_" + format, modelType, data, modelPackage.signature());
    } catch (RuntimeException e) {
      close(model);
      throw e;
    }
  }

  private static byte[] read(Path file, String data) {
    try {
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new ModelPackageException("cannot read " + data + ": " + e, e);
    } catch (OutOfMemoryError e) {
      throw new UnsupportedModelException(data + " is too large for one buffer", e);
    }
  }

  private static CatBoostModel parse(byte[] content, String format, String data) {
    try {
      return CatBoostModel.loadModel(content, format);
    } catch (CatBoostError e) {
      throw new ModelPackageException(
          "CatBoost cannot load " + data + ": " + firstLine(e.getMessage()), e);
    } catch (LinkageError e) {
      throw new UnsupportedModelException(
          "CatBoost's native library does not load on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + ": "
              + e.getMessage(),
          e);
    }
  }

  private static String firstLine(String message) {
    return message == null ? "" : message.lines().findFirst().orElse("");
  }

  /** Frees a model. */
  static void close(CatBoostModel model) {
    try {
      model.close();
    } catch (CatBoostError e) {
      throw new IllegalStateException("CatBoost cannot free a model", e);
    }
  }
}
