package dev.slipway.cli.registry;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.cli.client.TextTable;
import dev.slipway.registry.v1.CompareModelVersionsRequest;
import dev.slipway.registry.v1.CompareModelVersionsResponse;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RunValueDifference;
import dev.slipway.registry.v1.SignatureDiff;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Compares two versions. */
@Command(
    name = "diff",
    mixinStandardHelpOptions = true,
    description = {
      "Compares two versions: their signatures column by column, and the params and metrics of"
          + " their runs.",
      "",
      "  slipway models diff digits/2 digits/3",
      "  slipway models diff digits digits@staging         Production against Staging"
    })
final class DiffCommand extends RegistryCall {
  @Parameters(
      index = "0",
      paramLabel = "OLDER",
      converter = ModelSpec.Converter.class,
      description = ModelSpec.FORMS + ". Default version: the one in Production.")
  private ModelSpec older;

  @Parameters(
      index = "1",
      paramLabel = "NEWER",
      converter = ModelSpec.Converter.class,
      description = "The same forms.")
  private ModelSpec newer;

  @Override
  void run(RegistryServiceBlockingStub registry) {
    ModelVersion one = resolve(registry, older);
    ModelVersion other = resolve(registry, newer);
    print(
        registry.compareModelVersions(
            CompareModelVersionsRequest.newBuilder()
                .setName(one.getName())
                .setVersion(one.getVersion())
                .setOtherName(other.getName())
                .setOtherVersion(other.getVersion())
                .build()),
        this::tell);
  }

  private void tell(CompareModelVersionsResponse comparison) {
    out()
        .printf(
            "%s -> %s%n",
            ModelText.name(comparison.getOlder()), ModelText.name(comparison.getNewer()));
    TextLines lines = new TextLines(out());
    lines.line("package", comparison.getSamePackage() ? "the same files" : "other files");
    lines.line("signature", compatibility(comparison.getSignatureDiff()));
    lines.lines("", CheckText.lines(comparison.getSignatureDiff()));
    if (comparison.getRunDifferencesCount() > 0) {
      TextTable table = new TextTable(out(), "KIND", "NAME", "OLDER", "NEWER");
      for (RunValueDifference value : comparison.getRunDifferencesList()) {
        table.row(
            Words.of(value.getKind(), "KIND_"),
            value.getName(),
            value.getOlder(),
            value.getNewer());
      }
      table.print();
    }
  }

  private static String compatibility(SignatureDiff diff) {
    if (diff.getDifferencesCount() == 0) {
      return "equal";
    } else if (diff.getBackwardCompatible() && diff.getForwardCompatible()) {
      return "backward and forward compatible";
    } else if (diff.getBackwardCompatible()) {
      return "backward compatible: requests for the older version are valid for the newer";
    }
    return diff.getForwardCompatible()
        ? "forward compatible: requests for the newer version are valid for the older"
        : "not compatible";
  }
}
