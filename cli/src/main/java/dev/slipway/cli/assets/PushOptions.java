package dev.slipway.cli.assets;

import dev.slipway.artifact.v1.AssetContent;
import dev.slipway.artifact.v1.AssetVersion;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.InterruptibleWork;
import dev.slipway.cli.client.TransferProgress;
import dev.slipway.client.SlipwayClient;
import dev.slipway.client.TransferListener;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/** Says what is pushed, for commands that push a version. A mixin of picocli; not thread-safe. */
final class PushOptions {
  @Mixin private final ClientOptions services = new ClientOptions();

  @Option(names = "--author", defaultValue = "", description = "Who pushes it.")
  private String author;

  @Option(
      names = {"-m", "--description"},
      defaultValue = "",
      description = "What is new in it.")
  private String description;

  @Option(
      names = "--metadata",
      paramLabel = "KEY=VALUE",
      description = "A fact about it; may be given up to 100 times.")
  private Map<String, String> metadata = Map.of();

  @Option(names = "--json", description = "Prints the version as JSON.")
  private boolean json;

  @Option(
      names = {"-q", "--quiet"},
      description = "Shows no progress.")
  private boolean quiet;

  /** Is how a command pushes. */
  interface Push {
    AssetVersion push(SlipwayClient client, AssetContent content, TransferListener progress)
        throws IOException, InterruptedException;
  }

  /** Uploads and pushes, prints the version or why there is none, and returns the exit code. */
  int run(CommandSpec spec, Path files, Push push) {
    if (!Files.exists(files)) {
      throw new ParameterException(spec.commandLine(), files + " does not exist");
    }
    AssetContent content =
        AssetContent.newBuilder()
            .setAuthor(author)
            .setDescription(description)
            .putAllMetadata(metadata)
            .build();
    return InterruptibleWork.run(
        spec.commandLine(),
        () -> {
          try (SlipwayClient client = services.connect()) {
            AssetVersion version;
            try (TransferProgress progress =
                TransferProgress.of("upload", spec.commandLine().getErr(), quiet)) {
              version = push.push(client, content, progress);
            }
            new AssetOutput(spec.commandLine().getOut(), json).version(version);
          }
        });
  }
}
