package dev.slipway.cli.artifacts;

import dev.slipway.client.SlipwayClient;
import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Parameters;

/** Writes a file to standard output. */
@Command(
    name = "cat",
    mixinStandardHelpOptions = true,
    description = {
      "Writes a file to standard output, as it is.",
      "The exit code is 0 only if all of it came and is verified.",
      "",
      "  slipway artifacts cat 1/5d4c.../artifacts/model/MLmodel"
    })
final class CatCommand extends ArtifactCall {
  @Parameters(index = "0", paramLabel = "PATH", description = "A file.")
  private String path;

  @Override
  @SuppressWarnings("resource") // Standard output belongs to the process.
  void run(SlipwayClient client) throws IOException, InterruptedException {
    // Unlike System.out it tells of a closed pipe.
    OutputStream to = new FileOutputStream(FileDescriptor.out);
    var unused = client.transfers().copyTo(to, path);
  }
}
