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
        "--hash=sha256:00",
        "num${HOME}py",
        "numpy==${HOME}",
        "evil-1.0.tar.gz",
        "evil-1.0.ZIP",
        "evil-1.0.whl[extra]",
        "evil==1.0.tar.xz; python_version > '3'",
        "numpy; python_version > '3' --index-url=https",
        "numpy; sys_platform == 'x -i elsewhere'",
        "numpy==1 -i elsewhere",
        "numpy, pandas"
      })
  void requirementThatChoosesWhereCodeComesFrom_isRefused(String requirement) throws IOException {
    write("requirements.txt", "pandas\n" + requirement + "\n");
    assertThatThrownBy(() -> read("loader_module: x"))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("requirements.txt asks for \"" + requirement + "\"");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "\u000b", "\f", "\u001c", "\u001d", "\u001e", "\u0085", "\u00a0", "\u2028", "\u2029", "\0"
      })
  void requirementWithWhatPipMayTakeForTheEndOfALine_isRefused(String end) throws IOException {
    for (String requirement :
        List.of("numpy" + end + "-i x", "numpy; 'a" + end + "-i'", "a" + end + "b")) {
      write("requirements.txt", requirement);
      assertThatThrownBy(() -> read("loader_module: x"))
          .isInstanceOf(UnsupportedModelException.class)
          .hasMessageContaining("?");
    }
  }

  @Test
  void requirementOfTwoLines_isRefused() throws IOException {
    write("python_env.yaml", "dependencies: [\"numpy\\n-i elsewhere\"]");
    assertThatThrownBy(() -> read(BOTH)).isInstanceOf(UnsupportedModelException.class);
  }

  @Test
  void requirementWithoutEnd_isRefusedAsQuicklyAsOthers() throws IOException {
    for (String part : List.of("a", "a,", " a", "(", "'a'", " --hash=sha256:0")) {
      write("requirements.txt", "numpy; " + part.repeat(50_000) + "?");
      assertThatThrownBy(() -> read("loader_module: x"))
          .isInstanceOf(UnsupportedModelException.class);
    }
    write("requirements.txt", "numpy; " + "a".repeat(900) + "?");
    assertThatThrownBy(() -> read("loader_module: x"))
        .isInstanceOf(UnsupportedModelException.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "a",
        "zope.interface===5.0",
        "torch==2.1.0+cu118",
        "x (>=1.0, !=1.2.*)",
        "x[]~=1!2.0",
        "x<3,>=1;(sys_platform=='linux' and python_version not in \"3.7\") or extra == 'b'",
        "numpy>=1 --hash=sha256:00 --hash=sha512:11"
      })
  void requirementOfTheGrammar_isTakenAsItIs(String requirement) throws IOException {
    write("requirements.txt", requirement);
    assertThat(read("loader_module: x").pip()).containsExactly(requirement);
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
