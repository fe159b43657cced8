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
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Downloads a file or a directory. */
@Command(
    name = "download",
    mixinStandardHelpOptions = true,
    description = {
      "Downloads a file, or a directory with all below it. It appears under its name when it is"
          + " whole and verified.",
      "The files of a directory that came before an interruption are kept beside it, and the same"
          + " command goes on with them.",
      "",
      "  slipway artifacts download 1/5d4c.../artifacts/model",
      "  slipway artifacts download 1/5d4c.../artifacts/model/model.onnx digits.onnx"
    })
final class DownloadCommand extends ArtifactCall {
  @Parameters(index = "0", paramLabel = "PATH", description = "A file or a directory.")
  private String path;

  @Parameters(
      index = "1",
      arity = "0..1",
      paramLabel = "LOCAL",
      description =
          "Where it is to lie; in there under its own name where that is a folder. Default: its own"
              + " name in the current folder.")
  private Path local;

  @Option(
      names = {"-f", "--force"},
      description = "Replaces a file that is there. A folder is never replaced.")
  private boolean force;

  @Mixin private final TransferFlags flags = new TransferFlags();

  @Mixin private final JsonOutput json = new JsonOutput();

  @Override
  void run(SlipwayClient client) throws IOException, InterruptedException {
    if (!flags.isValid()) {
      throw usage("--parallel (SLIPWAY_PARALLEL): 1 or more");
    }
    ArtifactPath from = pathOf(path);
    Path target = target(from);
    Entry entry =
        client
            .artifacts()
            .stat(StatRequest.newBuilder().setPath(from.value()).setWithTotals(true).build());
    if (Files.exists(target) && (!force || entry.hasDirectory() || Files.isDirectory(target))) {
      throw new FileAlreadyExistsException(
          target + (entry.hasArtifact() ? "; --force replaces a file" : ""));
    }
    ArtifactTransfers transfers = client.transfers(flags.options());
    try (TransferProgress progress = TransferProgress.of("download", err(), flags.quiet())) {
      if (entry.hasDirectory()) {
        transfers.downloadFolder(from.value(), target, progress);
      } else {
        var unused = transfers.downloadFile(from.value(), target, progress);
      }
    }
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

  /** Names what is made by what was asked for, whatever the service calls it. */
  private Path target(ArtifactPath from) {
    String name = from.name();
    if (local == null) {
      if (name.isEmpty()) {
        throw usage("LOCAL: is required for the root, which has no name");
      }
      return Path.of(name);
    }
    return Files.isDirectory(local) && !name.isEmpty() ? local.resolve(name) : local;
  }
}
