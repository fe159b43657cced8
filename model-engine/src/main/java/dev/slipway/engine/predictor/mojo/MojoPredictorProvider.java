package dev.slipway.engine.predictor.mojo;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import hex.genmodel.MojoModel;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Enumeration;
import java.util.zip.ZipEntry;
import java.util.zip.ZipFile;

/** Loads the flavor {@code mojo}: {@code data} names the zip that H2O's {@code save_mojo} wrote. */
public class MojoPredictorProvider implements PredictorProvider {

  /** Bounds what a small file may grow to in memory. */
  private static final long MAX_UNPACKED_BYTES = 4L << 30;

  private static final int BUFFER_BYTES = 1 << 16;

  private final long mostUnpackedBytes;

  /** Creates the provider. */
  public MojoPredictorProvider() {
    this(MAX_UNPACKED_BYTES);
  }

  MojoPredictorProvider(long mostUnpackedBytes) {
    this.mostUnpackedBytes = mostUnpackedBytes;
  }

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

  private void checkZip(Path file, String data) {
    if (Files.isDirectory(file)) {
      throw new UnsupportedModelException(
          data
              + " is H2O's own format, which only H2O of the same version reads: name the zip that"
              + " model.save_mojo writes in flavors.h2o.data instead");
    }
    try (ZipFile zip = new ZipFile(file.toFile())) {
      if (zip.getEntry("model.ini") == null) {
        throw new ModelPackageException(data + " is not a MOJO: it has no model.ini");
      }
      checkUnpackedSize(zip, data);
    } catch (IOException e) {
      throw new ModelPackageException(
          data + " is not a MOJO, which is a zip: " + e.getMessage(), e);
    }
  }

  /** Unpacks all of it: the sizes that a zip declares need not be those that come out of it. */
  private void checkUnpackedSize(ZipFile zip, String data) throws IOException {
    byte[] buffer = new byte[BUFFER_BYTES];
    long unpacked = 0;
    for (Enumeration<? extends ZipEntry> entries = zip.entries(); entries.hasMoreElements(); ) {
      try (InputStream in = zip.getInputStream(entries.nextElement())) {
        for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
          unpacked += read;
          if (unpacked > mostUnpackedBytes) {
            throw new UnsupportedModelException(
                data
                    + " unpacks to more than the "
                    + mostUnpackedBytes
                    + " bytes that are read at most");
          }
        }
      }
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
