package dev.slipway.cli.assets;

import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Struct;
import com.google.protobuf.Value;
import com.google.protobuf.util.JsonFormat;
import dev.slipway.artifact.asset.AssetSpec;
import dev.slipway.artifact.v1.AssetVersion;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.InterruptibleWork;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.cli.client.TransferProgress;
import dev.slipway.client.AssetCache;
import dev.slipway.client.AssetCacheOptions;
import dev.slipway.client.CachedAsset;
import dev.slipway.client.SlipwayClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Makes an asset a local file or folder. */
@Command(
    name = "fetch",
    mixinStandardHelpOptions = true,
    description = {
      "Fetches an asset, or a part of one, and prints where it is: in the cache, or where --output"
          + " says.",
      "What is in the cache may go when room is needed; what --output made stays.",
      "A complete version that is in the cache needs no service.",
      "",
      "  slipway assets fetch vocabularies/english:1.2",
      "  slipway assets fetch 'vocabularies/english[tokens.txt]' -o tokens.txt"
    })
final class FetchCommand implements Callable<Integer> {
  @Mixin private final ClientOptions services = new ClientOptions();

  @Parameters(
      index = "0",
      paramLabel = "SPEC",
      description = "name[:version][[part]], in quotes where a shell knows brackets.")
  private String asset;

  @Option(
      names = {"-o", "--output"},
      paramLabel = "PATH",
      description = "Copies it there; must not exist.")
  private Path output;

  @Option(
      names = "--asset-cache",
      paramLabel = "FOLDER",
      description = "Folder of the cache. Default: .cache/slipway/assets in the home folder.")
  private Path cacheFolder;

  @Option(
      names = "--asset-cache-bytes",
      paramLabel = "BYTES",
      defaultValue = "" + AssetCacheOptions.DEFAULT_MAX_BYTES,
      description = "Most bytes that the cache keeps. Default: ${DEFAULT-VALUE}.")
  private long cacheBytes;

  @Option(
      names = "--override",
      paramLabel = "NAME=PATH",
      description = "Takes an asset from a local path instead; may be given more than once.")
  private Map<String, Path> overrides = Map.of();

  @Option(
      names = "--verify",
      description =
          "Computes digests of what is in the cache anew, and fetches damaged files again.")
  private boolean verify;

  @Option(names = "--json", description = "Prints path, version and whether it was in the cache.")
  private boolean json;

  @Option(
      names = {"-q", "--quiet"},
      description = "Shows no progress.")
  private boolean quiet;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    if (cacheBytes < 1) {
      throw usage("--asset-cache-bytes (SLIPWAY_ASSET_CACHE_BYTES): 1 or more");
    }
    try {
      var unused = AssetSpec.parse(asset);
    } catch (IllegalArgumentException e) {
      throw usage(asset + ": " + e.getMessage());
    }
    return InterruptibleWork.run(spec.commandLine(), this::fetch);
  }

  private void fetch() throws IOException, InterruptedException {
    try (SlipwayClient client = services.connect();
        AssetCache cache = client.assetCache(options());
        CachedAsset fetched = fetch(cache)) {
      Path path = fetched.path();
      if (output != null) {
        FileTree.copy(path, output);
        path = output;
      }
      print(path.toAbsolutePath(), fetched);
    }
  }

  private AssetCacheOptions options() {
    return new AssetCacheOptions(
        cacheFolder == null ? AssetCacheOptions.defaults().folder() : cacheFolder,
        cacheBytes,
        overrides,
        verify);
  }

  private CachedAsset fetch(AssetCache cache) throws IOException, InterruptedException {
    try (TransferProgress progress =
        TransferProgress.of("fetch", spec.commandLine().getErr(), quiet)) {
      return cache.fetch(asset, progress);
    }
  }

  private void print(Path path, CachedAsset fetched) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      Struct.Builder object =
          Struct.newBuilder()
              .putFields("path", Value.newBuilder().setStringValue(path.toString()).build())
              .putFields(
                  "from_cache", Value.newBuilder().setBoolValue(fetched.fromCache()).build());
      fetched
          .version()
          .ifPresent(
              version ->
                  object.putFields(
                      "version", Value.newBuilder().setStructValue(struct(version)).build()));
      JsonOutput.print(out, object);
    } else {
      out.println(path);
    }
    out.flush();
  }

  private static Struct struct(AssetVersion version) {
    Struct.Builder struct = Struct.newBuilder();
    try {
      JsonFormat.parser()
          .merge(JsonFormat.printer().preservingProtoFieldNames().print(version), struct);
    } catch (InvalidProtocolBufferException e) {
      throw new IllegalStateException("a version cannot be shown as JSON", e);
    }
    return struct.build();
  }

  private ParameterException usage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }
}
