package dev.slipway.serving.testing;

import com.codahale.metrics.MetricRegistry;
import com.google.protobuf.ByteString;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferResponse;
import dev.slipway.inference.ServerReadyRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.serving.ServingConfig;
import dev.slipway.serving.ServingModule;
import dev.slipway.serving.v1.ListModelsRequest;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessServerBuilder;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import java.util.function.UnaryOperator;

/** A serving server with its real interceptors in front of a registry and packages in memory. */
public final class ServingHarness implements AutoCloseable {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(60);

  /** The registry that is followed. */
  public final FakeRegistry registry = new FakeRegistry();

  /** The packages. */
  public final FakeArtifacts artifacts = new FakeArtifacts();

  private final MetricRegistry metrics = new MetricRegistry();
  private final Path folder;
  private final Server upstream;
  private final ManagedChannel upstreamChannel;
  private final ServingConfig config;
  private final ManagedChannel trackingChannel;
  private final String name = UUID.randomUUID().toString();
  private final ManagedChannel channel;
  private ServingModule module;
  private GrpcServer server;
  private int packages;

  /** Starts with the default settings. */
  public ServingHarness(Path folder) {
    this(folder, UnaryOperator.identity());
  }

  /** Starts with changed settings. */
  public ServingHarness(Path folder, UnaryOperator<ServingConfig> settings) {
    this(folder, settings, Optional.empty());
  }

  /** Starts with changed settings and a tracking service, whose channel stays the caller's. */
  public ServingHarness(
      Path folder, UnaryOperator<ServingConfig> settings, ManagedChannel tracking) {
    this(folder, settings, Optional.of(tracking));
  }

  private ServingHarness(
      Path folder, UnaryOperator<ServingConfig> settings, Optional<ManagedChannel> tracking) {
    this.folder = folder;
    String upstreamName = UUID.randomUUID().toString();
    try {
      upstream =
          InProcessServerBuilder.forName(upstreamName)
              .addService(registry)
              .addService(artifacts)
              .build()
              .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    upstreamChannel = Channels.inProcess(upstreamName);
    config = settings.apply(ServingConfig.withDefaults(folder.resolve("cache")));
    trackingChannel = tracking.orElse(upstreamChannel);
    start();
    channel = Channels.inProcess(name);
  }

  private void start() {
    module =
        ServingModule.open(
            config, upstreamChannel, upstreamChannel, trackingChannel, metrics, Clock.systemUTC());
    server =
        GrpcServer.start(
            new GrpcServerConfig("127.0.0.1", 0, 0, 1 << 24, Duration.ofSeconds(5)),
            name,
            List.of(module),
            new MetricRegistry());
  }

  /** Stops the server and starts another over the same folder. */
  public void restart() {
    server.close();
    start();
    channel.resetConnectBackoff();
  }

  /** Returns a stub of the Open Inference Protocol. */
  public GRPCInferenceServiceBlockingStub inference() {
    return GRPCInferenceServiceGrpc.newBlockingStub(channel)
        .withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  /** Returns a stub of our own protocol. */
  public ServingServiceBlockingStub serving() {
    return ServingServiceGrpc.newBlockingStub(channel).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  /** Returns the channel to the server. */
  public ManagedChannel channel() {
    return channel;
  }

  /** Returns the port of the server. */
  public int port() {
    return server.port();
  }

  /** Registers a package that adds a constant, and returns the version's number. */
  public long addScripted(String model, double add, String hook, Stage stage) {
    return registry.add(
        model,
        artifacts.put(ScriptedEngine.write(folder.resolve("package-" + packages++), add, hook)),
        stage);
  }

  /**
   * Registers a package that adds the parameter {@code add}, by default this number, and returns
   * the version's number.
   */
  public long addWithParameter(String model, double add, String hook, Stage stage) {
    Path written =
        ScriptedEngine.writeWithParameter(folder.resolve("package-" + packages++), add, hook);
    return registry.add(model, artifacts.put(written), stage);
  }

  /** Registers a deterministic package that adds a constant, and returns the version's number. */
  public long addDeterministic(String model, double add, String hook, Stage stage) {
    Path written =
        ScriptedEngine.writeDeterministic(folder.resolve("package-" + packages++), add, hook);
    return registry.add(model, artifacts.put(written), stage);
  }

  /** Registers one of the ONNX models, and returns the version's number. */
  public long addOnnx(String model, String file, Stage stage) {
    return addOnnx(
        model, onnx -> onnx.file("model.onnx", Path.of("src/test/models", file + ".onnx")), stage);
  }

  /** Registers an ONNX model of this many weights, and returns the version's number. */
  public long addWeights(String model, int weights, Stage stage) {
    return addOnnx(model, onnx -> onnx.file("model.onnx", OnnxWeights.write(weights)), stage);
  }

  private long addOnnx(String model, UnaryOperator<ModelPackage.Builder> file, Stage stage) {
    ModelPackage onnx =
        file.apply(
                ModelPackage.builder(
                    MLmodel.builder().flavor(Flavor.onnx("model.onnx", "1.23.2")).build()))
            .writeTo(folder.resolve("package-" + packages++));
    return registry.add(model, artifacts.put(onnx.root()), stage);
  }

  /**
   * Waits until a condition holds. A call that fails in it does not yet: the server learns of
   * versions a moment after the registry.
   */
  public static void await(BooleanSupplier condition) {
    long end = System.nanoTime() + PATIENCE_NANOS;
    while (!holds(condition)) {
      if (System.nanoTime() > end) {
        throw new AssertionError("waited in vain");
      }
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(2));
    }
  }

  private static boolean holds(BooleanSupplier condition) {
    try {
      return condition.getAsBoolean();
    } catch (StatusRuntimeException e) {
      return false;
    }
  }

  /** Waits until the server knows what the registry does. */
  public void awaitRevision() {
    await(
        () ->
            serving().listModels(ListModelsRequest.getDefaultInstance()).getRegistryRevision()
                == registry.revision());
  }

  /** Waits until the server knows what the registry does and answers for every stage. */
  public void awaitReady() {
    awaitRevision();
    await(() -> inference().serverReady(ServerReadyRequest.getDefaultInstance()).getReady());
  }

  /** Waits until a version answers for Production. */
  public void awaitProduction(String model, long version) {
    String wanted = Long.toString(version);
    await(() -> inference().modelInfer(ask(model, "", 1f)).getModelVersion().equals(wanted));
  }

  /** Returns a raw request for a scripted model. */
  public static ModelInferRequest ask(String model, String version, float... x) {
    ByteBuffer bytes = ByteBuffer.allocate(4 * x.length).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : x) {
      bytes.putFloat(value);
    }
    return ModelInferRequest.newBuilder()
        .setModelName(model)
        .setModelVersion(version)
        .addInputs(
            ModelInferRequest.InferInputTensor.newBuilder()
                .setName("x")
                .setDatatype("FP32")
                .addShape(x.length))
        .addRawInputContents(ByteString.copyFrom(bytes.flip()))
        .build();
  }

  /** Returns the first value of a scripted model's answer. */
  public static float y(ModelInferResponse response) {
    return response
        .getRawOutputContents(0)
        .asReadOnlyByteBuffer()
        .order(ByteOrder.LITTLE_ENDIAN)
        .getFloat();
  }

  /** Returns how many requests wait for loads. */
  public int awaitingLoad() {
    return gauge("serving.requests.awaiting-load").intValue();
  }

  /** Returns the value of a metric. */
  public Number gauge(String name) {
    return (Number) metrics.getGauges().get(name).getValue();
  }

  /** Lets go of what was kept long enough, now. */
  public void sweep() {
    module.sweep();
  }

  /** Stops the server gracefully, clients still connected. */
  public void stopServing() {
    server.close();
  }

  @Override
  public void close() {
    channel.shutdownNow();
    server.close();
    upstreamChannel.shutdownNow();
    upstream.shutdownNow();
  }
}
