package dev.slipway.cli.artifacts;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.v1.Entry;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.cli.client.TransferProgress;
import dev.slipway.client.ArtifactTransfers;
import dev.slipway.client.SlipwayClient;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.StringJoiner;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** Uploads a file or a folder. */
@Command(
    name = "upload",
    mixinStandardHelpOptions = true,
    description = {
      "Uploads a file, or all files below a folder. What the service has already is not sent again:"
          + " repeat the command after an interruption, and it goes on.",
      "Each file appears whole and verified, and replaces what its path had.",
      "",
      "  slipway artifacts upload model.onnx 1/5d4c.../artifacts/model/",
      "  slipway artifacts upload model 1/5d4c.../artifacts/model"
    })
final class UploadCommand extends ArtifactCall {
  private static final int MAX_PROBLEMS = 20;

  @Parameters(index = "0", paramLabel = "LOCAL", description = "A file or a folder.")
  private Path local;

  @Parameters(
      index = "1",
      paramLabel = "PATH",
      description = "Where it is to lie. With a slash at its end, under its own name in there.")
  private String path;

  @Mixin private final TransferFlags flags = new TransferFlags();

  @Mixin private final JsonOutput json = new JsonOutput();

  @Override
  void run(SlipwayClient client) throws IOException, InterruptedException {
    if (!flags.isValid()) {
      throw usage("--parallel (SLIPWAY_PARALLEL): 1 or more");
    }
    if (!Files.exists(local)) {
      throw usage(local + " does not exist");
    }
    String target =
        path.endsWith("/") ? path + local.toAbsolutePath().normalize().getFileName() : path;
    requireSafe(target);
    ArtifactTransfers transfers = client.transfers(flags.options());
    try (TransferProgress progress = TransferProgress.of("upload", err(), flags.quiet())) {
      if (Files.isDirectory(local)) {
        var unused = transfers.uploadFolder(local, target, progress);
      } else {
        var unused = transfers.uploadFile(local, target, progress);
      }
    }
    Entry entry =
        client
            .artifacts()
            .stat(StatRequest.newBuilder().setPath(target).setWithTotals(true).build());
    if (json.isWanted()) {
      JsonOutput.print(out(), entry);
    } else if (entry.hasArtifact()) {
      out().printf("%s: %,d bytes%n", target, entry.getArtifact().getSizeBytes());
    } else {
      out()
          .printf(
              "%s: %s, %,d bytes%n",
              target,
              Counts.of(entry.getDirectory().getFileCount(), "file"),
              entry.getDirectory().getSizeBytes());
    }
  }

  /** Joins names as paths of artifacts are, whatever the local file system puts between them. */
  private static String artifactName(Path relative) {
    StringJoiner name = new StringJoiner("/");
    relative.forEach(segment -> name.add(segment.toString()));
    return name.toString();
  }

  /** Says all names that the service would refuse, before anything is sent. */
  private void requireSafe(String target) throws IOException {
    if (target.isEmpty() && !Files.isDirectory(local)) {
      throw usage("PATH: is empty, which is the root");
    }
    Optional<String> problem = ArtifactPath.problem(target);
    if (problem.isPresent()) {
      throw usage(target + ": " + problem.get());
    }
    if (!Files.isDirectory(local)) {
      return;
    }
    Path root = local.toRealPath();
    String prefix = target.isEmpty() ? "" : target + '/';
    List<String> problems;
    try (Stream<Path> files = Files.walk(root)) {
      problems =
          files
              .filter(Files::isRegularFile)
              .map(file -> artifactName(root.relativize(file)))
              .flatMap(
                  name ->
                      ArtifactPath.problem(prefix + name).map(what -> name + ": " + what).stream())
              .limit(MAX_PROBLEMS)
              .toList();
    }
    if (!problems.isEmpty()) {
      throw new IOException(
          "nothing is uploaded, as some names are not safe:\n  " + String.join("\n  ", problems));
    }
  }
}
