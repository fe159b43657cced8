package dev.slipway.cli.artifacts;

import dev.slipway.client.TransferOptions;
import picocli.CommandLine.Option;

/** Holds the flags of how files are moved. A mixin of picocli; not thread-safe. */
final class TransferFlags {
  @Option(
      names = "--parallel",
      paramLabel = "N",
      defaultValue = "4",
      description =
          "How many files of a folder, and parts of a large file, move at a time. Default:"
              + " ${DEFAULT-VALUE}.")
  private int parallel;

  @Option(
      names = "--through-service",
      description = "Sends large files through the service, also where a store could be reached.")
  private boolean throughService;

  @Option(
      names = {"-q", "--quiet"},
      description = "Shows no progress.")
  private boolean quiet;

  boolean quiet() {
    return quiet;
  }

  boolean isValid() {
    return parallel >= 1;
  }

  TransferOptions options() {
    return TransferOptions.DEFAULT
        .withParallel(parallel, parallel)
        .withDirect(!throughService)
        .withResumable(true);
  }
}
