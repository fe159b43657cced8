package dev.slipway.serving;

import static dev.slipway.serving.testing.ServingHarness.ask;
import static dev.slipway.serving.testing.ServingHarness.y;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.InferTensorContents;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ModelMetadataRequest;
import dev.slipway.inference.ModelMetadataResponse;
import dev.slipway.inference.ModelReadyRequest;
import dev.slipway.inference.ModelReadyResponse;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.model.NamePattern;
import dev.slipway.serving.remote.RemoteSettings;
import dev.slipway.serving.testing.ScriptedEngine;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.testing.TensorflowStub;
import dev.slipway.serving.testing.TestCertificate;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.VersionSelector;
import io.grpc.Grpc;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Models that another server runs: a second Slipway over its port, and TensorFlow Serving's REST.
 */
class RemoteModelsTest {
  @TempDir Path folder;

  private ServingHarness far;
  private ServingHarness harness;
  private int packages;

  @BeforeEach
  void start() {
    far = new ServingHarness(folder.resolve("far"));
    far.addScripted("adder", 10, "far", Stage.STAGE_PRODUCTION);
    far.awaitProduction("adder", 1);
    harness = allowing("grpc://127.0.0.1:*", "http://127.0.0.1:*");
  }

  private ServingHarness allowing(String... endpoints) {
    return allowing(Optional.empty(), endpoints);
  }

  private ServingHarness allowing(Optional<Path> authorities, String... endpoints) {
    return new ServingHarness(
        folder.resolve("near-" + packages++),
        config ->
            config.withRemote(
                new RemoteSettings(
                    List.of(endpoints).stream().map(NamePattern::new).toList(), authorities)));
  }

  @AfterEach
  void stop() {
    harness.close();
    far.close();
    ScriptedEngine.HOOKS.clear();
  }

  private Map<String, Object> adder() {
    Map<String, Object> config = new LinkedHashMap<>();
    config.put("protocol", "open_inference");
    config.put("endpoint", "grpc://127.0.0.1:" + far.port());
    config.put("model", "adder");
    return config;
  }

  private long add(Map<String, Object> config, Optional<ModelSignature> signature, Stage stage) {
    MLmodel.Builder described = MLmodel.builder().flavor(new Flavor("slipway_remote", config));
    signature.ifPresent(described::signature);
    ModelPackage written =
        ModelPackage.builder(described.build()).writeTo(folder.resolve("remote-" + packages++));
    return harness.registry.add("m", harness.artifacts.put(written.root()), stage);
  }

  private DescribeModelResponse describe() {
    return harness
        .serving()
        .describeModel(
            DescribeModelRequest.newBuilder()
                .setModel("m")
                .setSelector(VersionSelector.newBuilder().setVersion(1))
                .build());
  }

  private String failure() {
    ServingHarness.await(() -> describe().getVersion().hasLastError());
    return describe().getVersion().getLastError().getMessage();
  }

  @Test
  void openInferenceModel_answersAsIfItWereHere() {
    add(adder(), Optional.empty(), Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);

    ModelInferResponse answer = harness.inference().modelInfer(ask("m", "", 1, 2, 3));

    assertThat(y(answer)).isEqualTo(11);
    assertThat(answer.getOutputs(0).getShapeList()).containsExactly(3L);
    assertThat(describe().getVersion().getPlatform()).isEqualTo("openinference_grpc");
    assertThat(describe().getInputs(0).getName()).isEqualTo("x");
  }

  @Test
  void packageThatNamesAnotherEndpoint_isRefused() {
    harness.close();
    harness = allowing("grpc://triton.example.com:8001");
    add(adder(), Optional.empty(), Stage.STAGE_PRODUCTION);

    assertThat(failure())
        .contains("this server may not call grpc://127.0.0.1:" + far.port())
        .contains("--serve-remote-endpoints");
  }

  @Test
  void everythingWrongInThePackage_isTold() {
    add(
        Map.of(
            "protocol", "telepathy",
            "endpoint", "http://user@127.0.0.1:1/path",
            "model", "a/b",
            "timeout_seconds", 0,
            "typo", 1),
        Optional.empty(),
        Stage.STAGE_PRODUCTION);

    assertThat(failure())
        .contains("typo is not known")
        .contains("protocol is \"telepathy\"")
        .contains("endpoint is \"http://user@127.0.0.1:1/path\"")
        .contains("model must not be ., .. or hold a /")
        .contains("timeout_seconds must be a whole number from 1 to 600");
  }

  @Test
  void signatureThatTheServerDoesNotTake_isRefused() {
    TensorSchema doubles = TensorSchema.of(TensorSpec.of("x", DataType.FP64, Shape.of(-1)));
    TensorSchema floats = TensorSchema.of(TensorSpec.of("y", DataType.FP32, Shape.of(-1)));
    add(adder(), Optional.of(ModelSignature.of(doubles, floats)), Stage.STAGE_PRODUCTION);

    assertThat(failure())
        .contains("the signature does not fit")
        .contains("\"x\" is FP64, expected FP32");
  }

  @Test
  void failureOfTheFarModel_isToldAndTheNextCallIsMade() {
    add(adder(), Optional.empty(), Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    ScriptedEngine.HOOKS.put(
        "far",
        request -> {
          throw new IllegalStateException("the weights are odd");
        });

    // More often than it takes to stop calling a server that is away.
    for (int i = 0; i < 30; i++) {
      assertThatThrownBy(() -> harness.inference().modelInfer(ask("m", "", 1)))
          .hasMessageContaining("INTERNAL")
          .hasMessageContaining("the weights are odd");
    }
    ScriptedEngine.HOOKS.clear();
    assertThat(y(harness.inference().modelInfer(ask("m", "", 1)))).isEqualTo(11);
  }

  @Test
  void serverThatIsAway_isUnavailableAndSoonNotCalledAnyMore() {
    add(adder(), Optional.empty(), Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    int port = far.port();
    far.stopServing();

    assertThat(refusal())
        .startsWith("UNAVAILABLE: m/1 cannot answer now: grpc://127.0.0.1:" + port);
    ServingHarness.await(() -> refusal().contains("failed too often"));
  }

  private String refusal() {
    try {
      return harness.inference().modelInfer(ask("m", "", 1)).toString();
    } catch (StatusRuntimeException e) {
      return e.getMessage();
    }
  }

  @Test
  void serverThatIsAwayAtTheLoad_isTriedAgainUntilItIsThere() throws IOException {
    try (TensorflowStub tensorflow = new TensorflowStub()) {
      tensorflow.status = 503;
      add(half(tensorflow), Optional.empty(), Stage.STAGE_PRODUCTION);
      assertThat(failure()).contains("answers 503: out for lunch");
      tensorflow.status = 200;

      harness.awaitProduction("m", 1);
      assertThat(describe().getVersion().getPlatform()).isEqualTo("tensorflowserving_rest");
    }
  }

  @Test
  void deadlineOfTheCaller_endsTheFarCall() {
    add(adder(), Optional.empty(), Stage.STAGE_PRODUCTION);
    harness.awaitProduction("m", 1);
    Semaphore gate = new Semaphore(0);
    AtomicInteger begun = new AtomicInteger();
    ScriptedEngine.HOOKS.put(
        "far",
        request -> {
          begun.incrementAndGet();
          gate.acquireUninterruptibly();
          return request;
        });

    assertThatThrownBy(
            () ->
                harness
                    .inference()
                    .withDeadlineAfter(3, TimeUnit.SECONDS)
                    .modelInfer(ask("m", "", 1)))
        .hasMessageContaining("DEADLINE_EXCEEDED");

    // The engine's thread comes back although the far model still hangs.
    ServingHarness.await(() -> describe().getVersion().getRunningRequests() == 0);
    assertThat(begun.get()).isEqualTo(1);
    gate.release(1_000);
  }

  private static Map<String, Object> half(TensorflowStub tensorflow) {
    return Map.of(
        "protocol",
        "tensorflow_serving",
        "endpoint",
        "http://127.0.0.1:" + tensorflow.port(),
        "model",
        "half",
        "version",
        7);
  }

  @Test
  void tensorflowModel_isAskedInItsOwnJson() throws IOException {
    try (TensorflowStub tensorflow = new TensorflowStub()) {
      add(half(tensorflow), Optional.empty(), Stage.STAGE_PRODUCTION);
      harness.awaitProduction("m", 1);

      assertThat(y(harness.inference().modelInfer(ask("m", "", 5)))).isEqualTo(2.5f);
      assertThat(tensorflow.path).isEqualTo("/v1/models/half/versions/7:predict");
      assertThat(tensorflow.body)
          .isEqualTo("{\"signature_name\":\"serving_default\",\"inputs\":{\"x\":[5.0]}}");
      assertThat(y(harness.inference().modelInfer(ask("m", "", Float.NaN)))).isNaN();
      assertThat(tensorflow.body).contains("[NaN]");

      tensorflow.status = 400;
      assertThatThrownBy(() -> harness.inference().modelInfer(ask("m", "", 5)))
          .isInstanceOf(StatusRuntimeException.class)
          .hasMessageContaining("INVALID_ARGUMENT")
          .hasMessageContaining("out for lunch");
      tensorflow.status = 302;
      assertThatThrownBy(() -> harness.inference().modelInfer(ask("m", "", 5)))
          .hasMessageContaining("INTERNAL")
          .hasMessageContaining("answers 302");
      tensorflow.status = 200;
      tensorflow.answer = "{\"outputs\": [[1.0], [2.0, 3.0]]}";
      assertThatThrownBy(() -> harness.inference().modelInfer(ask("m", "", 5)))
          .hasMessageContaining("malformed tensors: output \"y\" has rows of different lengths");
      tensorflow.answer = "{\"outputs\": [[1.0]]}";
      assertThatThrownBy(() -> harness.inference().modelInfer(ask("m", "", 5)))
          .hasMessageContaining(
              "output \"y\" should be FP32 [-1], but the engine gave FP32 [1, 1]");
    }
  }

  @Test
  void serverWithACertificate_isCalledOnlyWhereItsAuthorityIsTrusted() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder.resolve("tls"));
    try (TensorflowStub tensorflow = new TensorflowStub(certificate.context())) {
      harness.close();
      harness = allowing(Optional.of(certificate.file()), "https://localhost:*");
      Map<String, Object> config = new LinkedHashMap<>(half(tensorflow));
      config.put("endpoint", "https://localhost:" + tensorflow.port());
      add(config, Optional.empty(), Stage.STAGE_PRODUCTION);
      harness.awaitProduction("m", 1);
      assertThat(y(harness.inference().modelInfer(ask("m", "", 5)))).isEqualTo(2.5f);

      harness.close();
      harness = allowing("https://localhost:*");
      add(config, Optional.empty(), Stage.STAGE_PRODUCTION);
      assertThat(failure()).contains("unable to find valid certification path");
    }
  }

  @Test
  void grpcServerWithACertificate_isCalledOnlyWhereItsAuthorityIsTrusted() throws Exception {
    TestCertificate certificate = TestCertificate.create(folder.resolve("tls"));
    Server server =
        Grpc.newServerBuilderForPort(0, certificate.serverCredentials())
            .addService(new TwoAdder())
            .build()
            .start();
    try {
      Map<String, Object> config = adder();
      config.put("endpoint", "grpcs://localhost:" + server.getPort());
      harness.close();
      harness = allowing(Optional.of(certificate.file()), "grpcs://localhost:*");
      add(config, Optional.empty(), Stage.STAGE_PRODUCTION);
      harness.awaitProduction("m", 1);
      // Its contents are typed, where those of Slipway and Triton are raw.
      assertThat(y(harness.inference().modelInfer(ask("m", "", 5)))).isEqualTo(7);

      harness.close();
      harness = allowing("grpcs://localhost:*");
      add(config, Optional.empty(), Stage.STAGE_PRODUCTION);
      assertThat(failure()).contains("answers UNAVAILABLE");
    } finally {
      server.shutdownNow();
    }
  }

  /** Another server of the protocol. */
  private static final class TwoAdder
      extends GRPCInferenceServiceGrpc.GRPCInferenceServiceImplBase {
    @Override
    public void modelReady(ModelReadyRequest request, StreamObserver<ModelReadyResponse> out) {
      out.onNext(ModelReadyResponse.newBuilder().setReady(true).build());
      out.onCompleted();
    }

    @Override
    public void modelMetadata(
        ModelMetadataRequest request, StreamObserver<ModelMetadataResponse> out) {
      out.onNext(
          ModelMetadataResponse.newBuilder()
              .addInputs(tensor("x"))
              .addOutputs(tensor("y"))
              .build());
      out.onCompleted();
    }

    private static ModelMetadataResponse.TensorMetadata tensor(String name) {
      return ModelMetadataResponse.TensorMetadata.newBuilder()
          .setName(name)
          .setDatatype("FP32")
          .addShape(-1)
          .build();
    }

    @Override
    public void modelInfer(ModelInferRequest request, StreamObserver<ModelInferResponse> out) {
      float first =
          request
              .getRawInputContents(0)
              .asReadOnlyByteBuffer()
              .order(ByteOrder.LITTLE_ENDIAN)
              .getFloat();
      out.onNext(
          ModelInferResponse.newBuilder()
              .addOutputs(
                  ModelInferResponse.InferOutputTensor.newBuilder()
                      .setName("y")
                      .setDatatype("FP32")
                      .addShape(1)
                      .setContents(InferTensorContents.newBuilder().addFp32Contents(first + 2)))
              .build());
      out.onCompleted();
    }
  }
}
