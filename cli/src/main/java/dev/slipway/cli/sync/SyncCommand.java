package dev.slipway.cli.sync;

import dev.slipway.client.SlipwayClient;
import dev.slipway.client.SpillSync;
import dev.slipway.client.SyncedRun;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Sends what training jobs have left in their spill folders. */
@Command(
    name = "sync",
    mixinStandardHelpOptions = true,
    description = {
      "Sends what training jobs could not, from the folder where they kept it.",
      "",
      "Says what became of each run; deletes what the service has then, and keeps what it refuses.",
      "May be repeated: each point is stored once. Jobs that are alive are left alone."
    },
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {
      "0:all is sent, but for jobs that are alive",
      "1:something is kept: refused, damaged, or the service was not reached",
      "2:wrong command line"
    })
public final class SyncCommand implements Callable<Integer> {
  @Option(
      names = "--server",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7100",
      description = "Where the tracking service answers. Default: ${DEFAULT-VALUE}.")
  private String server;

  @Option(
      names = "--timeout",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "How long to wait for a service that acknowledges nothing. Default: ${DEFAULT-VALUE}.")
  private long timeoutSeconds;

  @Parameters(
      index = "0",
      paramLabel = "FOLDER",
      description = "A spill folder, one run in it, or anything above.")
  private Path folder;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (!Files.isDirectory(folder)) {
      throw usage(folder + " is no folder");
    }
    if (timeoutSeconds < 1) {
      throw usage("--timeout (SLIPWAY_TIMEOUT): 1 or more");
    }
    try (SlipwayClient client = connect()) {
      Duration patience = Duration.ofSeconds(timeoutSeconds);
      return new SpillSync(client.trackingChannel(), patience).sync(folder, this::report) ? 0 : 1;
    }
  }

  private SlipwayClient connect() {
    try {
      return SlipwayClient.connect(server);
    } catch (IllegalArgumentException e) {
      throw usage("--server (SLIPWAY_SERVER): " + server + " is no host:port");
    }
  }

  private void report(SyncedRun run) {
    PrintWriter out = spec.commandLine().getOut();
    switch (run.outcome()) {
      case SENT -> out.printf("run %s: sent %s%n", run.runId(), amount(run));
      case IN_USE -> out.printf("run %s: in use, left alone%n", run.runId());
      case KEPT -> out.printf("run %s: sent %s, kept %s%n", run.runId(), amount(run), run.folder());
    }
    out.flush();
    PrintWriter err = spec.commandLine().getErr();
    run.problems().forEach(problem -> err.printf("run %s: %s%n", run.runId(), problem));
    err.flush();
  }

  private static String amount(SyncedRun run) {
    return String.format("%,d points and %,d calls", run.sentPoints(), run.sentCalls());
  }

  private ParameterException usage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }
}
