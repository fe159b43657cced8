package dev.slipway.cli.artifacts;

import dev.slipway.cli.client.TransferProgress;
import dev.slipway.client.SlipwayClient;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Writes a file to standard output. */
@Command(
    name = "cat",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a file to standard output, as it is.",
      "The exit code is 0 only if all of it came and is verified.",
      "Where that is no terminal, progress is shown on standard error.",
      "",
      "  slipway artifacts cat 1/5d4c.../artifacts/model/MLmodel"
    })
final class CatCommand extends ArtifactCall {
  /** Set by the launcher when standard output is a terminal. */
  private static final String OUTPUT_TERMINAL_PROPERTY = "slipway.output.terminal";

  @Parameters(index = "0", paramLabel = "PATH", description = "A file.")
  private String path;

  @Option(
      names = {"-q", "--quiet"},
      description = "Shows no progress.")
  private boolean quiet;

  @Override
  @SuppressWarnings("resource") // Standard output belongs to the process.
  void run(SlipwayClient client) throws IOException, InterruptedException {
    // Unlike System.out it tells of a closed pipe.
    OutputStream to = new FileOutputStream(FileDescriptor.out);
    // A bar would lie across a file that is read on the screen.
    boolean watched = Boolean.getBoolean(OUTPUT_TERMINAL_PROPERTY);
    try (TransferProgress progress = TransferProgress.of("cat", err(), quiet || watched)) {
      var unused = client.transfers().copyTo(to, path, progress);
    }
  }
}
