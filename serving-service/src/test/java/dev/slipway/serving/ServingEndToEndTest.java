package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import com.google.protobuf.ByteString;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.UploadChunk;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.GoldenCase;
import dev.slipway.engine.packaging.GoldenRequests;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.packaging.PackageDigest;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.Predictors;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ServerReadyRequest;
import dev.slipway.registry.RegistryConfig;
import dev.slipway.registry.RegistryModule;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.upstream.ServingLookup;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.server.ServiceModule;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.ListModelsRequest;
import dev.slipway.serving.v1.ListModelsResponse;
import dev.slipway.serving.v1.ServingServiceGrpc;
import io.grpc.ManagedChannel;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Serving with the real registry, artifact service and ONNX Runtime, in one process. */
class ServingEndToEndTest {
  @TempDir Path folder;

  private GrpcServer server;
  private ManagedChannel channel;
  private float[] expected;

  @BeforeEach
  void start() throws InterruptedException {
    String name = UUID.randomUUID().toString();
    channel = Channels.inProcess(name);
    server = start(name, suite());
    assertThat(server.awaitReady(30, TimeUnit.SECONDS)).isTrue();
  }

  private static GrpcServer start(String name, List<ServiceModule> modules) {
    return GrpcServer.start(
        new GrpcServerConfig("127.0.0.1", 0, 0, 1 << 24, Duration.ofSeconds(5)),
        name,
        modules,
        new MetricRegistry());
  }

  private List<ServiceModule> suite() {
    return List.of(artifact(), registry(), serving());
  }

  private ServiceModule artifact() {
    return ArtifactModule.open(
        new ArtifactConfig(
            DatabaseConfig.h2File(folder.resolve("artifact")),
            new ArtifactConfig.Folder(folder.resolve("store")),
            folder.resolve("uploads"),
            ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
        new MetricRegistry(),
        Clock.systemUTC());
  }

  private ServiceModule registry() {
    return RegistryModule.open(
        new RegistryConfig(
            DatabaseConfig.h2File(folder.resolve("registry")),
            RegistryConfig.DEFAULT_POLL_INTERVAL),
        channel,
        channel,
        channel,
        new MetricRegistry(),
        Clock.systemUTC());
  }

  private ServiceModule serving() {
    return ServingModule.open(
        ServingConfig.withDefaults(folder.resolve("cache")),
        channel,
        channel,
        channel,
        new MetricRegistry(),
        Clock.systemUTC());
  }

  @AfterEach
  void stop() {
    server.close();
    channel.shutdownNow();
  }

  private static final Tensor GOLDEN_INPUT = Tensor.ofFloats("x", Shape.of(1, 4), 1, 2, 3, 4);

  /**
   * Writes a version's package: the same network each time, with its own golden request and one
   * more file.
   */
  private ModelPackage write(int number) {
    MLmodel mlmodel = MLmodel.builder().flavor(Flavor.onnx("model.onnx", "1.23.2")).build();
    Path model = Path.of("src/test/models/mlp.onnx");
    ModelPackage plain =
        ModelPackage.builder(mlmodel)
            .file("model.onnx", model)
            .writeTo(folder.resolve("plain-" + number));
    try (Predictor predictor = Predictors.load(plain)) {
      Tensor answer = predictor.predict(PredictRequest.of(GOLDEN_INPUT)).outputs().get(0);
      expected = answer.toFloats();
      return ModelPackage.builder(mlmodel)
          .file("model.onnx", model)
          .file("notes/version.txt", new byte[] {(byte) number})
          .goldenRequests(
              GoldenRequests.of(
                  new GoldenCase(
                      "golden", List.of(GOLDEN_INPUT), Map.of(), List.of(answer), 1e-6, 0)))
          .writeTo(folder.resolve("package-" + number));
    }
  }

  private long publish(int number) throws Exception {
    ModelPackage modelPackage = write(number);
    String root = "1/" + number + "/artifacts/model";
    for (PackageDigest.Entry entry : modelPackage.digest().entries()) {
      upload(modelPackage.root().resolve(entry.path()), root + "/" + entry.path());
    }
    return RegistryServiceGrpc.newBlockingStub(channel)
        .createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName("net")
                .setSource("mlflow-artifacts:/" + root)
                .build())
        .getVersion();
  }

  private void upload(Path file, String path) throws Exception {
    CompletableFuture<UploadResponse> done = new CompletableFuture<>();
    StreamObserver<UploadRequest> upload =
        ArtifactServiceGrpc.newStub(channel)
            .upload(
                new StreamObserver<>() {
                  @Override
                  public void onNext(UploadResponse response) {
                    done.complete(response);
                  }

                  @Override
                  public void onError(Throwable failure) {
                    done.completeExceptionally(failure);
                  }

                  @Override
                  public void onCompleted() {}
                });
    upload.onNext(
        UploadRequest.newBuilder().setSpec(UploadSpec.newBuilder().setPath(path)).build());
    upload.onNext(UploadRequest.newBuilder().setChunk(chunk(file)).build());
    upload.onCompleted();
    assertThat(done.get(20, TimeUnit.SECONDS).getArtifact().getPath()).isEqualTo(path);
  }

  private static UploadChunk chunk(Path file) throws IOException {
    byte[] bytes = Files.readAllBytes(file);
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return UploadChunk.newBuilder()
        .setData(ByteString.copyFrom(bytes))
        .setCrc32C((int) crc.getValue())
        .build();
  }

  private void promote(long version) {
    RegistryServiceGrpc.newBlockingStub(channel)
        .transitionStage(
            TransitionStageRequest.newBuilder()
                .setName("net")
                .setVersion(version)
                .setStage(Stage.STAGE_PRODUCTION)
                .setArchiveExistingVersions(true)
                .build());
  }

  private ModelInferResponse infer() {
    return GRPCInferenceServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(20, TimeUnit.SECONDS)
        .modelInfer(
            ModelInferRequest.newBuilder()
                .setModelName("net")
                .addInputs(
                    ModelInferRequest.InferInputTensor.newBuilder()
                        .setName("x")
                        .setDatatype("FP32")
                        .addShape(1)
                        .addShape(4))
                .addRawInputContents(ByteString.copyFrom(GOLDEN_INPUT.data()))
                .build());
  }

  private float[] values(ModelInferResponse response) {
    return Tensor.of(
            "probabilities",
            dev.slipway.engine.tensor.DataType.FP32,
            Shape.of(response.getOutputs(0).getShapeList()),
            response.getRawOutputContents(0).asReadOnlyByteBuffer())
        .toFloats();
  }

  @Test
  void promotions_areFollowedUnderLoadWithoutAFailedCall() throws Exception {
    RegistryServiceGrpc.newBlockingStub(channel)
        .createRegisteredModel(CreateRegisteredModelRequest.newBuilder().setName("net").build());
    ServingHarness.await(
        () ->
            GRPCInferenceServiceGrpc.newBlockingStub(channel)
                .serverReady(ServerReadyRequest.getDefaultInstance())
                .getReady());
    promote(publish(1));
    assertThat(infer().getModelVersion()).as("at once, whatever was heard by then").isEqualTo("1");
    AtomicBoolean stopped = new AtomicBoolean();
    AtomicLong answers = new AtomicLong();
    ExecutorService callers = Executors.newFixedThreadPool(3);
    List<Future<?>> running = new ArrayList<>();
    for (int i = 0; i < 3; i++) {
      running.add(
          callers.submit(
              () -> {
                long last = 0;
                while (!stopped.get()) {
                  ModelInferResponse response = infer();
                  assertThat(values(response)).containsExactly(expected);
                  long version = Long.parseLong(response.getModelVersion());
                  assertThat(version).isGreaterThanOrEqualTo(last);
                  last = version;
                  answers.incrementAndGet();
                }
              }));
    }

    for (int number = 2; number <= 4; number++) {
      long version = publish(number);
      promote(version);
      ServingHarness.await(() -> answersWith(version));
    }
    stopped.set(true);

    for (Future<?> caller : running) {
      caller.get(20, TimeUnit.SECONDS);
    }
    callers.shutdownNow();
    assertThat(answers.get()).isGreaterThan(20);
    assertThat(infer().getParametersMap().get("slipway_digest").getStringParam())
        .isEqualTo(PackageDigest.of(folder.resolve("package-4")).hex());
  }

  /** The registry's own question, which it asks before a stage moves. */
  @Test
  void goldenRequestsOfAVersionJustRegistered_areRunForTheRegistry() throws Exception {
    RegistryServiceGrpc.newBlockingStub(channel)
        .createRegisteredModel(CreateRegisteredModelRequest.newBuilder().setName("net").build());
    long number = publish(1);

    ServingLookup.GoldenOutcome outcome =
        new ServingLookup(channel, Duration.ofMinutes(1))
            .runGolden(
                new ModelName("net"),
                new VersionNumber(number),
                new Sha256(PackageDigest.of(folder.resolve("package-1")).hex()));

    assertThat(outcome.problem()).isEmpty();
    assertThat(outcome.requests()).hasSize(1);
    assertThat(outcome.requests().get(0).name()).isEqualTo("golden");
    assertThat(outcome.requests().get(0).passed()).isTrue();
    assertThat(outcome.requests().get(0).found()).contains("0 of").contains("probabilities");
  }

  @Test
  void restartWhileRegistryAndArtifactsAreAway_servesWhatWasKnownAndSaysSo() throws Exception {
    RegistryServiceGrpc.newBlockingStub(channel)
        .createRegisteredModel(CreateRegisteredModelRequest.newBuilder().setName("net").build());
    promote(publish(1));
    ServingHarness.await(() -> answersWith(1));
    long revision = models(channel).getRegistryRevision();
    server.close();

    String alone = UUID.randomUUID().toString();
    ManagedChannel suite = channel;
    channel = Channels.inProcess(alone);
    // What it follows is the suite, and nobody is there.
    ServiceModule restarted =
        ServingModule.open(
            ServingConfig.withDefaults(folder.resolve("cache")),
            suite,
            suite,
            suite,
            new MetricRegistry(),
            Clock.systemUTC());
    server = start(alone, List.of(restarted));
    assertThat(server.awaitReady(30, TimeUnit.SECONDS)).isTrue();

    ModelInferResponse answer = infer();
    assertThat(values(answer)).containsExactly(expected);
    assertThat(answer.getModelVersion()).isEqualTo("1");
    ListModelsResponse models = models(channel);
    assertThat(models.getRegistryConnected()).isFalse();
    assertThat(models.getRegistryRevision()).isEqualTo(revision);
    assertThat(models.hasRegistryHeardTime()).isTrue();
    DescribeModelResponse described =
        ServingServiceGrpc.newBlockingStub(channel)
            .describeModel(DescribeModelRequest.newBuilder().setModel("net").build());
    assertThat(described.getRegistryConnected()).isFalse();
    assertThat(described.getRegistryRevision()).isEqualTo(revision);
    assertThat(described.getRegistryHeardTime()).isEqualTo(models.getRegistryHeardTime());
    suite.shutdownNow();
  }

  private static ListModelsResponse models(ManagedChannel channel) {
    return ServingServiceGrpc.newBlockingStub(channel)
        .listModels(ListModelsRequest.getDefaultInstance());
  }

  private boolean answersWith(long version) {
    try {
      return infer().getModelVersion().equals(Long.toString(version));
    } catch (io.grpc.StatusRuntimeException e) {
      return false;
    }
  }
}
