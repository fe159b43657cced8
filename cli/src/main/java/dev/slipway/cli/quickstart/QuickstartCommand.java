package dev.slipway.cli.quickstart;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.cli.server.EmbeddedSuite;
import dev.slipway.cli.server.SuiteOptions;
import dev.slipway.cli.server.TemporaryFolder;
import dev.slipway.client.SlipwayClient;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.config.ServerOptions;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.server.StartupException;
import java.io.PrintWriter;
import java.time.Clock;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/**
 * Shows the whole road on real data: train, track, store, register, promote, predict, promote a
 * better one.
 */
@Command(
    name = "quickstart",
    mixinStandardHelpOptions = true,
    description = {
      "Trains a model of handwritten digits and takes it from training to predict, twice.",
      "Without --data-dir in a temporary folder that is removed at the end."
    })
public final class QuickstartCommand implements Callable<Integer> {
  private static final String NAME = "quickstart";
  private static final long READY_TIMEOUT_SECONDS = 60;

  @Mixin private final ServerOptions server = new ServerOptions(0);
  @Mixin private final SuiteOptions suite = new SuiteOptions();
  @Spec private CommandSpec spec;
  private boolean keepsData = true;

  @Override
  public Integer call() throws Exception {
    if (suite.dataDir().isPresent()) {
      return run();
    }
    try (TemporaryFolder temporary = TemporaryFolder.create()) {
      suite.chooseDataDir(temporary.path());
      keepsData = false;
      return run();
    }
  }

  private int run() throws Exception {
    ConfigProblems problems = new ConfigProblems();
    GrpcServerConfig serverConfig = server.config(problems);
    EmbeddedSuite.Config config = suite.config(Optional.empty(), problems);
    problems.throwIfAny();
    PrintWriter out = spec.commandLine().getOut();
    try (suite) {
      suite.takeFolders();
      MetricRegistry metrics = new MetricRegistry();
      try (GrpcServer running =
          GrpcServer.start(
              serverConfig,
              NAME,
              EmbeddedSuite.open(config, NAME, metrics, Clock.systemUTC()),
              metrics)) {
        if (!running.awaitReady(READY_TIMEOUT_SECONDS, TimeUnit.SECONDS)) {
          throw new StartupException(
              "the embedded server did not become ready within " + READY_TIMEOUT_SECONDS + " s");
        }
        String address = serverConfig.host() + ":" + running.port();
        out.printf("%-9s all services on %s%n", "slipway", address);
        try (SlipwayClient client = SlipwayClient.connect(address)) {
          boolean done = new Quickstart(client, out, spec.commandLine().getErr()).run();
          printHowToGoOn(out, done);
          return done ? 0 : 1;
        }
      }
    }
  }

  private void printHowToGoOn(PrintWriter out, boolean done) {
    out.println();
    if (!done) {
      out.println("That did not go as it should: see above.");
      out.flush();
      return;
    }
    if (keepsData) {
      String folder = suite.dataDir().orElseThrow().toString();
      out.println("Done. Everything is in " + folder + ". To serve it:");
      out.println("  ./slipway server --data-dir " + folder);
    } else {
      out.println("Done. To look around, keep the data and serve it:");
      out.println("  ./slipway quickstart --data-dir slipway-data");
      out.println("  ./slipway server --data-dir slipway-data");
    }
    out.println("and in another shell:");
    out.println("  ./slipway call RegistryService/ListModelVersions '{\"name\": \"digits\"}'");
    out.println("  ./slipway call ServingService/ListModels");
    out.flush();
  }
}
