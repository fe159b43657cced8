package dev.slipway.cli.artifacts;

import com.google.protobuf.util.Timestamps;
import dev.slipway.artifact.v1.Entry;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.artifact.v1.ListResponse;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.client.SlipwayClient;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Lists what lies in a directory. */
@Command(
    name = "list",
    aliases = "ls",
    mixinStandardHelpOptions = true,
    description = {
      "Lists a directory: size in bytes, time of the last change and path; directories end in /.",
      "",
      "  slipway artifacts list 1/5d4c.../artifacts",
      "  slipway artifacts list -r --json | jq -r .artifact.sha256"
    })
final class ListCommand extends ArtifactCall {
  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "PATH",
      defaultValue = "",
      description = "A directory, or a file. Default: the root.")
  private String path;

  @Option(
      names = {"-r", "--recursive"},
      description = "Lists all files at any depth.")
  private boolean recursive;

  @Mixin private final JsonOutput json = new JsonOutput();

  @Override
  void run(SlipwayClient client) {
    String directory = pathOf(path).value();
    Entry entry = client.artifacts().stat(StatRequest.newBuilder().setPath(directory).build());
    if (entry.hasArtifact()) {
      show(entry);
      return;
    }
    ListRequest.Builder request =
        ListRequest.newBuilder().setPath(directory).setRecursive(recursive);
    ListResponse page;
    do {
      page = client.artifacts().list(request.build());
      page.getEntriesList().forEach(this::show);
      out().flush();
      request.setPageToken(page.getNextPageToken());
      // A closed pipe ends the listing, e.g. that of head.
    } while (!page.getNextPageToken().isEmpty() && !out().checkError());
  }

  private void show(Entry entry) {
    if (json.isWanted()) {
      JsonOutput.print(out(), entry);
    } else if (entry.hasArtifact()) {
      out()
          .printf(
              "%15d  %s  %s%n",
              entry.getArtifact().getSizeBytes(),
              seconds(Timestamps.toString(entry.getArtifact().getUpdateTime())),
              entry.getPath());
    } else {
      out().printf("%15s  %20s  %s/%n", "-", "-", entry.getPath());
    }
  }

  /** Leaves out fractions of a second. */
  private static String seconds(String rfc3339) {
    return rfc3339.replaceFirst("\\.[0-9]+", "");
  }
}
