package dev.slipway.cli.assets;

import dev.slipway.artifact.v1.UpdateAssetRequest;
import dev.slipway.artifact.v1.VersionBump;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Pushes the next version of an asset. */
@Command(
    name = "update",
    mixinStandardHelpOptions = true,
    description = {
      "Pushes a file or folder as the next version of an asset, from a.b to a.(b+1).",
      "NAME:MAJOR raises the newest version of that major, also when there are higher ones."
    })
final class UpdateCommand implements Callable<Integer> {
  private static final Pattern ASSET = Pattern.compile("([^:]+)(?::(\\d{1,9}))?");

  @Parameters(index = "0", paramLabel = "NAME[:MAJOR]", description = "The asset.")
  private String asset;

  @Option(names = "--bump-major", description = "From a.b to (a+1).0.")
  private boolean bumpMajor;

  @Parameters(index = "1", paramLabel = "PATH", description = "A file or a folder.")
  private Path files;

  @Mixin private final PushOptions options = new PushOptions();
  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    Matcher matcher = ASSET.matcher(asset);
    if (!matcher.matches()) {
      throw new ParameterException(spec.commandLine(), asset + " is no NAME or NAME:MAJOR");
    }
    UpdateAssetRequest.Builder request =
        UpdateAssetRequest.newBuilder()
            .setName(matcher.group(1))
            .setBump(
                bumpMajor ? VersionBump.VERSION_BUMP_MAJOR : VersionBump.VERSION_BUMP_UNSPECIFIED);
    if (matcher.group(2) != null) {
      request.setWithinMajor(Integer.parseInt(matcher.group(2)));
    }
    return options.run(
        spec,
        files,
        (client, content, progress) ->
            client.assetUploads().update(files, request.setContent(content).build(), progress));
  }
}
