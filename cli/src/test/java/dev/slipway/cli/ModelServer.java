package dev.slipway.cli;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.client.SlipwayClient;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.ServedVersion;
import dev.slipway.serving.v1.VersionSelector;
import dev.slipway.serving.v1.VersionState;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.extension.ExtensionContext;
import org.junit.jupiter.api.extension.ExtensionContext.Namespace;
import org.junit.jupiter.api.extension.ParameterContext;
import org.junit.jupiter.api.extension.ParameterResolver;

/**
 * Is a server for the tests that call models and change none: {@code columns} and {@code tensor},
 * version 1 of each in Production. One for all of them, until the tests of this module are over.
 */
final class ModelServer implements AutoCloseable {
  /** Written by LightGBM and MLflow: doubles a, b (optional) and c, and one label for each row. */
  static final Path COLUMNS = Path.of("../model-engine/src/test/models/mlflow/lightgbm-classifier");

  /** Written by ONNX: one FP32 tensor. */
  static final Path TENSOR = Path.of("../model-engine/src/test/models/mlflow/onnx");

  private final Path data;
  private final SlipwayProcess process;
  private final SlipwayClient client;

  private ModelServer() throws Exception {
    this.data = Files.createTempDirectory("slipway-models-");
    this.process = SlipwayProcess.startServer("server", "--data-dir=" + data);
    this.client = SlipwayClient.connect(process.address());
    register("columns", COLUMNS);
    register("tensor", TENSOR);
  }

  /** Hands the server to the tests. */
  static final class Running implements ParameterResolver {
    @Override
    public boolean supportsParameter(ParameterContext parameter, ExtensionContext context) {
      return parameter.getParameter().getType() == ModelServer.class;
    }

    @Override
    public ModelServer resolveParameter(ParameterContext parameter, ExtensionContext context) {
      return context
          .getRoot()
          .getStore(Namespace.create(ModelServer.class))
          .computeIfAbsent(ModelServer.class, key -> started(), ModelServer.class);
    }

    private static ModelServer started() {
      try {
        return new ModelServer();
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }

  /** Registers a package as a model of its own, in Production. */
  void register(String name, Path folder) throws Exception {
    upload(folder, name);
    var unused =
        client
            .registry()
            .createRegisteredModel(CreateRegisteredModelRequest.newBuilder().setName(name).build());
    promoteNext(name);
  }

  private void upload(Path folder, String source) throws Exception {
    var uploaded = client.transfers().uploadFolder(folder, "models/" + source);
    assertThat(uploaded.files()).isPositive();
  }

  /**
   * Registers a package as the next version of a model, in no stage, and waits until it is known.
   */
  void registerNext(String name, Path folder) throws Exception {
    upload(folder, name + "-next");
    long version = createVersion(name, name + "-next");
    assertThat(version).isGreaterThan(1);
    await(() -> isKnown(name, version));
  }

  private long createVersion(String name, String source) {
    return client
        .registry()
        .createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName(name)
                .setSource("mlflow-artifacts:/models/" + source)
                .build())
        .getVersion();
  }

  /**
   * Registers the package of a model as its next version, moves that to Production and waits until
   * it answers.
   */
  void promoteNext(String name) throws InterruptedException {
    long version = createVersion(name, name);
    var promoted =
        client
            .registry()
            .transitionStage(
                TransitionStageRequest.newBuilder()
                    .setName(name)
                    .setVersion(version)
                    .setStage(Stage.STAGE_PRODUCTION)
                    .setArchiveExistingVersions(true)
                    .build());
    assertThat(promoted).isNotNull();
    await(() -> isReady(name, version));
  }

  /** Waits, since serving learns of versions a moment after the registry. */
  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!holds(condition)) {
      assertThat(System.nanoTime()).as("waited in vain").isLessThan(end);
      Thread.sleep(20);
    }
  }

  private static boolean holds(BooleanSupplier condition) {
    try {
      return condition.getAsBoolean();
    } catch (StatusRuntimeException e) {
      return false;
    }
  }

  private boolean isReady(String name, long version) {
    ServedVersion served = describe(name, VersionSelector.getDefaultInstance());
    return served.getVersion() == version && served.getState() == VersionState.VERSION_STATE_READY;
  }

  private boolean isKnown(String name, long version) {
    return describe(name, VersionSelector.newBuilder().setVersion(version).build()).getVersion()
        == version;
  }

  private ServedVersion describe(String name, VersionSelector selector) {
    return client
        .serving()
        .describeModel(
            DescribeModelRequest.newBuilder().setModel(name).setSelector(selector).build())
        .getVersion();
  }

  /** Returns where it answers. */
  String address() {
    return process.address();
  }

  /** Returns a client of it. */
  SlipwayClient client() {
    return client;
  }

  @Override
  public void close() throws IOException {
    client.close();
    try {
      process.kill();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    Files.walkFileTree(
        data,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException failure)
              throws IOException {
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
