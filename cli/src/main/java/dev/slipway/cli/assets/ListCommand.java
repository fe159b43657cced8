package dev.slipway.cli.assets;

import dev.slipway.artifact.v1.AssetServiceGrpc.AssetServiceBlockingStub;
import dev.slipway.artifact.v1.ListAssetVersionsRequest;
import dev.slipway.artifact.v1.ListAssetVersionsResponse;
import dev.slipway.artifact.v1.ListAssetsRequest;
import dev.slipway.artifact.v1.ListAssetsResponse;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.Failures;
import dev.slipway.client.SlipwayClient;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Lists assets, or the versions of one. */
@Command(
    name = "list",
    mixinStandardHelpOptions = true,
    description = "Lists assets by name, or the versions of one, newest first.")
final class ListCommand implements Callable<Integer> {
  @Mixin private final ClientOptions services = new ClientOptions();

  @Parameters(
      index = "0",
      arity = "0..1",
      paramLabel = "NAME",
      description = "An asset, to list its versions. Default: all assets are listed.")
  private String name;

  @Option(
      names = "--prefix",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Only assets whose name begins with this.")
  private String prefix;

  @Option(names = "--json", description = "Prints one JSON object per line.")
  private boolean json;

  @Spec private CommandSpec spec;
  private AssetOutput output;

  @Override
  public Integer call() {
    output = new AssetOutput(spec.commandLine().getOut(), json);
    try (SlipwayClient client = services.connect()) {
      if (name == null) {
        listAssets(client.assets());
      } else {
        listVersions(client.assets());
      }
      return 0;
    } catch (StatusRuntimeException e) {
      Failures.print(spec.commandLine().getErr(), e);
      return 1;
    } finally {
      spec.commandLine().getOut().flush();
    }
  }

  private void listAssets(AssetServiceBlockingStub assets) {
    ListAssetsRequest.Builder request = ListAssetsRequest.newBuilder().setNamePrefix(prefix);
    do {
      ListAssetsResponse page = assets.listAssets(request.build());
      page.getAssetsList().forEach(output::asset);
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
  }

  private void listVersions(AssetServiceBlockingStub assets) {
    ListAssetVersionsRequest.Builder request = ListAssetVersionsRequest.newBuilder().setName(name);
    do {
      ListAssetVersionsResponse page = assets.listAssetVersions(request.build());
      page.getVersionsList().forEach(output::version);
      request.setPageToken(page.getNextPageToken());
    } while (!request.getPageToken().isEmpty());
  }
}
