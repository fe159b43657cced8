package dev.slipway.engine.predictor.python;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.error.EngineUnavailableException;
import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.PredictionException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictions;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ColumnType;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Worker processes of the Python on the path: what they answer, and every way they end. */
class PythonPredictorIT {

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  @TempDir private Path folder;

  private PythonPredictorProvider provider = new PythonPredictorProvider(ToyPackages.SETTINGS);

  @AfterEach
  void stop() {
    provider.close();
  }

  private void settings(int workers, Duration callTimeout, long maxBytes) {
    provider.close();
    provider =
        new PythonPredictorProvider(
            new PythonSettings(
                ToyPackages.SETTINGS.interpreters(),
                workers,
                ToyPackages.SETTINGS.startTimeout(),
                callTimeout,
                maxBytes,
                Optional.empty()));
  }

  private Predictor load(String predict) {
    return ToyPackages.load(provider, ToyPackages.write(folder, predict));
  }

  private static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(end);
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
  }

  private static boolean isAlive(long pid) {
    return ProcessHandle.of(pid).map(ProcessHandle::isAlive).orElse(false);
  }

  private static double[] ys(Predictor predictor, double... x) {
    return predictor.predict(ToyPackages.request(x)).output("y").toDoubles();
  }

  @Test
  void predict_answersInTheOrderAskedForAndCountsItsMemory() {
    try (Predictor predictor = load("")) {
      Predictions answer =
          predictor.predict(
              new PredictRequest(
                  List.of(Tensor.ofDoubles("x", Shape.of(3), 1, 2, 3)),
                  Map.of(),
                  List.of("pid", "y")));
      assertThat(answer.outputs()).extracting(Tensor::name).containsExactly("pid", "y");
      assertThat(answer.output("y").toDoubles()).containsExactly(2, 4, 6);
      assertThat(answer.output("pid").toLongs()[0]).isNotEqualTo(ProcessHandle.current().pid());
      assertThat(predictor.waits()).isTrue();
      assertThat(predictor.batched()).isTrue();
      assertThat(predictor.childProcessBytes()).isGreaterThan(1 << 20);
    }
  }

  @Test
  void predict_ofNoRows_isAnsweredWithNone() {
    try (Predictor predictor = load("")) {
      assertThat(ys(predictor)).isEmpty();
    }
  }

  @Test
  void predict_ofWrongInput_neverReachesTheWorker() {
    try (Predictor predictor = load("raise ValueError('reached')")) {
      assertThatThrownBy(
              () -> predictor.predict(PredictRequest.of(Tensor.ofFloats("x", Shape.of(1), 1))))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("FP64");
    }
  }

  @Test
  void predict_ofMoreThanAPipeHolds_passesEveryByte() {
    double[] values = new double[300_000];
    for (int i = 0; i < values.length; i++) {
      values[i] = i + 0.25;
    }
    try (Predictor predictor = load("return {'y': x, 'pid': [1] * len(x)}")) {
      assertThat(ys(predictor, values)).isEqualTo(values);
    }
  }

  @Test
  void predict_givesEveryNumberBackAsItWas() {
    Set<DataType> numbers = EnumSet.complementOf(EnumSet.of(DataType.BYTES, DataType.BF16));
    TensorSchema schema =
        new TensorSchema(
            numbers.stream()
                .map(type -> TensorSpec.of(type.name(), type, Shape.of(Shape.ANY, 2)))
                .toList());
    List<Tensor> inputs = new ArrayList<>();
    for (DataType datatype : numbers) {
      ByteBuffer bytes = ByteBuffer.allocate(6 * datatype.elementSizeBytes());
      for (int i = 0; bytes.hasRemaining(); i++) {
        bytes.put((byte) (datatype == DataType.BOOL ? i % 2 : i));
      }
      inputs.add(Tensor.of(datatype.name(), datatype, Shape.of(3, 2), bytes.flip()));
    }
    try (Predictor predictor =
        ToyPackages.load(provider, identity(ModelSignature.of(schema, schema)))) {
      assertThat(predictor.predict(PredictRequest.of(inputs)).outputs()).isEqualTo(inputs);
    }
  }

  @Test
  void predict_ofATensorWithoutAName_givesItAloneWhateverItIsCalled() {
    TensorSchema square =
        TensorSchema.of(TensorSpec.unnamed(DataType.FP32, Shape.of(Shape.ANY, 2)));
    Tensor matrix = Tensor.ofFloats("any name", Shape.of(1, 2), 1, 2);
    try (Predictor predictor =
        ToyPackages.load(provider, identity(ModelSignature.of(square, square)))) {
      assertThat(predictor.predict(PredictRequest.of(matrix)).outputs())
          .containsExactly(matrix.withName("predictions"));
    }
  }

  private ModelPackage identity(ModelSignature signature) {
    return ToyPackages.write(
        folder,
        """
        class Model:
            def predict(self, data, params=None):
                return data

        def _load_pyfunc(path, model_config=None):
            return Model()
        """,
        signature,
        Map.of());
  }

  @Test
  void predict_ofColumns_givesThemByNameInTheirTypes() {
    ColumnSchema columns =
        ColumnSchema.of(
            ColumnSpec.of("text", ScalarType.STRING),
            ColumnSpec.of("bytes", ScalarType.BINARY),
            ColumnSpec.of("flag", ScalarType.BOOLEAN),
            ColumnSpec.of("count", ScalarType.INTEGER));
    List<Tensor> inputs =
        List.of(
            Tensor.ofStrings("text", Shape.of(2), "ä𝄞", ""),
            Tensor.ofBytes("bytes", Shape.of(2), new byte[] {0, -1}, new byte[] {}),
            Tensor.ofBooleans("flag", Shape.of(2), true, false),
            Tensor.ofInts("count", Shape.of(2), 7, -7));
    try (Predictor predictor =
        ToyPackages.load(provider, identity(ModelSignature.of(columns, columns)))) {
      assertThat(predictor.predict(PredictRequest.of(inputs)).outputs()).isEqualTo(inputs);
    }
  }

  @Test
  void predict_ofNestedColumns_givesThemAsValuesFromJson() {
    ColumnSchema nested =
        ColumnSchema.of(
            ColumnSpec.of("sizes", new ColumnType.ArrayType(ScalarType.LONG)),
            ColumnSpec.of("any", new ColumnType.AnyType()));
    ModelPackage turned =
        ToyPackages.write(
            folder,
            """
            class Model:
                def predict(self, data, params=None):
                    return {"sizes": [sum(row) * [1] for row in data["sizes"]], "any": data["any"]}

            def _load_pyfunc(path, model_config=None):
                return Model()
            """,
            ModelSignature.of(nested, nested),
            Map.of());
    try (Predictor predictor = ToyPackages.load(provider, turned)) {
      Predictions answer =
          predictor.predict(
              PredictRequest.of(
                  Tensor.ofStrings("sizes", Shape.of(2), "[1, 2]", "[]"),
                  Tensor.ofStrings("any", Shape.of(2), "{\"a\": [null]}", "1.5")));
      assertThat(answer.output("sizes").toStrings()).containsExactly("[1, 1, 1]", "[]");
      assertThat(answer.output("any").toStrings()).containsExactly("{\"a\": [null]}", "1.5");
      assertThatThrownBy(
              () ->
                  predictor.predict(
                      PredictRequest.of(
                          Tensor.ofStrings("sizes", Shape.of(1), "[1,"),
                          Tensor.ofStrings("any", Shape.of(1), "1"))))
          .isInstanceOf(InvalidInputException.class)
          .hasMessageContaining("sizes is not JSON");
    }
  }

  @Test
  void predict_thatRaises_tellsWhereAndTheWorkerLivesOn() {
    try (Predictor predictor = load("if x[0] < 0: raise ValueError('minus one')")) {
      long pid = ToyPackages.pid(predictor);
      assertThatThrownBy(() -> ys(predictor, -1))
          .isInstanceOf(PredictionException.class)
          .hasMessageStartingWith("ValueError: minus one")
          .hasMessageContaining(
              "at code/toy_module.py:8 in predict: if x[0] < 0: raise ValueError");
      assertThat(ToyPackages.pid(predictor)).isEqualTo(pid);
    }
  }

  @Test
  void predict_thatExits_isAFailureAndTheWorkerLivesOn() {
    try (Predictor predictor = load("if x[0] < 0: sys.exit('enough')")) {
      long pid = ToyPackages.pid(predictor);
      assertThatThrownBy(() -> ys(predictor, -1))
          .isInstanceOf(PredictionException.class)
          .hasMessageContaining("SystemExit: enough");
      assertThat(ToyPackages.pid(predictor)).isEqualTo(pid);
    }
  }

  @Test
  void predict_thatAnswersSomethingElse_saysWhatAndWhatWasDeclared() {
    try (Predictor predictor =
        load(
            """
            if x[0] == 1: return {'y': [[1.0, 2.0]], 'pid': [1]}
            if x[0] == 2: return {'y': [1.0]}
            if x[0] == 3: return {'y': ['text'], 'pid': [1]}
            if x[0] == 4: return {'y': [1.0], 'pid': [1.5]}
            """)) {
      assertThatThrownBy(() -> ys(predictor, 1)).hasMessageContaining("y has the shape [1, 2]");
      assertThatThrownBy(() -> ys(predictor, 2)).hasMessageContaining("lacks ['pid']");
      assertThatThrownBy(() -> ys(predictor, 3)).hasMessageContaining("y is not FP64");
      assertThatThrownBy(() -> ys(predictor, 4)).hasMessageContaining("pid is not INT64");
      assertThat(ys(predictor, 5)).containsExactly(10);
    }
  }

  @Test
  void strayOutput_doesNotDisturbTheAnswers() {
    try (Predictor predictor =
        load(
            """
            print('noise' * 1000)
            sys.stdout.flush()
            os.write(1, b'raw \\xff noise')
            subprocess.run(['echo', 'noise of a child'], stdin=sys.stdin)
            """)) {
      for (int i = 0; i < 20; i++) {
        assertThat(ys(predictor, i)).containsExactly(2 * i);
      }
    }
  }

  @Test
  void workerKilledWhileIdle_isReplacedAndNoCallFails() {
    try (Predictor predictor = load("")) {
      long first = ToyPackages.pid(predictor);
      ProcessHandle.of(first).orElseThrow().destroyForcibly();
      assertThat(ys(predictor, 1)).containsExactly(2);
      assertThat(ToyPackages.pid(predictor)).isNotEqualTo(first);
    }
  }

  @Test
  void signalsForTheWholeGroup_leaveTheLastCallsTheirAnswers() {
    try (Predictor predictor =
        load(
            """
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
            """)) {
      assertThat(ToyPackages.pid(predictor)).isEqualTo(ToyPackages.pid(predictor));
    }
  }

  @Test
  void workerKilledInACall_hasTheCallMadeOnceMore() {
    try (Predictor predictor =
        load(
            """
            mark = os.path.join(folder, 'died')
            if x[0] < 0 and not os.path.exists(mark):
                open(mark, 'w').close()
                os.kill(os.getpid(), signal.SIGKILL)
            """)) {
      assertThat(ys(predictor, -1)).containsExactly(-2);
      assertThat(folder.resolve("died")).exists();
    }
  }

  @Test
  void callThatKillsEveryWorker_isAFailureThatSaysHowAndOthersGoOn() {
    try (Predictor predictor = load("if x[0] < 0: os.kill(os.getpid(), signal.SIGSEGV)")) {
      assertThatThrownBy(() -> ys(predictor, -1))
          .isInstanceOf(PredictionException.class)
          .hasMessageContaining("ended by signal 11 (SIGSEGV)")
          .hasMessageContaining("Segmentation fault")
          .hasMessageContaining("so did the worker that tried before");
      await(() -> answers(predictor));
    }
  }

  /**
   * While all workers wait to be started again, calls are refused at once; on a busy machine a call
   * may take longer than a test allows it.
   */
  private static boolean answers(Predictor predictor) {
    try {
      return ys(predictor, 1)[0] == 2;
    } catch (EngineUnavailableException | PredictionException e) {
      return false;
    }
  }

  @Test
  void callThatClosesThePipe_isAFailureAndTheWorkerIsReplaced() {
    try (Predictor predictor = load("if x[0] < 0: os.closerange(3, 100); time.sleep(600)")) {
      assertThatThrownBy(() -> ys(predictor, -1))
          .isInstanceOf(PredictionException.class)
          .hasMessageContaining("closed its standard input or output");
      await(() -> answers(predictor));
    }
  }

  @Test
  void callThatHangs_isEndedWithItsWorkerAndNotRepeated() throws Exception {
    settings(1, Duration.ofMillis(1500), Long.MAX_VALUE);
    ModelPackage hanging =
        ToyPackages.write(
            folder,
            """
            if x[0] < 0:
                with open(os.path.join(folder, 'tries'), 'a') as tries: tries.write('x')
                time.sleep(600)
            """,
            """
            with open(os.path.join(folder, 'pid-%d' % os.getpid()), 'w') as mark: mark.write('')
            """);
    try (Predictor predictor = ToyPackages.load(provider, hanging)) {
      long pid = pids().get(0);
      assertThatThrownBy(() -> ys(predictor, -1))
          .isInstanceOf(PredictionException.class)
          .hasMessageContaining("took longer than the 1500 ms");
      assertThat(isAlive(pid)).isFalse();
      Path tries = folder.resolve("tries");
      assertThat(Files.exists(tries) ? Files.readString(tries) : "").hasSizeLessThan(2);
      await(() -> pids().size() > 1);
    }
  }

  private List<Long> pids() {
    try (Stream<Path> files = Files.list(folder)) {
      return files
          .map(file -> file.getFileName().toString())
          .filter(name -> name.startsWith("pid-"))
          .map(name -> Long.valueOf(name.substring("pid-".length())))
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  @Test
  void modulesInTheTemporaryFolder_areNotLoaded() throws Exception {
    Path shared = Files.createDirectory(folder.resolve("shared"));
    Path loaded = folder.resolve("loaded");
    for (String module : List.of("json", "struct", "os", "signal", "venv", "toy_module")) {
      Files.writeString(shared.resolve(module + ".py"), "open('" + loaded + "', 'w')");
    }
    String before = System.setProperty("java.io.tmpdir", shared.toString());
    try {
      prepareEnvironments();
      try (Predictor predictor = load("")) {
        assertThat(ys(predictor, 1)).containsExactly(2);
      }
    } finally {
      System.setProperty("java.io.tmpdir", before);
    }
    assertThat(loaded).doesNotExist();

    Process worker =
        new ProcessBuilder(WorkerProgram.command(ToyPackages.PYTHON))
            .directory(shared.toFile())
            .start();
    try (OutputStream in = worker.getOutputStream()) {
      WorkerProgram.writeTo(in);
    }
    assertThat(worker.waitFor()).isZero();
    assertThat(loaded).doesNotExist();
  }

  @Test
  void workerThatIsKilled_endsItsCallAndWhatItForked() throws Exception {
    try (Predictor predictor =
        load(
            """
            if x[0] < 0:
                child = os.fork()
                if not child:
                    time.sleep(600)
                with open(os.path.join(folder, 'pid-%d' % child), 'w') as mark: mark.write('')
                os.kill(os.getpid(), signal.SIGKILL)
            """)) {
      assertThatThrownBy(() -> ys(predictor, -1))
          .isInstanceOf(PredictionException.class)
          .hasMessageContaining("SIGKILL");
      assertThat(pids()).hasSize(2);
      await(() -> pids().stream().noneMatch(PythonPredictorIT::isAlive));
    }
  }

  @Test
  void workerThatIsKilled_endsItsCallWhoeverHoldsItsPipe() throws Exception {
    Path over = folder.resolve("over");
    try (Predictor predictor =
        load(
            """
            if x[0] < 0:
                import ctypes
                if not ctypes.PyDLL(None).fork():  # Unseen by Python, which would close the pipe.
                    for _ in range(6000):
                        if os.path.exists(os.path.join(folder, 'over')): break
                        time.sleep(0.01)
                    os._exit(0)
                os.kill(os.getpid(), signal.SIGKILL)
            """)) {
      assertThatThrownBy(() -> ys(predictor, -1))
          .isInstanceOf(PredictionException.class)
          .hasMessageContaining("SIGKILL");
    } finally {
      Files.createFile(over);
    }
  }

  @Test
  void forkedProcess_endsBySigterm() {
    try (Predictor predictor =
        load(
            """
            child = os.fork()
            if not child:
                time.sleep(600)
                os._exit(0)
            os.kill(child, signal.SIGTERM)
            x = [os.WTERMSIG(os.waitpid(child, 0)[1])]
            """)) {
      assertThat(ys(predictor, 1)).containsExactly(2 * 15);
    }
  }

  @Test
  void workerThatTakesTooMuchMemory_isStoppedAndReplaced() {
    settings(1, Duration.ofSeconds(60), 200L << 20);
    try (Predictor predictor =
        load(
            """
            if x[0] < 0:
                blocks = [b'x' * (100 << 20) for i in range(3)]
                time.sleep(600)
            """)) {
      assertThatThrownBy(() -> ys(predictor, -1))
          .isInstanceOf(PredictionException.class)
          .hasMessageContaining("bytes of memory; it may take 209715200");
      await(() -> answers(predictor));
    }
  }

  @Test
  void memoryOfOneCall_isNotChargedToTheNext() {
    settings(1, Duration.ofSeconds(60), 200L << 20);
    try (Predictor predictor =
        load("if x[0] < 0: sys.kept = [b'x' * (100 << 20) for i in range(3)]")) {
      try {
        ys(predictor, -1);
      } catch (PredictionException e) {
        // The watch saw it first.
        assertThat(e).hasMessageContaining("bytes of memory");
      }
      assertThat(ys(predictor, 1)).containsExactly(2);
    }
  }

  @Test
  void workerStoppedWhileItLoads_isUnavailable() {
    settings(1, Duration.ofSeconds(60), 200L << 20);
    ModelPackage large =
        ToyPackages.write(
            folder, "", "blocks = [b'x' * (100 << 20) for i in range(3)]; time.sleep(600)");
    assertThatThrownBy(() -> ToyPackages.load(provider, large))
        .isInstanceOf(EngineUnavailableException.class)
        .hasMessageContaining("bytes of memory");
  }

  @Test
  void workersThatCannotBeStartedAgain_makeCallsUnavailableAtOnce() throws Exception {
    ModelPackage once =
        ToyPackages.write(
            folder,
            "",
            """
            if os.path.exists(os.path.join(folder, 'broken')): raise RuntimeError('broken now')
            """);
    try (Predictor predictor = ToyPackages.load(provider, once)) {
      Files.createFile(folder.resolve("broken"));
      ProcessHandle.of(ToyPackages.pid(predictor)).orElseThrow().destroyForcibly();
      await(
          () -> {
            try {
              ys(predictor, 1);
              return false;
            } catch (EngineUnavailableException e) {
              return e.getMessage().contains("RuntimeError: broken now");
            }
          });
      Files.delete(folder.resolve("broken"));
      await(() -> answers(predictor));
    }
  }

  @Test
  void manyCalls_areSharedByTheWorkersOneAtATime() {
    settings(2, Duration.ofSeconds(60), Long.MAX_VALUE);
    // Each call waits for company: with one worker, or both calls on one, none would ever end.
    try (Predictor predictor =
        load(
            """
            if x[0] < 0:
                open(os.path.join(folder, 'pid-%d' % os.getpid()), 'w').close()
                while len([name for name in os.listdir(folder) if name.startswith('pid-')]) < 2:
                    time.sleep(0.002)
            """)) {
      assertThat(predictor.parallelCalls()).isEqualTo(2);
      List<CompletableFuture<Long>> calls = new ArrayList<>();
      for (int i = 0; i < 6; i++) {
        calls.add(
            CompletableFuture.supplyAsync(
                () -> predictor.predict(ToyPackages.request(-1)).output("pid").toLongs()[0],
                task -> new Thread(task).start()));
      }
      Set<Long> pids = new HashSet<>();
      calls.forEach(call -> pids.add(call.join()));
      assertThat(pids).hasSize(2);
    }
  }

  @Test
  void everyWorker_answersAGoldenRequestBeforeOthers() throws Exception {
    settings(2, Duration.ofSeconds(60), Long.MAX_VALUE);
    ModelPackage golden =
        ToyPackages.writeGolden(
            folder, "open(os.path.join(folder, 'warm-%d' % os.getpid()), 'w').close()");
    try (Predictor predictor = ToyPackages.load(provider, golden);
        Stream<Path> files = Files.list(folder)) {
      assertThat(files.filter(file -> file.getFileName().toString().startsWith("warm-")))
          .hasSize(2);
      assertThat(predictor.batched()).isTrue();
    }
  }

  @Test
  void preparedEnvironment_isThatOfTheWorkers() throws Exception {
    Path environments = prepareEnvironments();
    try (Predictor predictor =
        load("with open(os.path.join(folder, 'prefix'), 'w') as out: out.write(sys.prefix)")) {
      assertThat(ys(predictor, 1)).containsExactly(2);
      assertThat(Path.of(Files.readString(folder.resolve("prefix"))).getParent())
          .isEqualTo(environments);
    }
  }

  private Path prepareEnvironments() {
    provider.close();
    Path environments = folder.resolve("environments");
    provider =
        new PythonPredictorProvider(
            new PythonSettings(
                ToyPackages.SETTINGS.interpreters(),
                1,
                ToyPackages.SETTINGS.startTimeout(),
                ToyPackages.SETTINGS.callTimeout(),
                Long.MAX_VALUE,
                Optional.of(environments)));
    return environments;
  }

  @Test
  void close_endsTheWorkersAndRefusesCalls() {
    Predictor predictor = load("");
    long pid = ToyPackages.pid(predictor);
    predictor.close();
    assertThat(isAlive(pid)).isFalse();
    assertThatThrownBy(() -> ys(predictor, 1)).isInstanceOf(IllegalStateException.class);
    predictor.close();
  }

  @Test
  void loadThatRaises_tellsTheTraceback() {
    ModelPackage broken = ToyPackages.write(folder, "", "raise ValueError('no weights')");
    assertThatThrownBy(() -> ToyPackages.load(provider, broken))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("ValueError: no weights")
        .hasMessageContaining("in _load_pyfunc");
  }

  @Test
  void loadWithoutAModule_isUnsupportedAndNamesIt() {
    ModelPackage broken = ToyPackages.write(folder, "", "import no_such_module_anywhere");
    assertThatThrownBy(() -> ToyPackages.load(provider, broken))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("no_such_module_anywhere");
  }

  @Test
  void loadThatEndsTheWorker_tellsHow() {
    ModelPackage broken = ToyPackages.write(folder, "", "print('last words'); os._exit(7)");
    assertThatThrownBy(() -> ToyPackages.load(provider, broken))
        .isInstanceOf(ModelPackageException.class)
        .hasMessageContaining("ended with status 7");
  }

  @Test
  void loadThatIsInterrupted_leavesNoProcess() throws Exception {
    ModelPackage hanging =
        ToyPackages.write(
            folder,
            "",
            """
            with open(os.path.join(folder, 'new'), 'w') as mark: mark.write(str(os.getpid()))
            os.rename(os.path.join(folder, 'new'), os.path.join(folder, 'loading'))
            time.sleep(600)
            """);
    CompletableFuture<Throwable> outcome = new CompletableFuture<>();
    Thread loading =
        new Thread(
            () -> {
              try {
                ToyPackages.load(provider, hanging).close();
              } catch (RuntimeException e) {
                outcome.complete(e);
              }
            });
    loading.start();
    Path mark = folder.resolve("loading");
    await(() -> Files.exists(mark));
    loading.interrupt();
    assertThat(outcome.get(60, TimeUnit.SECONDS)).isInstanceOf(EngineUnavailableException.class);
    assertThat(isAlive(Long.parseLong(Files.readString(mark)))).isFalse();
  }

  @Test
  void pythonThatIsNotThere_isNamed() {
    PythonSettings settings =
        new PythonSettings(
            List.of("/no/such/python"),
            1,
            Duration.ofSeconds(60),
            Duration.ofSeconds(60),
            Long.MAX_VALUE,
            Optional.empty());
    try (PythonPredictorProvider other = new PythonPredictorProvider(settings)) {
      assertThatThrownBy(() -> ToyPackages.load(other, ToyPackages.write(folder, "")))
          .isInstanceOf(UnsupportedModelException.class)
          .hasMessageContaining("/no/such/python");
    }
  }

  @Test
  void otherVersionOfPython_isRefusedBeforeAnythingIsUnpickled() {
    ModelPackage old =
        ToyPackages.write(
            folder,
            "raise SystemExit",
            ModelSignature.of(
                TensorSchema.of(TensorSpec.of("x", DataType.FP64, Shape.of(-1))),
                TensorSchema.of(TensorSpec.of("y", DataType.FP64, Shape.of(-1)))),
            Map.of("python_version", "2.7.18"));
    assertThatThrownBy(() -> ToyPackages.load(provider, old))
        .isInstanceOf(UnsupportedModelException.class)
        .hasMessageContaining("the package wants Python 2.7.18; python3 is 3.");
  }

  @Test
  void serverThatIsKilled_takesItsBusyWorkersWithIt() throws Exception {
    ToyPackages.write(
        folder,
        """
        if x[0] < 0:
            open(os.path.join(folder, 'busy'), 'w').close()
            time.sleep(600)
        """);
    Process server =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-cp",
                System.getProperty("java.class.path"),
                KilledServer.class.getName(),
                folder.resolve("package").toString())
            .redirectError(ProcessBuilder.Redirect.INHERIT)
            .start();
    try (BufferedReader out = server.inputReader(StandardCharsets.UTF_8)) {
      String line = out.readLine();
      while (line != null && !line.startsWith("worker ")) {
        line = out.readLine();
      }
      assertThat(line).isNotNull();
      long pid = Long.parseLong(line.substring("worker ".length()));
      await(() -> Files.exists(folder.resolve("busy")));
      assertThat(isAlive(pid)).isTrue();
      server.destroyForcibly().waitFor();
      await(() -> !isAlive(pid));
    } finally {
      server.destroyForcibly();
    }
  }

  /** A server whose only worker is busy for long. */
  static final class KilledServer {
    private KilledServer() {}

    /** Says which process the worker is once it is busy. */
    public static void main(String[] args) throws Exception {
      PythonPredictorProvider provider = new PythonPredictorProvider(ToyPackages.SETTINGS);
      // On a thread that ends: workers must not end with it.
      CompletableFuture<Predictor> loaded = new CompletableFuture<>();
      Thread loading =
          new Thread(
              () ->
                  loaded.complete(ToyPackages.load(provider, ModelPackage.read(Path.of(args[0])))));
      loading.start();
      Predictor predictor = loaded.get();
      loading.join();
      long pid = ToyPackages.pid(predictor);
      new Thread(() -> predictor.predict(ToyPackages.request(-1))).start();
      System.out.println("worker " + pid);
      System.out.flush();
      Thread.sleep(TimeUnit.MINUTES.toMillis(5));
    }
  }
}
