package dev.slipway.engine.predictor.mojo;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import hex.genmodel.MojoModel;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Loads the flavor {@code mojo}: {@code data} names the zip that H2O's {@code save_mojo} wrote. */
public class MojoPredictorProvider implements PredictorProvider {

  /** Bounds what a small file may grow to in memory. */
  private static final long MAX_UNPACKED_BYTES = 4L << 30;

  /** Creates the provider. */
  public MojoPredictorProvider() {}

  @Override
  public String flavor() {
    return "mojo";
  }

  @Override
  public Predictor load(ModelPackage modelPackage, Flavor flavor) {
    String data = flavor.text("data");
    Path file = modelPackage.file(data);
    checkZip(file, data);
    return MojoPredictor.of(parse(file, data), data, modelPackage.signature());
  }

  private static void checkZip(Path file, String data) {
    if (Files.isDirectory(file)) {
      throw new UnsupportedModelException(
          data
              + " is H2O's own format, which only H2O of the same version reads: name the zip that"
              + " model.save_mojo writes in flavors.h2o.data instead");
    }
    long unpacked = 0;
    try (ZipFile zip = new ZipFile(file.toFile())) {
      if (zip.getEntry("model.ini") == null) {
        throw new ModelPackageException(data + " is not a MOJO: it has no model.ini");
      }
      for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
        unpacked += entries.nextElement().getSize();
      }
    } catch (IOException e) {
      throw new ModelPackageException(
          data + " is not a MOJO, which is a zip: " + e.getMessage(), e);
    }
    if (unpacked > MAX_UNPACKED_BYTES) {
      throw new UnsupportedModelException(
          data + " unpacks to " + unpacked + " bytes; at most " + MAX_UNPACKED_BYTES + " are read");
    }
  }

  private static MojoModel parse(Path file, String data) {
    try {
      return MojoModel.load(file.toString());
    } catch (IOException | RuntimeException e) {
      // H2O tells most of what is wrong with a file by unchecked exceptions.
      throw new ModelPackageException("H2O cannot load " + data + ": " + e, e);
    }
  }
}
