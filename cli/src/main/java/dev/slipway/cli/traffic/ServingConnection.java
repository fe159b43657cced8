package dev.slipway.cli.traffic;

import dev.slipway.cli.client.Failures;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceBlockingStub;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;

/** Says where serving answers, and calls it. A mixin of picocli; not thread-safe. */
final class ServingConnection {
  private static final long SECONDS = 60;

  @Option(
      names = "--server",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7100",
      description = "Where serving answers. Default: ${DEFAULT-VALUE}.")
  private String server;

  /** Does some calls; returns the exit code, with failures told. */
  int call(CommandSpec spec, Consumer<ServingServiceBlockingStub> calls) {
    ManagedChannel channel = connect();
    try {
      calls.accept(
          ServingServiceGrpc.newBlockingStub(channel).withDeadlineAfter(SECONDS, TimeUnit.SECONDS));
      return 0;
    } catch (StatusRuntimeException e) {
      Failures.print(spec.commandLine().getErr(), e);
      return 1;
    } finally {
      channel.shutdownNow();
      spec.commandLine().getOut().flush();
    }
  }

  private ManagedChannel connect() {
    ConfigProblems problems = new ConfigProblems();
    ManagedChannel channel =
        problems.check(
            "--server", () -> Channels.to(server, GrpcServerConfig.DEFAULT_MAX_MESSAGE_BYTES));
    problems.throwIfAny();
    return channel;
  }
}
