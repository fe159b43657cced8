package dev.slipway.cli.registry;

import com.google.protobuf.MessageOrBuilder;
import dev.slipway.cli.client.CallerOptions;
import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.InterruptibleWork;
import dev.slipway.cli.client.JsonOutput;
import dev.slipway.cli.client.ModelSpec;
import dev.slipway.client.SlipwayClient;
import dev.slipway.registry.v1.CheckReport;
import dev.slipway.registry.v1.CheckTransitionRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.Stage;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import java.util.function.Consumer;
import java.util.function.Function;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/**
 * Is what the commands about registered models share: connection, caller, output and failures. Not
 * thread-safe.
 */
abstract class RegistryCall implements Callable<Integer> {
  @Mixin private final ClientOptions services = new ClientOptions();
  @Mixin private final CallerOptions caller = new CallerOptions();
  @Mixin private final JsonOutput json = new JsonOutput();

  @Spec private CommandSpec spec;

  private SlipwayClient client;
  private boolean negative;

  @Override
  public final Integer call() {
    int code =
        InterruptibleWork.run(
            spec.commandLine(),
            () -> {
              try (SlipwayClient connected = services.connect()) {
                client = connected;
                runExplained(caller.identify(connected.registry()));
              }
            });
    return negative ? ExitCode.SOFTWARE : code;
  }

  /** Does the work; when checks refuse it, prints what they have found. */
  private void runExplained(RegistryServiceBlockingStub registry)
      throws IOException, InterruptedException {
    try {
      run(registry);
    } catch (StatusRuntimeException e) {
      Refusals.report(e).ifPresent(found -> print(whole(registry, found)));
      throw e;
    }
  }

  /**
   * Returns all that the checks compared. A refusal has room for their summaries only, so the
   * registry is asked for the rest; when it has none, or all checks pass by now, the summaries
   * stay.
   */
  private CheckReport whole(RegistryServiceBlockingStub registry, CheckReport refused) {
    try {
      Stage stage = checkedStage(registry);
      if (stage == Stage.STAGE_UNSPECIFIED) {
        return refused;
      }
      CheckReport whole =
          registry.checkTransition(
              CheckTransitionRequest.newBuilder()
                  .setName(refused.getName())
                  .setVersion(refused.getVersion())
                  .setStage(stage)
                  .build());
      return whole.getPassed() ? refused : whole;
    } catch (StatusRuntimeException e) {
      return refused;
    }
  }

  /**
   * Returns the stage whose checks have refused the work; unspecified where the command moves
   * nothing.
   */
  Stage checkedStage(RegistryServiceBlockingStub registry) {
    return Stage.STAGE_UNSPECIFIED;
  }

  /** Does the work. */
  abstract void run(RegistryServiceBlockingStub registry) throws IOException, InterruptedException;

  /** Returns the client of all services, while the command runs. */
  final SlipwayClient client() {
    return client;
  }

  final PrintWriter out() {
    return spec.commandLine().getOut();
  }

  final PrintWriter err() {
    return spec.commandLine().getErr();
  }

  /** Returns whether programs read what is printed. */
  final boolean isJson() {
    return json.isWanted();
  }

  /** Prints an answer: as a line of JSON for programs, else as the text for people says it. */
  final <M extends MessageOrBuilder> void print(M answer, Consumer<M> text) {
    if (json.isWanted()) {
      JsonOutput.print(out(), answer);
    } else {
      text.accept(answer);
    }
  }

  /** Prints what checks have found. */
  final void print(CheckReport report) {
    print(report, found -> CheckText.print(out(), found));
    out().flush();
  }

  /** Ends the command with exit code 1: it could be carried out, and the answer is no. */
  final void answerNo() {
    negative = true;
  }

  /**
   * Reads a list page by page, until it ends or nobody reads what is printed any more.
   *
   * @param read returns the page of a token
   * @param next returns the token of the next page
   */
  final <P> void eachPage(Function<String, P> read, Function<P, String> next, Consumer<P> show) {
    String token = "";
    do {
      P page = read.apply(token);
      show.accept(page);
      token = next.apply(page);
    } while (!token.isEmpty() && !out().checkError());
  }

  /** Returns the version that is meant, with its signature. */
  static ModelVersion resolve(RegistryServiceBlockingStub registry, ModelSpec model) {
    return registry.resolveVersion(model.toRequest()).getModelVersion();
  }

  /** Refuses the name of a model alone. */
  final void requireVersion(ModelSpec model) {
    if (!model.namesVersion()) {
      throw usage(
          "'%1$s' names no version: give %1$s/VERSION, %1$s@STAGE or %1$s@ALIAS"
              .formatted(model.model()));
    }
  }

  final ParameterException usage(String problem) {
    return new ParameterException(spec.commandLine(), problem);
  }
}
