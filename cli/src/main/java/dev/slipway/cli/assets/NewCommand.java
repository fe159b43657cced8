package dev.slipway.cli.assets;

import dev.slipway.artifact.v1.PushAssetRequest;
import dev.slipway.artifact.v1.VersioningScheme;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Pushes the first version of an asset, or one of a given number. */
@Command(
    name = "new",
    mixinStandardHelpOptions = true,
    description = {
      "Pushes a file or folder as a new asset, of version 0.0 or the one given.",
      "With --asset-version of an asset that is there, adds that version to it."
    })
final class NewCommand implements Callable<Integer> {
  @Parameters(
      index = "0",
      paramLabel = "NAME",
      description = "The asset: letters, digits and . _ / -")
  private String name;

  @Option(
      names = "--asset-version",
      paramLabel = "VERSION",
      defaultValue = "",
      description = "Complete, such as 1.0. Default: the first.")
  private String version;

  @Option(
      names = "--date",
      description = "Versions are the times of their pushes instead of major.minor.")
  private boolean date;

  @Parameters(index = "1", paramLabel = "PATH", description = "A file or a folder.")
  private Path files;

  @Mixin private final PushOptions options = new PushOptions();
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    return options.run(
        spec,
        files,
        (client, content, progress) ->
            client
                .assetUploads()
                .push(
                    files,
                    PushAssetRequest.newBuilder()
                        .setName(name)
                        .setVersion(version)
                        .setVersioningScheme(
                            date
                                ? VersioningScheme.VERSIONING_SCHEME_DATE
                                : VersioningScheme.VERSIONING_SCHEME_UNSPECIFIED)
                        .setContent(content)
                        .build(),
                    progress));
  }
}
