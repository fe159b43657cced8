package dev.slipway.engine.predictor.xgboost;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import ml.dmlc.xgboost4j.java.Booster;
import ml.dmlc.xgboost4j.java.XGBoost;
import ml.dmlc.xgboost4j.java.XGBoostError;

/**
 * Loads MLflow's {@code xgboost} flavor: {@code data} names the model file in UBJSON or JSON, told
 * apart by its content. The binary format that XGBoost wrote before 1.0 is gone from its engine.
 */
public final class XgboostPredictorProvider implements PredictorProvider {

  /** Creates the provider; the native library loads with the first model. */
  public XgboostPredictorProvider() {}

  @Override
  public String flavor() {
    return "xgboost";
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    String data = flavor.text("data");
    XgboostModelFile model = XgboostModelFile.parse(read(modelPackage.file(data), data), data);
    Booster booster = parse(model.content(), data);
    try {
      return XgboostPredictor.of(booster, model, flavor, modelPackage.signature());
    } catch (XGBoostError | RuntimeException e) {
      booster.dispose();
      if (e instanceof XGBoostError failure) {
        throw new UnsupportedModelException(
            "XGBoost cannot predict with " + data + ": " + firstLine(failure), failure);
      }
      throw (RuntimeException) e;
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

  private static Booster parse(byte[] model, String data) {
    try {
      return XGBoost.loadModel(model);
    } catch (XGBoostError | IOException e) {
      throw new ModelPackageException("XGBoost cannot load " + data + ": " + firstLine(e), e);
    } catch (LinkageError e) {
      throw new UnsupportedModelException(
          "XGBoost's native library does not load on "
              + System.getProperty("os.name")
              + " "
              + System.getProperty("os.arch")
              + " (on Linux it needs libgomp, the package libgomp1 or libgomp): "
              + e.getMessage(),
          e);
    }
  }

  /** XGBoost puts a native stack trace behind its message. */
  static String firstLine(Exception e) {
    return e.getMessage() == null ? e.toString() : e.getMessage().lines().findFirst().orElse("");
  }
}
