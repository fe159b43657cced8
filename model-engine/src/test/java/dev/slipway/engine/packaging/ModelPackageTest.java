package dev.slipway.engine.packaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ModelPackageTest {

  private static final MLmodel MLMODEL =
      MLmodel.builder().flavor(Flavor.onnx("weights/model.onnx", "1.23.2")).build();

  @TempDir private Path folder;

  private static GoldenRequests golden() {
    Tensor tensor = Tensor.ofFloats("x", Shape.of(1), 1);
    return GoldenRequests.of(
        new GoldenCase("one", List.of(tensor), Map.of(), List.of(tensor), 0, 0));
  }

  @Test
  void writeTo_thenRead_givesTheSamePackage() throws Exception {
    Path root = folder.resolve("new/model");
    ModelPackage.builder(MLMODEL)
        .file("weights/model.onnx", new byte[] {1, 2})
        .goldenRequests(golden())
        .writeTo(root);

    ModelPackage read = ModelPackage.read(root);

    assertThat(read.mlmodel()).isEqualTo(MLMODEL);
    assertThat(read.goldenRequests()).isEqualTo(golden());
    assertThat(Files.readAllBytes(read.file("weights/model.onnx"))).containsExactly(1, 2);
    assertThat(read.findFlavor("onnx")).isPresent();
    assertThat(read.findFlavor("xgboost")).isEmpty();
    assertThat(read.digest().entries())
        .extracting(PackageDigest.Entry::path)
        .containsExactly("MLmodel", "golden_requests.jsonl", "weights/model.onnx");
  }

  @Test
  void read_withoutFolderOrMlmodel_saysSo() {
    assertThatThrownBy(() -> ModelPackage.read(folder.resolve("none")))
        .hasMessageContaining("not a folder");
    assertThatThrownBy(() -> ModelPackage.read(folder))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("no file MLmodel");
  }

  @Test
  void writeTo_ofAnIncompleteOrMisplacedPackage_isRefused() throws Exception {
    assertThatThrownBy(() -> ModelPackage.builder(MLMODEL).writeTo(folder))
        .hasMessageContaining("weights/model.onnx, which was not added");
    assertThatThrownBy(
            () -> ModelPackage.builder(MLMODEL).file("a", new byte[0]).file("a", new byte[0]))
        .hasMessageContaining("has a already");
    assertThatThrownBy(() -> ModelPackage.builder(MLMODEL).file("MLmodel", new byte[0]))
        .hasMessageContaining("has MLmodel already");
    Files.createFile(folder.resolve("here"));
    assertThatThrownBy(
            () ->
                ModelPackage.builder(MLMODEL)
                    .file("weights/model.onnx", new byte[0])
                    .writeTo(folder))
        .hasMessageContaining("not empty");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "../secret",
        "/etc/passwd",
        "a/../../b",
        "a//b",
        "./a",
        "a/",
        "",
        "a\\b",
        "C:/x",
        "a\nb",
        "a\0b"
      })
  void paths_thatCouldLeaveThePackage_areRefused(String path) throws Exception {
    Files.writeString(folder.resolve("MLmodel"), "flavors: {onnx: {data: x}}");
    ModelPackage read = ModelPackage.read(folder);
    assertThatThrownBy(() -> read.file(path))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("unsafe path");
    assertThatThrownBy(() -> ModelPackage.builder(MLMODEL).file(path, new byte[0]))
        .isInstanceOf(ModelPackageException.class);
    assertThatThrownBy(() -> new PackageDigest.Entry(path, 0, "0".repeat(64)))
        .isInstanceOf(ModelPackageException.class);
  }

  @Test
  void links_thatLeaveThePackage_areRefused() throws Exception {
    Path root = Files.createDirectory(folder.resolve("package"));
    Files.writeString(root.resolve("MLmodel"), "flavors: {onnx: {data: model.onnx}}");
    Files.writeString(folder.resolve("secret"), "s");
    Files.createSymbolicLink(root.resolve("model.onnx"), folder.resolve("secret"));
    ModelPackage read = ModelPackage.read(root);

    assertThatThrownBy(() -> read.file("model.onnx")).hasMessageContaining("unsafe path");
    assertThatThrownBy(read::digest).hasMessageContaining("model.onnx is not a regular file");
  }

  @Test
  void digest_isTheShaOfTheSortedManifest() throws Exception {
    Files.createDirectories(folder.resolve("b"));
    Files.writeString(folder.resolve("MLmodel"), "x\n");
    Files.writeString(folder.resolve("b.txt"), "");
    Files.writeString(folder.resolve("b/é"), "abc");
    PackageDigest digest = PackageDigest.of(folder);

    // Made with sha256sum over the three files and over the text itself.
    assertThat(digest.canonicalText())
        .isEqualTo(
            """
            73cb3858a687a8494ca3323053016282f3dad39d42cf62ca4e79dda2aac7d9ac 2 MLmodel
            e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 0 b.txt
            ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad 3 b/é
            """);
    assertThat(digest.hex())
        .isEqualTo("56ba17b9af50a3e58ffff322eaf87da91df9bb9c54ee115ecce7fe1ebb3db111");
    assertThat(digest.sizeBytes()).isEqualTo(5);
  }

  @Test
  void digest_ofNothing_isTheShaOfTheEmptyText() {
    assertThat(new PackageDigest(List.of()).hex())
        .isEqualTo("e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
  }

  @Test
  void digest_sortsByUnsignedBytesAndNotByUtf16() {
    String zeros = "0".repeat(64);
    PackageDigest digest =
        new PackageDigest(
            List.of(
                new PackageDigest.Entry("\ud83d\ude00", 0, zeros),
                new PackageDigest.Entry("\uffee", 0, zeros),
                new PackageDigest.Entry("z", 0, zeros)));
    assertThat(digest.entries())
        .extracting(PackageDigest.Entry::path)
        .containsExactly("z", "\uffee", "\ud83d\ude00");
  }

  @Test
  void digest_entriesAreChecked() {
    String zeros = "0".repeat(64);
    assertThatThrownBy(() -> new PackageDigest.Entry("a", -1, zeros))
        .hasMessageContaining("negative");
    assertThatThrownBy(() -> new PackageDigest.Entry("a", 0, "0"))
        .hasMessageContaining("64 lower-case");
    PackageDigest.Entry entry = new PackageDigest.Entry("a", 0, zeros);
    assertThatThrownBy(() -> new PackageDigest(List.of(entry, entry)))
        .hasMessageContaining("twice");
  }
}
