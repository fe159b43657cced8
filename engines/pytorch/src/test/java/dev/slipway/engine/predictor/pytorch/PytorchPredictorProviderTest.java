package dev.slipway.engine.predictor.pytorch;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.PredictorProvider;
import dev.slipway.engine.predictor.Predictors;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** What is found out about a package before libtorch is asked, which is not there. */
class PytorchPredictorProviderTest {

  private static final ModelSignature SIGNATURE = signature(DataType.FP32);

  @TempDir private Path folder;

  private static ModelSignature signature(DataType datatype) {
    Schema tensor = TensorSchema.of(TensorSpec.of("x", datatype, Shape.of(-1, 4)));
    return ModelSignature.of(tensor, tensor);
  }

  @Test
  void load_withoutTheNativeLibrary_saysHowToGetIt() {
    assertThatThrownBy(() -> Predictors.load(TorchModels.mlflow("mlp")))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("engines/pytorch")
        .hasMessageContaining("-Pengines");
  }

  @Test
  void load_ofPickledPython_pointsToPython() {
    assertThatThrownBy(() -> Predictors.load(TorchModels.mlflow("eager")))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("pickled Python")
        .hasMessageContaining("torch.jit.script")
        .hasMessageContaining("python_function");
  }

  @Test
  void load_ofPickledPython_whereThereIsPython_leavesItToIt() {
    PredictorProvider python =
        new PredictorProvider() {
          @Override
          public String flavor() {
            return "python_function";
          }

          @Override
          public int preference() {
            return -100;
          }

          @Override
          public Predictor load(ModelPackage modelPackage, Flavor flavor) {
            throw new UnsupportedModelException("asked");
          }
        };
    assertThatThrownBy(() -> Predictors.loadWith(TorchModels.mlflow("eager"), List.of(python)))
        .hasMessage("asked");
    assertThatThrownBy(() -> Predictors.loadWith(TorchModels.mlflow("mlp"), List.of(python)))
        .hasMessageContaining("-Pengines");
  }

  @Test
  void load_ofAnExportedProgram_pointsToPython() {
    ModelPackage modelPackage =
        ModelPackage.builder(TorchModels.mlmodel().signature(SIGNATURE).build())
            .file("data/model.pt2", new byte[] {'P', 'K'})
            .writeTo(folder.resolve("p"));
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("pt2");
  }

  @Test
  void load_withoutTheFile_saysWhichFile() {
    ModelPackage modelPackage =
        ModelPackage.builder(TorchModels.mlmodel().signature(SIGNATURE).build())
            .writeTo(folder.resolve("p"));
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("data/model.pth");
  }

  @Test
  void load_withoutAKey_saysWhichKey() throws Exception {
    Files.writeString(folder.resolve("MLmodel"), "flavors: {pytorch: {}}");
    ModelPackage modelPackage = ModelPackage.read(folder);
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("flavors.pytorch.model_data is missing");
  }

  @Test
  void load_ofAFileThatWasCutOff_saysSo() throws Exception {
    byte[] whole = Files.readAllBytes(TorchModels.file("mlflow/mlp"));
    for (int i = 0; i < 20; i++) {
      int length = whole.length * i / 20;
      ModelPackage cut =
          TorchModels.pack(folder.resolve("cut" + i), Arrays.copyOf(whole, length), SIGNATURE);
      assertThatThrownBy(() -> Predictors.load(cut))
          .isInstanceOf(ModelPackageException.class)
          .hasMessageContaining("data/model.pth");
    }
  }

  @Test
  void load_ofAFileWithAChangedByte_saysWhere() throws Exception {
    byte[] bytes = Files.readAllBytes(TorchModels.file("mlflow/mlp"));
    // A weight of the first layer, which begins at one of the first multiples of 64.
    bytes[150]++;
    ModelPackage changed = TorchModels.pack(folder.resolve("p"), bytes, SIGNATURE);
    assertThatThrownBy(() -> Predictors.load(changed))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("model/data/0")
        .hasMessageContaining("checksum");
  }

  @Test
  void load_withoutASignature_asksForOne() {
    ModelPackage modelPackage =
        ModelPackage.builder(TorchModels.mlmodel().build())
            .file("data/model.pth", TorchModels.file("identity"))
            .writeTo(folder.resolve("p"));
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("infer_signature");
  }

  @ParameterizedTest
  @EnumSource(names = {"BF16", "BYTES", "INT16", "UINT16", "UINT32", "UINT64"})
  void load_ofATypeThatLibtorchDoesNotCarry_isRefused(DataType datatype) {
    ModelPackage modelPackage =
        TorchModels.pack(folder.resolve("p"), TorchModels.file("identity"), signature(datatype));
    assertThatThrownBy(() -> Predictors.load(modelPackage))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("signature.inputs")
        .hasMessageContaining("\"x\" as " + datatype);
  }

  @Test
  void load_ofColumnsThatAreNoMatrix_isRefused() {
    Schema text = new ColumnSchema(List.of(ColumnSpec.of("town", ScalarType.STRING)));
    Schema tensor = SIGNATURE.outputs().orElseThrow();
    ModelPackage inputs =
        TorchModels.pack(
            folder.resolve("in"), TorchModels.file("identity"), ModelSignature.of(text, tensor));
    ModelPackage outputs =
        TorchModels.pack(
            folder.resolve("out"), TorchModels.file("identity"), ModelSignature.of(tensor, text));
    assertThatThrownBy(() -> Predictors.load(inputs)).hasMessageContaining("signature.inputs");
    assertThatThrownBy(() -> Predictors.load(outputs)).hasMessageContaining("signature.outputs");
    assertThat(new PytorchPredictorProvider().reads(inputs, flavor(inputs))).isTrue();
  }

  private static Flavor flavor(ModelPackage modelPackage) {
    return modelPackage.findFlavor("pytorch").orElseThrow();
  }
}
