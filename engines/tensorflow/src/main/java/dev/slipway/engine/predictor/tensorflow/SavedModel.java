package dev.slipway.engine.predictor.tensorflow;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Where a package has its SavedModel, and what of it is to be run.
 *
 * @param folder the folder on disk
 * @param name the folder relative to the package, for messages
 * @param tags those of the meta graph, at least one
 * @param signature the key of the signature in it
 */
record SavedModel(Path folder, String name, List<String> tags, String signature) {

  private static final String FILE = "saved_model.pb";
  private static final List<String> DEFAULT_TAGS = List.of("serve");
  private static final String DEFAULT_SIGNATURE = "serving_default";

  SavedModel {
    tags = List.copyOf(tags);
  }

  /**
   * Finds the SavedModel of a flavor.
   *
   * @throws ModelPackageException if the flavor is malformed
   */
  static Optional<SavedModel> find(ModelPackage modelPackage, Flavor flavor) {
    String name = folder(flavor);
    return Files.exists(modelPackage.root().resolve(name).resolve(FILE))
        ? Optional.of(
            new SavedModel(
                modelPackage.file(name + "/" + FILE).getParent(),
                name,
                tags(flavor),
                flavor.findText("signature_def_key").orElse(DEFAULT_SIGNATURE)))
        : Optional.empty();
  }

  /**
   * Returns the SavedModel of a flavor.
   *
   * @throws ModelPackageException if there is none, or the flavor is malformed
   * @throws UnsupportedModelException if the model is in a format of Keras's own
   */
  static SavedModel get(ModelPackage modelPackage, Flavor flavor) {
    return find(modelPackage, flavor).orElseThrow(() -> absent(modelPackage, flavor));
  }

  private static RuntimeException absent(ModelPackage modelPackage, Flavor flavor) {
    String name = folder(flavor);
    for (String format : List.of(".keras", ".h5")) {
      if (Files.exists(modelPackage.root().resolve(name + format))) {
        return new UnsupportedModelException(
            name
                + format
                + " is a Keras model, which only Keras reads: log what model.export(folder) writes,"
                + " loaded by tf.saved_model.load, or run it as python_function on a server started"
                + " with --serve-python");
      }
    }
    return new ModelPackageException("the package has no file " + name + "/" + FILE);
  }

  private static String folder(Flavor flavor) {
    return flavor
        .findText("saved_model_dir")
        .orElseGet(
            () ->
                flavor
                    .findText("data")
                    .map(data -> data + "/model")
                    .orElseThrow(
                        () ->
                            new ModelPackageException(
                                "MLmodel: flavors."
                                    + flavor.name()
                                    + ".saved_model_dir is missing")));
  }

  private static List<String> tags(Flavor flavor) {
    Object tags = flavor.config().get("meta_graph_tags");
    if (tags == null) {
      return DEFAULT_TAGS;
    }
    if (tags instanceof List<?> list
        && !list.isEmpty()
        && list.stream().allMatch(String.class::isInstance)) {
      return list.stream().map(String.class::cast).toList();
    }
    throw new ModelPackageException(
        "MLmodel: flavors." + flavor.name() + ".meta_graph_tags must be a list of strings");
  }
}
