package dev.slipway.cli.registry;

import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.cli.client.TransferProgress;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.tracking.v1.GetRunRequest;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Registers a package as the next version of a model. */
@Command(
    name = "register",
    mixinStandardHelpOptions = true,
    description = {
      "Registers a package as the next version of a model. A local folder is uploaded first: to the"
          + " artifacts of its run where --run names one, under the folder's name.",
      "",
      "  slipway models register digits ./model --create",
      "  slipway models register digits ./model --run 5d4c...",
      "  slipway models register digits runs:/5d4c.../model",
      "  slipway models register digits-eu models:/digits/3"
    })
final class RegisterCommand extends RegistryCall {
  private static final Pattern URI = Pattern.compile("[A-Za-z][A-Za-z0-9+.-]+:.*");

  /** Whatever else fails, a version may have been registered. */
  private static final Set<Status.Code> REFUSED =
      Set.of(Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND, Status.Code.FAILED_PRECONDITION);

  private static final String ARTIFACT_SCHEME = "mlflow-artifacts:/";

  @Parameters(index = "0", paramLabel = "NAME", description = "Name of the model.")
  private String name;

  @Parameters(
      index = "1",
      paramLabel = "FOLDER|URI",
      description =
          "A local folder with an MLmodel file, or where the package is: mlflow-artifacts:/PATH,"
              + " runs:/RUN/PATH, models:/NAME/VERSION.")
  private String source;

  @Option(names = "--create", description = "Creates the model when there is none of the name.")
  private boolean create;

  @Option(
      names = "--run",
      paramLabel = "ID",
      defaultValue = "",
      description = "Run that produced the package. Default: the one that its MLmodel names.")
  private String run;

  @Option(
      names = "--description",
      paramLabel = "MARKDOWN",
      defaultValue = "",
      description = "Text for people.")
  private String description;

  @Option(
      names = "--tag",
      paramLabel = "KEY=VALUE",
      description = "A tag of the version; may be repeated.")
  private Map<String, String> tags = Map.of();

  @Option(
      names = "--allow-missing-model-file",
      description = "Takes a package without an MLmodel file, or one that is kept elsewhere.")
  private boolean allowMissingModelFile;

  @Option(
      names = {"-q", "--quiet"},
      description = "Shows no progress.")
  private boolean quiet;

  @Override
  void run(RegistryServiceBlockingStub registry) throws IOException, InterruptedException {
    boolean local = !URI.matcher(source).matches();
    if (local && !Files.isDirectory(Path.of(source))) {
      throw usage(
          source
              + " is no folder here; one of the artifact service is "
              + ARTIFACT_SCHEME
              + "PATH");
    }
    if (create) {
      createIfAbsent(registry);
    }
    String path = local ? upload(Path.of(source)) : "";
    try {
      print(
          register(registry, local ? ARTIFACT_SCHEME + path : source),
          version ->
              out()
                  .printf(
                      "Registered %s, package %.12s.%n",
                      ModelText.name(version),
                      version.getPackageDigest().isEmpty()
                          ? "not held here"
                          : version.getPackageDigest()));
    } catch (StatusRuntimeException e) {
      if (local && run.isEmpty() && REFUSED.contains(e.getStatus().getCode())) {
        removeRefused(path, e);
      }
      throw e;
    }
  }

  private void createIfAbsent(RegistryServiceBlockingStub registry) {
    try {
      var unused =
          registry.createRegisteredModel(
              CreateRegisteredModelRequest.newBuilder().setName(name).build());
    } catch (StatusRuntimeException e) {
      if (e.getStatus().getCode() != Status.Code.ALREADY_EXISTS) {
        throw e;
      }
    }
  }

  private ModelVersion register(RegistryServiceBlockingStub registry, String from) {
    return registry.createModelVersion(
        CreateModelVersionRequest.newBuilder()
            .setName(name)
            .setSource(from)
            .setRunId(run)
            .setDescription(description)
            .putAllTags(tags)
            .setAllowMissingModelFile(allowMissingModelFile)
            .build());
  }

  /** Uploads the folder and returns its path in the artifact service. */
  private String upload(Path folder) throws IOException, InterruptedException {
    String path = run.isEmpty() ? "models/" + UUID.randomUUID() : ofRun(folder);
    try (TransferProgress progress = TransferProgress.of("upload", err(), quiet)) {
      var unused = client().transfers().uploadFolder(folder, path, progress);
    }
    return path;
  }

  private String ofRun(Path folder) {
    String root =
        client()
            .tracking()
            .getRun(GetRunRequest.newBuilder().setRunId(run).build())
            .getInfo()
            .getArtifactUri();
    if (!root.startsWith(ARTIFACT_SCHEME)) {
      throw usage("the artifacts of run " + run + " are not in the artifact service but " + root);
    }
    return root.substring(ARTIFACT_SCHEME.length())
        + "/"
        + folder.toAbsolutePath().normalize().getFileName();
  }

  /** Removes what was uploaded for a version that is not to be; nobody else knows its path. */
  private void removeRefused(String path, StatusRuntimeException refusal) {
    try {
      var unused =
          client()
              .artifacts()
              .delete(DeleteRequest.newBuilder().setPath(path).setRecursive(true).build());
    } catch (StatusRuntimeException e) {
      refusal.addSuppressed(e);
    }
  }
}
