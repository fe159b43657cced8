package dev.slipway.cli.quickstart;

import com.google.errorprone.annotations.FormatMethod;
import com.google.errorprone.annotations.FormatString;
import com.google.protobuf.ByteString;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.Progress;
import dev.slipway.cli.client.TransferProgress;
import dev.slipway.cli.quickstart.DigitsTrainer.Hyperparameters;
import dev.slipway.cli.quickstart.DigitsTrainer.Trained;
import dev.slipway.cli.server.TemporaryFolder;
import dev.slipway.client.ActiveRun;
import dev.slipway.client.RunOptions;
import dev.slipway.client.RunSummary;
import dev.slipway.client.SlipwayClient;
import dev.slipway.client.UploadedFolder;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.serving.v1.DataType;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.Tensors;
import dev.slipway.serving.v1.VersionSelector;
import dev.slipway.tracking.v1.CreateExperimentRequest;
import dev.slipway.tracking.v1.CreateRunRequest;
import dev.slipway.tracking.v1.GetExperimentByNameRequest;
import dev.slipway.tracking.v1.GetMetricHistoryRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.RunInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import me.tongfei.progressbar.ProgressBar;
import ml.dmlc.xgboost4j.java.XGBoostError;

/**
 * Takes a model from training to predict, twice, as any gRPC client would: it knows where the
 * services are and nothing else of them.
 */
public final class Quickstart {
  private static final String EXPERIMENT = "quickstart";
  private static final String MODEL = "digits";
  private static final String MODEL_FOLDER = "model";
  private static final String ARTIFACT_SCHEME = "mlflow-artifacts:/";
  private static final int GOLDEN_ROWS = 3;
  private static final long MAX_SPILL_BYTES = 1 << 20;
  private static final Duration FLUSH_TIMEOUT = Duration.ofSeconds(30);
  private static final Duration SWITCH_TIMEOUT = Duration.ofSeconds(30);
  private static final long RETRY_MILLIS = 20;

  /** A few shallow rounds: good, with room above. */
  private static final Hyperparameters FIRST = new Hyperparameters(8, 2, 0.3);

  private static final Hyperparameters SECOND = new Hyperparameters(60, 5, 0.3);

  private final SlipwayClient slipway;
  private final PrintWriter out;
  private final PrintWriter err;

  /**
   * Creates the walk over a client that the caller closes; what happens is told in a few lines, and
   * how far a transfer is on {@code err}.
   */
  public Quickstart(SlipwayClient slipway, PrintWriter out, PrintWriter err) {
    this.slipway = slipway;
    this.out = out;
    this.err = err;
  }

  /** Holds how a version did on the held-out images, and which version answered. */
  private record Evaluation(long version, double accuracy) {}

  /** Holds a version that was trained, stored and registered. */
  private record Candidate(String runId, ModelVersion version) {}

  /** Walks the road and returns whether all of it came true. */
  public boolean run() throws IOException, InterruptedException, XGBoostError {
    Digits digits = Digits.load();
    say(
        "data",
        "%,d handwritten digits: %,d to train, %,d to validate, %,d held out",
        digits.train().count() + digits.validation().count() + digits.heldOut().count(),
        digits.train().count(),
        digits.validation().count(),
        digits.heldOut().count());
    Evaluation first = release(digits, FIRST);
    out.println();
    Evaluation second = release(digits, SECOND);
    out.println();
    say(
        "result",
        "version %d: %.1f %%, then without a restart version %d: %.1f %%",
        first.version(),
        100 * first.accuracy(),
        second.version(),
        100 * second.accuracy());
    boolean better = second.version() > first.version() && second.accuracy() > first.accuracy();
    if (!better) {
      say("result", "the second version should have been newer and better");
    }
    return better;
  }

  private Evaluation release(Digits digits, Hyperparameters hyperparameters)
      throws IOException, InterruptedException, XGBoostError {
    Candidate candidate = trainAndRegister(digits, hyperparameters);
    promote(candidate.version());
    PredictResponse answer = predictWith(digits.heldOut(), candidate.version().getVersion());
    double accuracy = accuracy(answer, digits.heldOut());
    slipway
        .tracking()
        .logBatch(
            LogBatchRequest.newBuilder()
                .setRunId(candidate.runId())
                .addMetrics(Metric.newBuilder().setKey("held-out-accuracy").setValue(accuracy))
                .build());
    say(
        "serving",
        "predict %s@Production: version %d answered %d held-out images, %.1f %% right",
        MODEL,
        answer.getProvenance().getVersion(),
        digits.heldOut().count(),
        100 * accuracy);
    return new Evaluation(answer.getProvenance().getVersion(), accuracy);
  }

  private Candidate trainAndRegister(Digits digits, Hyperparameters hyperparameters)
      throws IOException, InterruptedException, XGBoostError {
    CreateRunRequest request = CreateRunRequest.newBuilder().setExperimentId(experiment()).build();
    try (TemporaryFolder folder = TemporaryFolder.create();
        ActiveRun run = slipway.startRun(request, runOptions(folder))) {
      run.logParams(params(hyperparameters));
      Trained trained = train(run, digits, hyperparameters);
      ModelVersion version = upload(info(run), trained, digits, folder);
      RunSummary unused = run.finish();
      return new Candidate(run.runId(), version);
    }
  }

  /** What goes wrong must show, and leave nothing behind. */
  private static RunOptions runOptions(TemporaryFolder folder) {
    return RunOptions.defaults()
        .withSpill(folder.path().resolve("spill"), MAX_SPILL_BYTES)
        .withStrict();
  }

  private String experiment() {
    try {
      return slipway
          .tracking()
          .createExperiment(CreateExperimentRequest.newBuilder().setName(EXPERIMENT).build())
          .getExperimentId();
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.ALREADY_EXISTS) {
        throw e;
      }
      return slipway
          .tracking()
          .getExperimentByName(GetExperimentByNameRequest.newBuilder().setName(EXPERIMENT).build())
          .getExperimentId();
    }
  }

  private static Map<String, String> params(Hyperparameters hyperparameters) {
    Map<String, String> params = new LinkedHashMap<>();
    params.put("rounds", String.valueOf(hyperparameters.rounds()));
    hyperparameters.toXgboost().forEach((key, value) -> params.put(key, String.valueOf(value)));
    return params;
  }

  private Trained train(ActiveRun run, Digits digits, Hyperparameters hyperparameters)
      throws XGBoostError {
    Trained trained;
    Set<String> keys = new LinkedHashSet<>();
    try (ProgressBar bar = Progress.bar("training", hyperparameters.rounds())) {
      trained =
          new DigitsTrainer(digits)
              .train(
                  hyperparameters,
                  GOLDEN_ROWS,
                  (round, values) -> {
                    keys.addAll(values.keySet());
                    run.logMetrics(values, round);
                    bar.step();
                  });
    }
    if (!run.flush(FLUSH_TIMEOUT)) {
      throw new IllegalStateException("not all was acknowledged in time: " + run.summary());
    }
    RunInfo info = info(run);
    for (String key : keys) {
      requireHistory(info, key, hyperparameters.rounds());
    }
    say(
        "tracking",
        "run %s of experiment %s: %d metrics of %d rounds streamed, acknowledged and read back",
        info.getRunName(),
        info.getExperimentId(),
        keys.size(),
        hyperparameters.rounds());
    return trained;
  }

  private RunInfo info(ActiveRun run) {
    return slipway
        .tracking()
        .getRun(GetRunRequest.newBuilder().setRunId(run.runId()).build())
        .getInfo();
  }

  private void requireHistory(RunInfo run, String key, int rounds) {
    int points =
        slipway
            .tracking()
            .getMetricHistory(
                GetMetricHistoryRequest.newBuilder()
                    .setRunId(run.getRunId())
                    .setMetricKey(key)
                    .build())
            .getPoints()
            .getValueCount();
    if (points != rounds) {
      throw new IllegalStateException(
          "streamed %d points of %s, but %d came back".formatted(rounds, key, points));
    }
  }

  private ModelVersion upload(RunInfo run, Trained trained, Digits digits, TemporaryFolder folder)
      throws IOException, InterruptedException {
    String source = run.getArtifactUri() + "/" + MODEL_FOLDER;
    ModelPackage written =
        DigitsPackage.write(
            folder.path().resolve(MODEL_FOLDER),
            run.getRunId(),
            trained,
            digits.validation().first(GOLDEN_ROWS));
    UploadedFolder uploaded = upload(written.root(), source.substring(ARTIFACT_SCHEME.length()));
    say(
        "artifact",
        "%s, %,d bytes at %s",
        Counts.of(uploaded.files(), "file"),
        uploaded.bytes(),
        source);
    createModelIfAbsent();
    return slipway
        .registry()
        .createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName(MODEL)
                .setSource(source)
                .setRunId(run.getRunId())
                .build());
  }

  private UploadedFolder upload(Path folder, String path) throws IOException, InterruptedException {
    try (TransferProgress progress = TransferProgress.of("upload", err, false)) {
      return slipway.transfers().uploadFolder(folder, path, progress);
    }
  }

  private void createModelIfAbsent() {
    try {
      slipway
          .registry()
          .createRegisteredModel(
              CreateRegisteredModelRequest.newBuilder()
                  .setName(MODEL)
                  .setDescription(
                      "Reads 8×8 images of handwritten digits; made by `slipway quickstart`.")
                  .build());
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.ALREADY_EXISTS) {
        throw e;
      }
    }
  }

  private void promote(ModelVersion version) {
    for (Stage stage : List.of(Stage.STAGE_STAGING, Stage.STAGE_PRODUCTION)) {
      slipway
          .registry()
          .transitionStage(
              TransitionStageRequest.newBuilder()
                  .setName(MODEL)
                  .setVersion(version.getVersion())
                  .setStage(stage)
                  .setArchiveExistingVersions(true)
                  .setComment("quickstart")
                  .build());
    }
    say(
        "registry",
        "%s version %d, package %.12s: Staging, then Production",
        MODEL,
        version.getVersion(),
        version.getPackageDigest());
  }

  /**
   * Predicts by stage until the version that was just promoted answers: serving follows the
   * registry by itself.
   */
  private PredictResponse predictWith(Digits.Rows rows, long version) throws InterruptedException {
    PredictRequest request =
        PredictRequest.newBuilder()
            .setModel(MODEL)
            .setSelector(VersionSelector.newBuilder().setStage(Stage.STAGE_PRODUCTION))
            .setTensors(Tensors.newBuilder().addTensors(tensor(rows)))
            .build();
    long deadline = System.nanoTime() + SWITCH_TIMEOUT.toNanos();
    while (true) {
      Optional<PredictResponse> answer = tryPredict(request);
      if (answer.isPresent() && answer.get().getProvenance().getVersion() == version) {
        return answer.get();
      }
      if (System.nanoTime() > deadline) {
        throw new IllegalStateException(
            "version %d did not answer within %d s; last: %s"
                .formatted(
                    version,
                    SWITCH_TIMEOUT.toSeconds(),
                    answer.map(a -> a.getProvenance().toString()).orElse("no answer")));
      }
      Thread.sleep(RETRY_MILLIS);
    }
  }

  private Optional<PredictResponse> tryPredict(PredictRequest request) {
    try {
      return Optional.of(
          slipway
              .serving()
              .withDeadlineAfter(SWITCH_TIMEOUT.toSeconds(), TimeUnit.SECONDS)
              .predict(request));
    } catch (StatusRuntimeException e) {
      Set<Status.Code> notYet =
          Set.of(Status.Code.FAILED_PRECONDITION, Status.Code.NOT_FOUND, Status.Code.UNAVAILABLE);
      if (!notYet.contains(e.getStatus().getCode())) {
        throw e;
      }
      return Optional.empty();
    }
  }

  private static Tensor tensor(Digits.Rows rows) {
    ByteBuffer raw =
        ByteBuffer.allocate(rows.pixels().length * Float.BYTES).order(ByteOrder.LITTLE_ENDIAN);
    raw.asFloatBuffer().put(rows.pixels());
    return Tensor.newBuilder()
        .setName(DigitsPackage.INPUT)
        .setDataType(DataType.DATA_TYPE_FP32)
        .addShape(rows.count())
        .addShape(Digits.PIXELS)
        .setRaw(ByteString.copyFrom(raw))
        .build();
  }

  private static double accuracy(PredictResponse answer, Digits.Rows rows) {
    FloatBuffer probabilities =
        answer
            .getTensors()
            .getTensors(0)
            .getRaw()
            .asReadOnlyByteBuffer()
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer();
    int right = 0;
    for (int row = 0; row < rows.count(); row++) {
      int likeliest = 0;
      for (int digit = 1; digit < Digits.CLASSES; digit++) {
        if (probabilities.get(row * Digits.CLASSES + digit)
            > probabilities.get(row * Digits.CLASSES + likeliest)) {
          likeliest = digit;
        }
      }
      if (likeliest == (int) rows.labels()[row]) {
        right++;
      }
    }
    return (double) right / rows.count();
  }

  @FormatMethod
  private void say(String who, @FormatString String format, Object... values) {
    out.printf("%-9s %s%n", who, String.format(format, values));
    out.flush();
  }
}
