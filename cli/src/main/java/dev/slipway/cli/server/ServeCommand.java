package dev.slipway.cli.server;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.cli.client.InterruptibleWork;
import dev.slipway.cli.client.TransferProgress;
import dev.slipway.client.SlipwayClient;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.TransitionStageRequest;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.config.ServerOptions;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.server.StartupException;
import dev.slipway.serving.v1.LoadRequest;
import dev.slipway.serving.v1.ServedVersion;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Serves one model package from a folder, for those who try it out. */
@Command(
    name = "serve",
    mixinStandardHelpOptions = true,
    description = {
      "Serves a model package from a folder: starts all services, registers the package and moves"
          + " it to Production. With --data-dir what is registered stays, and every further call"
          + " adds a version; without it nothing is kept.",
      "",
      "  slipway serve ./model",
      "  slipway serve ./model --name churn --data-dir slipway-data"
    })
public final class ServeCommand implements Callable<Integer> {
  private static final String SERVER_NAME = "serve";
  private static final long READY_TIMEOUT_SECONDS = 60;
  private static final long HEARD_TIMEOUT_SECONDS = 30;
  private static final long RETRY_MILLIS = 20;

  @Mixin private final ServerOptions server = new ServerOptions(ServerCommand.DEFAULT_PORT);
  @Mixin private final SuiteOptions suite = new SuiteOptions();

  @Parameters(
      index = "0",
      paramLabel = "FOLDER",
      description = "The model package: a folder with an MLmodel file.")
  private Path folder;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name to register it under. Default: that of the folder.")
  private String name;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    requirePackage();
    if (suite.dataDir().isPresent()) {
      return run();
    }
    try (TemporaryFolder temporary = TemporaryFolder.create()) {
      suite.chooseDataDir(temporary.path());
      return run();
    }
  }

  /** Refuses a folder that is no package before anything is started. */
  private void requirePackage() throws IOException {
    if (!Files.isDirectory(folder)) {
      throw new ParameterException(spec.commandLine(), folder + " is no folder");
    }
    try {
      var unused = ModelPackage.read(folder);
    } catch (ModelPackageException e) {
      throw new ParameterException(spec.commandLine(), e.getMessage(), e);
    }
  }

  private int run() {
    ConfigProblems problems = new ConfigProblems();
    GrpcServerConfig serverConfig = server.config(problems);
    EmbeddedSuite.Config config = suite.config(Optional.empty(), problems);
    problems.throwIfAny();
    try (suite) {
      suite.takeFolders();
      MetricRegistry metrics = new MetricRegistry();
      try (GrpcServer running =
          GrpcServer.start(
              serverConfig,
              SERVER_NAME,
              EmbeddedSuite.open(config, SERVER_NAME, metrics, Clock.systemUTC()),
              metrics)) {
        return InterruptibleWork.run(
            spec.commandLine(), () -> serve(running, serverConfig.host() + ":" + running.port()));
      }
    }
  }

  private void serve(GrpcServer running, String address) throws IOException, InterruptedException {
    if (!running.awaitReady(READY_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
      throw new StartupException(
          "the server did not become ready within " + READY_TIMEOUT_SECONDS + " s");
    }
    ServedVersion version;
    try (SlipwayClient client = SlipwayClient.connect(address)) {
      version = publish(client);
    }
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%s version %d ready on %s: slipway describe %s --server %s%n",
        version.getModel(), version.getVersion(), address, version.getModel(), address);
    out.flush();
    running.awaitTermination();
  }

  /** Registers the package, moves it to Production and waits until it is loaded. */
  private ServedVersion publish(SlipwayClient client) throws IOException, InterruptedException {
    String model = name == null ? folder.toRealPath().getFileName().toString() : name;
    try {
      var unused =
          client
              .registry()
              .createRegisteredModel(
                  CreateRegisteredModelRequest.newBuilder().setName(model).build());
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.ALREADY_EXISTS) {
        throw e;
      }
    }
    String path = "served/" + UUID.randomUUID();
    try (TransferProgress progress =
        TransferProgress.of("upload", spec.commandLine().getErr(), false)) {
      var unused = client.transfers().uploadFolder(folder, path, progress);
    }
    long version =
        client
            .registry()
            .createModelVersion(
                CreateModelVersionRequest.newBuilder()
                    .setName(model)
                    .setSource("mlflow-artifacts:/" + path)
                    .build())
            .getVersion();
    var promoted =
        client
            .registry()
            .transitionStage(
                TransitionStageRequest.newBuilder()
                    .setName(model)
                    .setVersion(version)
                    .setStage(Stage.STAGE_PRODUCTION)
                    .setArchiveExistingVersions(true)
                    .setComment("slipway serve")
                    .build());
    return load(client, promoted.getModelVersion());
  }

  /** Loads a version that serving may hear of only in a moment. */
  private static ServedVersion load(SlipwayClient client, ModelVersion version)
      throws InterruptedException {
    LoadRequest.Builder request = LoadRequest.newBuilder().setModel(version.getName());
    request.getSelectorBuilder().setVersion(version.getVersion());
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(HEARD_TIMEOUT_SECONDS);
    while (true) {
      try {
        return client.serving().load(request.build()).getVersion();
      } catch (StatusRuntimeException e) {
        if (e.getStatus().getCode() != Status.Code.NOT_FOUND || System.nanoTime() > deadline) {
          throw e;
        }
        Thread.sleep(RETRY_MILLIS);
      }
    }
  }
}
