package dev.slipway.engine.predictor.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.EngineException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.ModelPackage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PackageRequirementsTest {

  private static final String BOTH =
      "env: {conda: conda.yaml, virtualenv: python_env.yaml}, python_version: 3.9.1";

  @TempDir private Path folder;

  private PackageRequirements read(String config) throws IOException {
    Files.writeString(folder.resolve("MLmodel"), "flavors: {python_function: {" + config + "}}");
    ModelPackage modelPackage = ModelPackage.read(folder);
    return PackageRequirements.read(
        modelPackage, modelPackage.findFlavor("python_function").orElseThrow());
  }

  private void write(String file, String text) throws IOException {
    Files.writeString(folder.resolve(file), text);
  }

  @Test
  void pythonEnv_isReadWithTheRequirementsThatItNames() throws IOException {
    write(
        "python_env.yaml",
        """
        python: 3.11.7
        build_dependencies: [pip==23.2.1, setuptools]
        dependencies:
        - -r requirements.txt
        """);
    write(
        "requirements.txt",
        """
        # made by MLflow
        mlflow==3.17.2
        pandas[computation, performance] >= 2, < 4  # tables
        tomli; python_version < "3.11"

        numpy==2.0 \\
            --hash=sha256:0a1b
        scikit_learn
        """);
    assertThat(read(BOTH))
        .isEqualTo(
            new PackageRequirements(
                Optional.of("3.11.7"),
                List.of(
                    "mlflow==3.17.2",
                    "pandas[computation, performance] >= 2, < 4",
                    "tomli; python_version < \"3.11\"",
                    "numpy==2.0 --hash=sha256:0a1b",
                    "scikit_learn")));
  }

  @Test
  void condaFile_isReadForPythonAndItsPipSection() throws IOException {
    write(
        "conda.yaml",
        """
        channels: [conda-forge]
        dependencies:
        - python=3.10.4
        - pip<=23.2.1
        - pip: [mlflow==2.9.2, cloudpickle]
        """);
    PackageRequirements expected =
        new PackageRequirements(Optional.of("3.10.4"), List.of("mlflow==2.9.2", "cloudpickle"));
    assertThat(read("env: {conda: conda.yaml}, python_version: 3.9.1")).isEqualTo(expected);
    assertThat(read("env: conda.yaml")).isEqualTo(expected);
  }

  @Test
  void condaFileWithOtherPackages_isRefused() throws IOException {
    write("conda.yaml", "dependencies: [python=3.10, cudatoolkit=11]");
    assertThatThrownBy(() -> read("env: conda.yaml"))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("cudatoolkit=11");
  }

  @Test
  void requirementsAlone_areReadToo() throws IOException {
    write("requirements.txt", "numpy");
    assertThat(read("python_version: 3.9.1"))
        .isEqualTo(new PackageRequirements(Optional.of("3.9.1"), List.of("numpy")));
  }

  @Test
  void packageThatAsksForNothing_getsNothing() throws IOException {
    assertThat(read("loader_module: x"))
        .isEqualTo(new PackageRequirements(Optional.empty(), List.of()));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "--index-url https://elsewhere.example",
        "-i https://elsewhere.example",
        "-e .",
        "./wheel.whl",
        "/tmp/wheel.whl",
        "code/wheel.whl",
        "numpy @ https://elsewhere.example/numpy.whl",
        "https://elsewhere.example/numpy.whl",
        "git+ssh://elsewhere.example/numpy",
        "numpy --config-settings=x=y",
        "--hash=sha256:00"
      })
  void requirementThatChoosesWhereCodeComesFrom_isRefused(String requirement) throws IOException {
    write("requirements.txt", "pandas\n" + requirement + "\n");
    assertThatThrownBy(() -> read("loader_module: x"))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("requirements.txt asks for \"" + requirement + "\"");
  }

  @Test
  void includedFile_mustBeInThePackageAndNotIncludeItself() throws IOException {
    write("requirements.txt", "-r ../elsewhere.txt");
    assertThatThrownBy(() -> read("loader_module: x")).isInstanceOf(ModelPackageException.class);
    write("requirements.txt", "-r requirements.txt");
    assertThatThrownBy(() -> read("loader_module: x")).isInstanceOf(EngineException.class);
  }

  @Test
  void malformedFile_isTheFaultOfThePackage() throws IOException {
    write("python_env.yaml", "dependencies: text");
    assertThatThrownBy(() -> read(BOTH))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("python_env.yaml");
  }
}
