package dev.slipway.cli.models;

import dev.slipway.cli.client.ClientOptions;
import dev.slipway.cli.client.Counts;
import dev.slipway.cli.client.InterruptibleWork;
import dev.slipway.cli.client.ModelSpec;
import dev.slipway.client.SlipwayClient;
import dev.slipway.gateway.scoring.ScoringException;
import dev.slipway.gateway.scoring.ScoringInputs;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceBlockingStub;
import dev.slipway.serving.v1.VersionStatistics;
import io.grpc.StatusRuntimeException;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** Measures how a model answers under load. */
@Command(
    name = "bench",
    mixinStandardHelpOptions = true,
    description = {
      "Measures how a model answers: callers send one request after the other, each as soon as it"
          + " has the answer to the one before.",
      "Without an input, requests hold rows of zeros and empty texts. One model, one request: an"
          + " answer from the prediction cache is measured as such.",
      "",
      "  slipway bench digits --callers 1,8,64 --rows 1",
      "  slipway bench churn@staging --csv customers.csv --seconds 30"
    })
public final class BenchCommand implements Callable<Integer> {
  private static final int MAX_CALLERS = 1024;
  private static final int MAX_ROWS = 1_000_000;

  /** A server that is gone must not keep the callers. */
  private static final long CALL_SECONDS = 60;

  @Mixin private final ClientOptions services = new ClientOptions();

  @Parameters(
      index = "0",
      paramLabel = "MODEL",
      converter = ModelSpec.Converter.class,
      description = "The model: " + ModelSpec.FORMS + ". Default version: the one in Production.")
  private ModelSpec model;

  @ArgGroup private ModelInputs inputs;

  @Option(
      names = "--callers",
      paramLabel = "N",
      split = ",",
      defaultValue = "1,4,64",
      description = "Callers at the same time, 1 to 1,024, one load each. Default: 1,4,64.")
  private List<Integer> callers;

  @Option(
      names = "--rows",
      paramLabel = "N",
      defaultValue = "1",
      description = "Rows of a request without an input. Default: ${DEFAULT-VALUE}.")
  private int rows;

  @Option(
      names = "--seconds",
      paramLabel = "N",
      defaultValue = "5",
      description =
          "How long each load is measured, from 1, after half as long that is not. Default:"
              + " ${DEFAULT-VALUE}.")
  private int seconds;

  @Spec private CommandSpec spec;

  @Override
  public Integer call() {
    check();
    return InterruptibleWork.run(
        spec.commandLine(),
        () -> {
          try (SlipwayClient client = services.connect()) {
            run(client);
          } catch (ScoringException e) {
            throw new IOException(e.getMessage(), e);
          }
        });
  }

  private void check() {
    if (callers.stream().anyMatch(n -> n < 1 || n > MAX_CALLERS)) {
      throw new ParameterException(
          spec.commandLine(), "--callers takes numbers from 1 to " + MAX_CALLERS);
    }
    if (rows < 1 || rows > MAX_ROWS) {
      throw new ParameterException(spec.commandLine(), "--rows takes 1 to " + MAX_ROWS);
    }
    if (seconds < 1) {
      throw new ParameterException(spec.commandLine(), "--seconds takes numbers from 1");
    }
  }

  private void run(SlipwayClient client) throws IOException, InterruptedException {
    PredictRequest.Builder builder =
        PredictRequest.newBuilder().setModel(model.model()).setSelector(model.selector());
    ScoringInputs reader = ModelInputs.of(client.serving(), model);
    if (inputs == null) {
      reader.fill(rows, builder);
    } else {
      inputs.read(reader, builder);
    }
    PredictRequest request = builder.build();
    // What is wrong with the request is told once, and not by every caller.
    long version = client.serving().predict(request).getProvenance().getVersion();
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%s version %d, requests of %s%n",
        model.model(), version, Counts.of(request.getSerializedSize(), "byte"));
    out.printf(
        "%8s %12s %10s %10s %10s %10s %12s %9s%n",
        "callers", "calls/s", "p50 ms", "p95 ms", "p99 ms", "max ms", "rows/engine", "failed");
    out.flush();
    for (int number : callers) {
      measure(client, request, number);
    }
  }

  private void measure(SlipwayClient client, PredictRequest request, int number)
      throws IOException, InterruptedException {
    ServingServiceBlockingStub stub = client.serving();
    Callable<Integer> call =
        () ->
            stub.withDeadlineAfter(CALL_SECONDS, TimeUnit.SECONDS)
                .predict(request)
                .getSerializedSize();
    var unused = ClosedLoop.run(call, number, Duration.ofSeconds(seconds).dividedBy(2));
    VersionStatistics before = figures(client);
    ClosedLoop.Result result = ClosedLoop.run(call, number, Duration.ofSeconds(seconds));
    VersionStatistics after = figures(client);
    if (result.count() == 0) {
      throw new IOException(
          "no call was answered: " + result.firstFailure().map(BenchCommand::reason).orElseThrow());
    }
    long engineCalls = after.getEngineCalls() - before.getEngineCalls();
    PrintWriter out = spec.commandLine().getOut();
    out.printf(
        "%8d %,12.0f %10.2f %10.2f %10.2f %10.2f %12s %,9d%n",
        number,
        result.perSecond(),
        result.millis(0.5),
        result.millis(0.95),
        result.millis(0.99),
        result.millis(1),
        // Nothing can be said when the version was switched or unloaded meanwhile.
        engineCalls <= 0
            ? "-"
            : "%.1f".formatted((double) (after.getRows() - before.getRows()) / engineCalls),
        result.failures());
    result.firstFailure().ifPresent(failure -> out.println("  first failure: " + reason(failure)));
    out.flush();
  }

  private static String reason(Exception failure) {
    return failure instanceof StatusRuntimeException status
        ? status.getStatus().getCode() + ": " + status.getStatus().getDescription()
        : failure.toString();
  }

  private VersionStatistics figures(SlipwayClient client) {
    return ModelInputs.describe(client.serving(), model).getStatistics();
  }
}
