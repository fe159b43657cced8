package dev.slipway.cli.artifacts;

import dev.slipway.client.TransferOptions;
import picocli.CommandLine.Option;

/** Holds the flags of how files are moved. A mixin of picocli; not thread-safe. */
final class TransferFlags {
  private static final int SMALL_FILES_PER_LARGE = 4;

  @Option(
      names = "--parallel",
      paramLabel = "N",
      defaultValue = "4",
      description =
          "How many large files of a folder, and parts of each, move at a time; of small files four"
              + " times as many. Default: ${DEFAULT-VALUE}.")
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
        .withParallel(SMALL_FILES_PER_LARGE * parallel, parallel)
        .withDirect(!throughService)
        .withResumable(true);
  }
}
