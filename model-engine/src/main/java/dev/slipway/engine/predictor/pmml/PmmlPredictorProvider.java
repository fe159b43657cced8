package dev.slipway.engine.predictor.pmml;

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

/** Loads the flavor {@code pmml}: {@code data} names the document, in UTF-8. */
public final class PmmlPredictorProvider implements PredictorProvider {

  /** Creates the provider. */
  public PmmlPredictorProvider() {}

  @Override
  public String flavor() {
    return "pmml";
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    String data = flavor.text("data");
    String text = read(modelPackage.file(data), data);
    return PmmlPredictor.of(PmmlFile.parse(text, data), data, modelPackage.signature());
  }

  private static String read(Path file, String data) {
    try {
      return Files.readString(file);
    } catch (CharacterCodingException e) {
      throw new ModelPackageException(data + " is not UTF-8: save it so", e);
    } catch (IOException e) {
      throw new ModelPackageException("cannot read " + data + ": " + e, e);
    } catch (OutOfMemoryError e) {
      throw new UnsupportedModelException(data + " is too large for one text", e);
    }
  }
}
