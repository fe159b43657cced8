package dev.slipway.engine.predictor.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfEnvironmentVariable;
import org.junit.jupiter.api.io.TempDir;

/** Packages that MLflow writes, read by MLflow, with the libraries that made them. */
@EnabledIfEnvironmentVariable(
    named = "SLIPWAY_PYTHON",
    matches = ".+",
    disabledReason =
        "set SLIPWAY_PYTHON to a Python that has mlflow-skinny, pandas and scikit-learn")
class PythonMlflowIT {

  private static final String PYTHON = System.getenv("SLIPWAY_PYTHON");

  @TempDir private static Path folder;
  private static PythonPredictorProvider provider;

  @BeforeAll
  static void makeModels() throws Exception {
    Subprocess.Result made =
        Subprocess.run(
            List.of(
                PYTHON,
                Path.of("src/test/models/make_python_models.py").toAbsolutePath().toString(),
                folder.toString()),
            ChildEnvironment.ofWorker(System.getenv()),
            Duration.ofMinutes(3));
    assertThat(made.status()).as(made.tail()).isZero();
    provider =
        new PythonPredictorProvider(
            new PythonSettings(
                List.of(PYTHON),
                1,
                Duration.ofMinutes(3),
                Duration.ofMinutes(1),
                Long.MAX_VALUE,
                Optional.empty()));
  }

  @AfterAll
  static void stop() {
    if (provider != null) {
      provider.close();
    }
  }

  private static Predictor load(String name) {
    return ToyPackages.load(provider, ModelPackage.read(folder.resolve(name)));
  }

  @Test
  void scikitLearn_takesColumnsAndAMatrixInEitherPrecision() {
    try (Predictor predictor = load("sklearn")) {
      assertThat(predictor.batched()).isTrue();
      List<PredictRequest> forms =
          List.of(
              PredictRequest.of(
                  Tensor.ofDoubles("b", Shape.of(2), 0.5, 10),
                  Tensor.ofDoubles("a", Shape.of(2, 1), 1, 2)),
              PredictRequest.of(Tensor.ofDoubles("m", Shape.of(2, 2), 1, 0.5, 2, 10)),
              PredictRequest.of(Tensor.ofFloats("m", Shape.of(2, 2), 1, 0.5f, 2, 10)));
      for (PredictRequest form : forms) {
        Predictions answer = predictor.predict(form);
        assertThat(answer.outputs().get(0).toDoubles())
            .containsExactly(new double[] {3, -13}, within(1e-9));
      }
    }
  }

  @Test
  void customModel_takesTextTimesAndParametersAndLeavesOutWhatIsOptional() {
    try (Predictor predictor = load("custom")) {
      List<Tensor> inputs =
          List.of(
              Tensor.ofStrings("name", Shape.of(2), "anna", "\u00e4"),
              Tensor.ofStrings("when", Shape.of(2), "1999-12-31T12:00:00", "2024-02-29"));
      Predictions answer =
          predictor.predict(new PredictRequest(inputs, Map.of("marks", 2L), List.of()));
      assertThat(answer.output("label").toStrings()).containsExactly("ANNA!!", "\u00c4!!");
      assertThat(answer.output("year").toLongs()).containsExactly(1999, 2024);
      assertThat(answer.output("next_day").toStrings()[1]).startsWith("2024-03-01T00:00:00");
    }
  }

  @Test
  void failureOfTheModel_tellsItsOwnLine() {
    try (Predictor predictor = load("custom")) {
      List<Tensor> negative =
          List.of(
              Tensor.ofStrings("name", Shape.of(1), "anna"),
              Tensor.ofStrings("when", Shape.of(1), "1999-12-31"),
              Tensor.ofDoubles("amount", Shape.of(1), -1));
      assertThatThrownBy(
              () -> predictor.predict(new PredictRequest(negative, Map.of("marks", 1L), List.of())))
          .isInstanceOf(PredictionException.class)
          .hasMessageStartingWith("ValueError: amounts are never negative")
          .hasMessageContaining("make_python_models.py")
          .hasMessageContaining("in predict");
    }
  }

  @Test
  void timeThatIsNone_isTheCallersFault() {
    try (Predictor predictor = load("custom")) {
      assertThatThrownBy(
              () ->
                  predictor.predict(
                      PredictRequest.of(
                          Tensor.ofStrings("name", Shape.of(1), "anna"),
                          Tensor.ofStrings("when", Shape.of(1), "yesterday"),
                          Tensor.ofDoubles("amount", Shape.of(1), 1))))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("column when is no ISO 8601 time");
    }
  }
}
