package dev.slipway.cli.assets;

import dev.slipway.artifact.v1.ResolveAssetRequest;
import dev.slipway.artifact.v1.ResolveAssetResponse;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.Failures;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.client.SlipwayClient;
import io.grpc.StatusRuntimeException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Tells which version a spec means. */
@Command(
    name = "resolve",
    mixinStandardHelpOptions = true,
    description = {
      "Tells which version a spec means, and its first 1,000 files with their SHA-256.",
      "",
      "  slipway assets resolve vocabularies/english          the newest",
      "  slipway assets resolve vocabularies/english:1        the newest of major 1",
      "  slipway assets resolve 'vocabularies/english:1.2[tokens.txt]'"
    })
final class ResolveCommand implements Callable<Integer> {
  @Mixin private final ClientOptions services = new ClientOptions();

  @Parameters(
      index = "0",
      paramLabel = "SPEC",
      description = "name[:version][[part]], in quotes where a shell knows brackets.")
  private String asset;

  @Option(names = "--json", description = "Prints the answer as JSON.")
  private boolean json;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    PrintWriter out = spec.commandLine().getOut();
    try (SlipwayClient client = services.connect()) {
      ResolveAssetResponse resolved =
          client.assets().resolveAsset(ResolveAssetRequest.newBuilder().setSpec(asset).build());
      if (json) {
        JsonOutput.print(out, resolved);
      } else {
        new AssetOutput(out, false).version(resolved.getVersion());
        resolved
            .getEntriesList()
            .forEach(
                file ->
                    out.printf(
                        "%s %,d %s%n", file.getSha256(), file.getSizeBytes(), file.getPath()));
      }
      return 0;
    } catch (StatusRuntimeException e) {
      Failures.print(spec.commandLine().getErr(), e);
      return 1;
    } finally {
      out.flush();
    }
  }
}
