package dev.slipway.cli.artifacts;

import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.DeleteResponse;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.client.SlipwayClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Removes a file or a directory. */
@Command(
    name = "rm",
    mixinStandardHelpOptions = true,
    description = {
      "Removes a file, or with -r a directory with all below it. Its bytes go with a later garbage"
          + " collection, unless a registered version or something else needs them."
    })
final class RemoveCommand extends ArtifactCall {
  @Parameters(index = "0", paramLabel = "PATH", description = "A file or a directory.")
  private String path;

  @Option(
      names = {"-r", "--recursive"},
      description = "Removes a directory with all below it.")
  private boolean recursive;

  @Option(
      names = {"-f", "--force"},
      description = "Is content when there is nothing at the path.")
  private boolean force;

  @Mixin private final JsonOutput json = new JsonOutput();

  @Override
  void run(SlipwayClient client) {
    DeleteResponse removed =
        client
            .artifacts()
            .delete(
                DeleteRequest.newBuilder()
                    .setPath(path)
                    .setRecursive(recursive)
                    .setAllowMissing(force)
                    .build());
    if (json.isWanted()) {
      JsonOutput.print(out(), removed);
    } else {
      out()
          .printf(
              "removed %s, %,d bytes%n",
              Counts.of(removed.getDeletedCount(), "file"), removed.getDeletedBytes());
    }
  }
}
