package dev.slipway.engine.predictor.tensorflow;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.PredictorProvider;
import dev.slipway.engine.predictor.Predictors;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** What is found out about a package before TensorFlow is asked, which is not there. */
class TensorflowPredictorProviderTest {

  @TempDir private Path folder;

  @Test
  void load_withoutTheNativeLibrary_saysHowToGetIt() {
    assertThatThrownBy(() -> Predictors.load(SavedModels.mlflow("mlp")))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("engines/tensorflow")
        .hasMessageContaining("-Pengines");
  }

  @Test
  void load_ofAKerasFile_pointsToPython() {
    ModelPackage modelPackage = SavedModels.mlflow("keras");
    PredictorProvider provider = new TensorflowPredictorProvider();
    assertThat(provider.reads(modelPackage, flavor(modelPackage, "tensorflow"))).isFalse();
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("data/model.keras")
        .hasMessageContaining("model.export")
        .hasMessageContaining("python_function");
  }

  @ParameterizedTest
  @ValueSource(strings = {"keras", "tensorflow"})
  void reads_aKerasModelThatIsASavedModel(String flavor) throws Exception {
    ModelPackage modelPackage = write("flavors: {" + flavor + ": {data: data, save_format: tf}}");
    PredictorProvider provider =
        flavor.equals("keras") ? new KerasPredictorProvider() : new TensorflowPredictorProvider();
    assertThat(provider.reads(modelPackage, flavor(modelPackage, flavor))).isFalse();
    Files.createDirectories(folder.resolve("data/model"));
    Files.createFile(folder.resolve("data/model/saved_model.pb"));
    assertThat(provider.reads(modelPackage, flavor(modelPackage, flavor))).isTrue();
  }

  @ParameterizedTest
  @ValueSource(strings = {"keras", "tensorflow"})
  void load_withoutTheSavedModel_saysWhichFile(String flavor) throws Exception {
    ModelPackage modelPackage = write("flavors: {" + flavor + ": {saved_model_dir: gone}}");
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("gone/saved_model.pb");
  }

  @ParameterizedTest
  @ValueSource(strings = {"keras", "tensorflow"})
  void load_withoutAKey_saysWhichKey(String flavor) throws Exception {
    ModelPackage modelPackage = write("flavors: {" + flavor + ": {}}");
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("flavors." + flavor + ".saved_model_dir is missing");
  }

  @ParameterizedTest
  @ValueSource(strings = {"serve", "[]", "[1]"})
  void load_ofTagsThatAreNoListOfText_isRefused(String tags) throws Exception {
    ModelPackage modelPackage =
        write("flavors: {tensorflow: {saved_model_dir: m, meta_graph_tags: " + tags + "}}");
    Files.createDirectories(folder.resolve("m"));
    Files.createFile(folder.resolve("m/saved_model.pb"));
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("flavors.tensorflow.meta_graph_tags");
  }

  @Test
  void load_ofAFolderOutsideThePackage_isRefused() throws Exception {
    Files.createFile(folder.resolve("saved_model.pb"));
    Path inner = Files.createDirectories(folder.resolve("package"));
    Files.writeString(inner.resolve("MLmodel"), "flavors: {tensorflow: {saved_model_dir: ..}}");
    ModelPackage modelPackage = ModelPackage.read(inner);
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("unsafe path");
  }

  private ModelPackage write(String mlmodel) throws Exception {
    Files.writeString(folder.resolve("MLmodel"), mlmodel);
    return ModelPackage.read(folder);
  }

  private static Flavor flavor(ModelPackage modelPackage, String name) {
    return modelPackage.findFlavor(name).orElseThrow();
  }
}
