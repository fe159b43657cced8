package dev.slipway.cli.artifacts;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.InterruptibleWork;
import dev.slipway.client.SlipwayClient;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** Is what the commands about artifacts share: connection and failures. Not thread-safe. */
abstract class ArtifactCall implements Callable<Integer> {
  @Mixin private final ClientOptions services = new ClientOptions();

  @Spec private CommandSpec spec;

  @Override
  public final Integer call() {
    return InterruptibleWork.run(
        spec.commandLine(),
        () -> {
          try (SlipwayClient client = services.connect()) {
            run(client);
          }
        });
  }

  /** Does the work. */
  abstract void run(SlipwayClient client) throws IOException, InterruptedException;

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /**
   * Reads a path that somebody has typed. A slash at its end, as listings show directories, is left
   * out.
   */
  final ArtifactPath pathOf(String text) {
    boolean slash = text.length() > 1 && text.endsWith("/");
    try {
      return new ArtifactPath(slash ? text.substring(0, text.length() - 1) : text);
    } catch (IllegalArgumentException e) {
      throw usage(text + ": " + e.getMessage());
    }
  }

  final ParameterException usage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }
}
