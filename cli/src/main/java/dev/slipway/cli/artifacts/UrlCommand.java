package dev.slipway.cli.artifacts;

import com.google.protobuf.util.Durations;
import dev.slipway.artifact.v1.CreateDownloadUrlRequest;
import dev.slipway.artifact.v1.CreateDownloadUrlResponse;
import dev.slipway.cli.client.Age;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.client.SlipwayClient;
import java.time.Duration;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Makes a URL of a file. */
@Command(
    name = "url",
    mixinStandardHelpOptions = true,
    description = {
      "Prints a URL by which whoever has it can read a file straight from the object store, for"
          + " some time. Where the service keeps artifacts in a folder there is none.",
      "",
      "  curl -fo model.onnx \"$(slipway artifacts url 1/5d4c.../artifacts/model/model.onnx)\""
    })
final class UrlCommand extends ArtifactCall {
  @Parameters(index = "0", paramLabel = "PATH", description = "A file.")
  private String path;

  @Option(
      names = "--lifetime",
      paramLabel = "TIME",
      defaultValue = "1h",
      converter = Age.class,
      description =
          "How long it is good, 1s to 7d: a number and s, m, h or d. Default: ${DEFAULT-VALUE}.")
  private Duration lifetime;

  @Option(
      names = "--file-name",
      paramLabel = "NAME",
      defaultValue = "",
      description = "Name under which a browser saves it. Default: that of the file.")
  private String fileName;

  @Mixin private final JsonOutput json = new JsonOutput();

  @Override
  void run(SlipwayClient client) {
    CreateDownloadUrlResponse response =
        client
            .artifacts()
            .createDownloadUrl(
                CreateDownloadUrlRequest.newBuilder()
                    .setPath(path)
                    .setLifetime(Durations.fromSeconds(lifetime.toSeconds()))
                    .setFileName(fileName)
                    .build());
    if (json.isWanted()) {
      JsonOutput.print(out(), response);
    } else {
      out().println(response.getUrl());
    }
  }
}
