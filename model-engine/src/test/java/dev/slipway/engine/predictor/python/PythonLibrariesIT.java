package dev.slipway.engine.predictor.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Models of libraries that are too large to ask for: each is tested where its library is there. */
@EnabledIfEnvironmentVariable(
    named = "SLIPWAY_PYTHON",
    matches = ".+",
    disabledReason =
        "set SLIPWAY_PYTHON to a Python that has mlflow-skinny, pandas and torch, keras or spacy")
class PythonLibrariesIT {
  private static final String PYTHON = System.getenv("SLIPWAY_PYTHON");

  @TempDir private Path folder;

  private PythonPredictorProvider provider() {
    return new PythonPredictorProvider(
        new PythonSettings(
            List.of(PYTHON),
            1,
            Duration.ofMinutes(3),
            Duration.ofMinutes(1),
            Long.MAX_VALUE,
            Optional.empty()));
  }

  /** Has the library write a package; skips the test where Python does not have it. */
  private ModelPackage make(String library) throws Exception {
    Subprocess.Result found =
        run(
            "-c",
            "import importlib.util, sys; sys.exit(not importlib.util.find_spec(sys.argv[1]))",
            library);
    assumeTrue(found.status() == 0, () -> PYTHON + " has no " + library);
    Path written = folder.resolve(library);
    Subprocess.Result made =
        run(
            Path.of("src/test/models/make_python_library_models.py").toAbsolutePath().toString(),
            library,
            written.toString());
    assertThat(made.status()).as(made.tail()).isZero();
    return ModelPackage.read(written);
  }

  private static Subprocess.Result run(String program, String first, String second)
      throws Exception {
    return Subprocess.run(
        List.of(PYTHON, program, first, second),
        ChildEnvironment.ofWorker(System.getenv()),
        Duration.ofMinutes(3));
  }

  @ParameterizedTest
  @ValueSource(strings = {"torch", "keras"})
  void network_answersEachRow(String library) throws Exception {
    ModelPackage modelPackage = make(library);
    try (PythonPredictorProvider provider = provider();
        Predictor predictor = ToyPackages.load(provider, modelPackage)) {
      assertThat(predictor.batched()).isTrue();

      Tensor answer =
          predictor
              .predict(
                  PredictRequest.of(
                      Tensor.ofFloats(
                          "input", Shape.of(3, 4), 1, 0, 0, 2, 0.5f, -1, 2, 0, 3, 1, 4, 1)))
              .outputs()
              .get(0);

      assertThat(answer.shape()).isEqualTo(Shape.of(3, 1));
      assertThat(answer.toFloats()).containsExactly(new float[] {9.5f, 5, 21.5f}, within(1e-5f));
    }
  }

  @Test
  void spacyCategories_comeAsJsonByLabel() throws Exception {
    ModelPackage modelPackage = make("spacy");
    try (PythonPredictorProvider provider = provider();
        Predictor predictor = ToyPackages.load(provider, modelPackage)) {
      String[] answer =
          predictor
              .predict(
                  PredictRequest.of(Tensor.ofStrings("text", Shape.of(2), "very good", "very bad")))
              .output("predictions")
              .toStrings();

      JsonNode praised = Frame.JSON.readTree(answer[0]);
      JsonNode blamed = Frame.JSON.readTree(answer[1]);
      assertThat(praised.path("praise").asDouble()).isGreaterThan(0.5);
      assertThat(blamed.path("blame").asDouble()).isGreaterThan(0.5);
      assertThat(praised.path("praise").asDouble() + praised.path("blame").asDouble())
          .isEqualTo(1, within(1e-3));
    }
  }
}
