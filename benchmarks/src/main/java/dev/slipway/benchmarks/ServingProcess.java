package dev.slipway.benchmarks;

import dev.slipway.client.ArtifactTransfers;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.ModelReadyRequest;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.TransitionStageRequest;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;

/**
 * Is the embedded server in a process of its own, with models that came to its serving by way of
 * its artifact service and its registry. Not thread-safe.
 */
final class ServingProcess implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final long POLL_MILLIS = 20;

  private final JavaProcess process;
  private final Path scratch;
  private final int port;
  private final ManagedChannel channel;
  private int packages;

  private ServingProcess(JavaProcess process, Path scratch) {
    this.process = process;
    this.scratch = scratch;
    this.port = TrackingProcess.port(process);
    this.channel = Clients.connect(port);
  }

  /**
   * Starts a server without models and waits until it is ready.
   *
   * @param scratch where it keeps its data; stays the caller's
   * @param flags more flags of the server
   */
  static ServingProcess start(Path scratch, List<String> flags) throws IOException {
    List<String> command = new ArrayList<>();
    command.addAll(
        List.of(
            "dev.slipway.cli.Slipway",
            "server",
            "--host=127.0.0.1",
            "--port=0",
            "--admin-port=0",
            "--http-port=0",
            "--data-dir=" + scratch.resolve("data")));
    command.addAll(flags);
    return new ServingProcess(JavaProcess.start(List.of("-Xmx1g"), command), scratch);
  }

  /** Registers a new model with one version, moves it to Production and waits until it is ready. */
  void publish(BenchmarkModel model) throws Exception {
    publish(model.modelName(), model.write(nextPackage(), packages));
  }

  /** Registers a package as a new model's first version, likewise. */
  void publish(String model, ModelPackage written) throws Exception {
    create(model);
    promote(model, register(model, written));
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (!isReady(model)) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(model + " is not served after " + PATIENCE);
      }
      Thread.sleep(POLL_MILLIS);
    }
  }

  /** Registers a model without versions. */
  void create(String model) {
    var unused =
        registry()
            .createRegisteredModel(
                CreateRegisteredModelRequest.newBuilder().setName(model).build());
  }

  /** Returns a folder for a package. */
  Path nextPackage() {
    return scratch.resolve("package-" + ++packages);
  }

  /** Registers one more version of a model and returns its number. */
  long register(BenchmarkModel model) throws Exception {
    return register(model.modelName(), model.write(nextPackage(), packages));
  }

  /** Registers a package of {@link #nextPackage} as one more version; returns its number. */
  long register(String model, ModelPackage written) throws Exception {
    String root = "benchmark/" + written.root().getFileName();
    var unused = new ArtifactTransfers(channel).uploadFolder(written.root(), root);
    return registry()
        .createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName(model)
                .setSource("mlflow-artifacts:/" + root)
                .build())
        .getVersion();
  }

  /** Moves a version to Production; the one before is archived. */
  void promote(String model, long version) {
    registry()
        .transitionStage(
            TransitionStageRequest.newBuilder()
                .setName(model)
                .setVersion(version)
                .setStage(Stage.STAGE_PRODUCTION)
                .setArchiveExistingVersions(true)
                .build());
  }

  private boolean isReady(String model) {
    try {
      return GRPCInferenceServiceGrpc.newBlockingStub(channel)
          .modelReady(ModelReadyRequest.newBuilder().setName(model).build())
          .getReady();
    } catch (io.grpc.StatusRuntimeException e) {
      // Serving hears of the model a moment after the registry.
      return false;
    }
  }

  private RegistryServiceBlockingStub registry() {
    return RegistryServiceGrpc.newBlockingStub(channel);
  }

  int port() {
    return port;
  }

  /** Returns the process, which this one goes on to own. */
  JavaProcess process() {
    return process;
  }

  @Override
  public void close() throws IOException {
    channel.shutdownNow();
    process.close();
  }
}
