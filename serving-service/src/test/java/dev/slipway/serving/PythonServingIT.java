package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.python.PythonSettings;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ColumnType;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.execution.QueueLimits;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.Column;
import dev.slipway.serving.v1.DataFrame;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.StringValues;
import dev.slipway.serving.v1.UnloadRequest;
import dev.slipway.serving.v1.VersionSelector;
import dev.slipway.serving.v1.VersionState;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Models of the Python on the path behind the protocol. */
class PythonServingIT {
  private static final int WORKERS = 2;

  @TempDir Path folder;

  private ServingHarness harness;

  @AfterEach
  void stop() {
    if (harness != null) {
      harness.close();
    }
  }

  private void start(Optional<PythonSettings> python) {
    harness =
        new ServingHarness(
            folder.resolve("server"),
            config ->
                new ServingConfig(
                    config.cacheFolder(),
                    config.followed(),
                    new QueueLimits(1024, 2 * WORKERS, 1024),
                    config.keep(),
                    config.loads(),
                    config.idleBufferBytes(),
                    config.cacheBytes(),
                    python));
  }

  private static Optional<PythonSettings> python() {
    return Optional.of(
        new PythonSettings(
            List.of("python3"),
            WORKERS,
            Duration.ofSeconds(60),
            Duration.ofSeconds(60),
            Long.MAX_VALUE,
            Optional.empty()));
  }

  /** Registers a model that answers 2x and its process, after some lines that know x. */
  private void add(String model, String lines) {
    String module =
        """
        import os, sys, time

        class Model:
            def predict(self, data, params=None):
                x = [float(value) for value in data["x"]]
        %s
                return {"y": [2 * value for value in x], "pid": [os.getpid()] * len(x)}

        def _load_pyfunc(path, model_config=None):
            return Model()
        """
            .formatted(lines.strip().indent(8).stripTrailing());
    register(
        model,
        module,
        ModelSignature.of(
            TensorSchema.of(TensorSpec.of("x", DataType.FP32, Shape.of(-1))),
            TensorSchema.of(
                TensorSpec.of("y", DataType.FP32, Shape.of(-1)),
                TensorSpec.of("pid", DataType.INT64, Shape.of(-1)))));
  }

  private void register(String model, String module, ModelSignature signature) {
    MLmodel mlmodel =
        MLmodel.builder()
            .flavor(
                new Flavor(
                    "python_function", Map.of("loader_module", "served_module", "code", "code")))
            .signature(signature)
            .build();
    ModelPackage written =
        ModelPackage.builder(mlmodel)
            .file("code/served_module.py", module.getBytes(StandardCharsets.UTF_8))
            .writeTo(folder.resolve(model));
    harness.registry.add(model, harness.artifacts.put(written.root()), Stage.STAGE_PRODUCTION);
  }

  private void addAndAwait(String model, String lines) {
    add(model, lines);
    harness.awaitProduction(model, 1);
  }

  private ModelInferResponse ask(String model, float... x) {
    return harness.inference().modelInfer(ServingHarness.ask(model, "", x));
  }

  private static long pid(ModelInferResponse response) {
    return response
        .getRawOutputContents(1)
        .asReadOnlyByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .getLong();
  }

  private static boolean isAlive(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  @Test
  void pythonModel_isServedItsMemoryCountedAndItsProcessesEndWithIt() throws Exception {
    start(python());
    // A call on one process waits for one on the other.
    addAndAwait(
        "m",
        """
        if x[0] == 7:
            open(os.path.join("%1$s", "pid-%%d" %% os.getpid()), "w").close()
            while len([name for name in os.listdir("%1$s") if name.startswith("pid-")]) < 2:
                time.sleep(0.002)
        """
            .formatted(folder));
    assertThat(ServingHarness.y(ask("m", 3))).isEqualTo(6);

    Set<Long> pids = new HashSet<>();
    ExecutorService callers = Executors.newFixedThreadPool(WORKERS);
    try {
      List<CompletableFuture<ModelInferResponse>> calls = new ArrayList<>();
      for (int i = 0; i < WORKERS; i++) {
        // Of different sizes, so that they are not joined.
        float[] x = i == 0 ? new float[] {7} : new float[2000];
        x[0] = 7;
        calls.add(CompletableFuture.supplyAsync(() -> ask("m", x), callers));
      }
      calls.forEach(call -> pids.add(pid(call.join())));
    } finally {
      callers.shutdownNow();
    }
    assertThat(pids).hasSize(WORKERS);
    long resident = 0;
    for (long pid : pids) {
      resident += residentBytes(pid);
    }
    assertThat(version("m").getMemoryBytes()).isGreaterThan(resident / 2);

    harness
        .serving()
        .unload(
            UnloadRequest.newBuilder()
                .setModel("m")
                .setSelector(VersionSelector.newBuilder().setVersion(1))
                .setForce(true)
                .build());
    ServingHarness.await(() -> pids.stream().noneMatch(PythonServingIT::isAlive));
  }

  private static long residentBytes(long pid) throws Exception {
    return Files.readAllLines(Path.of("/proc/" + pid + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D", "")) << 10)
        .sum();
  }

  private ServedVersion version(String model) {
    return harness
        .serving()
        .describeModel(
            DescribeModelRequest.newBuilder()
                .setModel(model)
                .setSelector(VersionSelector.newBuilder().setVersion(1))
                .build())
        .getVersion();
  }

  @Test
  void processesKilledUnderLoad_failNoCall() {
    start(python());
    addAndAwait("m", "");
    ExecutorService callers = Executors.newFixedThreadPool(4);
    try {
      List<CompletableFuture<Void>> loads = new ArrayList<>();
      for (int caller = 0; caller < 4; caller++) {
        loads.add(
            CompletableFuture.runAsync(
                () -> {
                  for (int i = 0; i < 100; i++) {
                    assertThat(ServingHarness.y(ask("m", i))).isEqualTo(2 * i);
                  }
                },
                callers));
      }
      long first = pid(ask("m", 1));
      ProcessHandle.of(first).orElseThrow().destroyForcibly();
      loads.forEach(CompletableFuture::join);
      ServingHarness.await(() -> !isAlive(first));
    } finally {
      callers.shutdownNow();
    }
  }

  @Test
  void failureOfTheModel_tellsTheTracebackAndNothingElseStops() {
    start(python());
    addAndAwait("m", "if x[0] < 0: raise ValueError('negative')");
    assertThatThrownBy(() -> ask("m", -1))
        .hasMessageStartingWith("INTERNAL")
        .hasMessageContaining("ValueError: negative")
        .hasMessageContaining("code/served_module.py:6 in predict");
    assertThat(ServingHarness.y(ask("m", 3))).isEqualTo(6);
  }

  @Test
  void nestedColumns_areJsonInADataFrameBothWays() {
    start(python());
    register(
        "m",
        """
        class Model:
            def predict(self, data, params=None):
                sizes = list(data["sizes"])
                return {
                    "total": [sum(row) for row in sizes],
                    "parts": [{"first": row[:1]} for row in sizes],
                }

        def _load_pyfunc(path, model_config=None):
            return Model()
        """,
        ModelSignature.of(
            ColumnSchema.of(ColumnSpec.of("sizes", new ColumnType.ArrayType(ScalarType.LONG))),
            ColumnSchema.of(
                ColumnSpec.of("total", ScalarType.LONG),
                ColumnSpec.of("parts", new ColumnType.AnyType()))));
    Column sizes =
        Column.newBuilder()
            .setName("sizes")
            .setJson(StringValues.newBuilder().addValues("[1, 2]").addValues("[]"))
            .build();
    List<DataFrame> answers = new ArrayList<>();
    ServingHarness.await(() -> answers.add(predict(sizes)));

    assertThat(answers.get(0).getColumns(0).getInt64S().getValuesList()).containsExactly(3L, 0L);
    assertThat(answers.get(0).getColumns(1).getJson().getValuesList())
        .containsExactly("{\"first\": [1]}", "{\"first\": []}");
    assertThatThrownBy(
            () ->
                predict(
                    Column.newBuilder()
                        .setName("sizes")
                        .setStrings(StringValues.newBuilder().addValues("[1]"))
                        .build()))
        .hasMessageStartingWith("INVALID_ARGUMENT")
        .hasMessageContaining("declared as a nested type, which strings do not carry");
  }

  private DataFrame predict(Column column) {
    return harness
        .serving()
        .predict(
            PredictRequest.newBuilder()
                .setModel("m")
                .setDataFrame(DataFrame.newBuilder().addColumns(column))
                .build())
        .getDataFrame();
  }

  @Test
  void serverThatWasNotToldTo_runsNoPython() {
    start(Optional.empty());
    add("m", "raise SystemExit");
    ServingHarness.await(() -> version("m").getState() == VersionState.VERSION_STATE_FAILED);
    assertThatThrownBy(() -> ask("m", 1))
        .hasMessageStartingWith("FAILED_PRECONDITION")
        .hasMessageContaining("--serve-python");
  }
}
