package dev.slipway.benchmarks;

import dev.slipway.inference.ModelInferRequest;
import dev.slipway.runtime.config.Commands;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Measures predictions of one row each, beside a gRPC server without a model and beside the engine
 * in a loop without a server.
 */
@Command(
    name = "predict",
    mixinStandardHelpOptions = true,
    description = "Predictions of one row each, beside a bare gRPC echo and the bare engine loop.")
public final class PredictBenchmark implements Callable<Integer> {
  @Option(
      names = "--models",
      split = ",",
      defaultValue = "MLP_SMALL,MLP_LARGE,XGBOOST",
      description = "Which models. Default: ${DEFAULT-VALUE}.")
  private List<BenchmarkModel> models;

  @Option(
      names = "--callers",
      split = ",",
      defaultValue = "1,4,64",
      description = "Callers at the same time. Default: ${DEFAULT-VALUE}.")
  private List<Integer> callers;

  @Option(
      names = "--batching",
      arity = "1",
      split = ",",
      defaultValue = "true,false",
      description = "Whether waiting requests are joined. Default: ${DEFAULT-VALUE}.")
  private List<Boolean> batching;

  @Option(
      names = "--connections",
      defaultValue = "4",
      description = "TCP connections that callers share. Default: ${DEFAULT-VALUE}.")
  private int connections;

  @Mixin private LoadTimes times = new LoadTimes();

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new PredictBenchmark()).execute(args));
  }

  /** Is what a load measured, with the processor time that the server took for a call. */
  private record Measured(CallLoad.Result calls, double microsPerCall) {}

  @Override
  public Integer call() throws Exception {
    System.out.printf(
        "callers in this process on up to %d connections; the embedded server in a process of its"
            + " own; all on %d cores%n",
        connections, Runtime.getRuntime().availableProcessors());
    System.out.printf(
        "%-10s %7s %-8s %10s %8s %8s %9s %10s %6s %8s %9s %12s%n",
        "model",
        "callers",
        "batching",
        "calls/s",
        "p50 ms",
        "p99 ms",
        "CPU us",
        "bare echo",
        "ratio",
        "echo p50",
        "echo's us",
        "bare engine");
    Map<Integer, Map<BenchmarkModel, Measured>> echoes = new TreeMap<>();
    try (JavaProcess echo =
        JavaProcess.start(List.of(), List.of("dev.slipway.benchmarks.InferenceEchoServer"))) {
      for (int count : callers) {
        for (BenchmarkModel model : models) {
          int port = TrackingProcess.port(echo);
          CallLoad.Result unused = load(port, model, count, times.warmUp());
          echoes
              .computeIfAbsent(count, key -> new TreeMap<>())
              .put(model, measure(echo, port, model, count));
        }
      }
    }
    Map<BenchmarkModel, Double> engines = new TreeMap<>();
    for (BenchmarkModel model : models) {
      engines.put(model, engineCallsPerSecond(model));
    }
    measureServers(echoes, engines);
    return 0;
  }

  private void measureServers(
      Map<Integer, Map<BenchmarkModel, Measured>> echoes, Map<BenchmarkModel, Double> engines)
      throws Exception {
    List<Side> sides = new ArrayList<>();
    try {
      for (boolean joins : batching) {
        sides.add(Side.start(joins));
      }
      for (BenchmarkModel model : models) {
        for (Side side : sides) {
          side.server().publish(model);
        }
        for (int count : callers) {
          // All of them before one is measured: the callers are compiled meanwhile, too, and the
          // server that came first would pay for it.
          for (Side side : sides) {
            CallLoad.Result unused = load(side.server().port(), model, count, times.warmUp());
          }
          for (Side side : sides) {
            Measured ours = measure(side.server().process(), side.server().port(), model, count);
            print(model, count, side.joins(), ours, echoes.get(count).get(model), engines);
          }
        }
      }
    } finally {
      for (Side side : sides) {
        side.close();
      }
    }
  }

  /** Is an embedded server, with its data. */
  private record Side(boolean joins, ScratchFolder scratch, ServingProcess server) {
    static Side start(boolean joins) throws IOException {
      List<String> flags = joins ? List.of() : List.of("--serve-max-batch-rows=1");
      ScratchFolder scratch = ScratchFolder.create();
      try {
        return new Side(joins, scratch, ServingProcess.start(scratch.path(), flags));
      } catch (IOException | RuntimeException e) {
        scratch.close();
        throw e;
      }
    }

    void close() throws IOException {
      try (scratch) {
        server.close();
      }
    }
  }

  private static void print(
      BenchmarkModel model,
      int count,
      boolean joins,
      Measured ours,
      Measured echo,
      Map<BenchmarkModel, Double> engines) {
    System.out.printf(
        "%-10s %7d %-8s %,10.0f %8.3f %8.3f %9.0f %,10.0f %6.2f %8.3f %9.0f %,12.0f%n",
        model.modelName(),
        count,
        joins ? "on" : "off",
        ours.calls().callsPerSecond(),
        ours.calls().latencies().medianMillis(),
        ours.calls().latencies().p99Millis(),
        ours.microsPerCall(),
        echo.calls().callsPerSecond(),
        ours.calls().callsPerSecond() / echo.calls().callsPerSecond(),
        echo.calls().latencies().medianMillis(),
        echo.microsPerCall(),
        engines.get(model));
  }

  private Measured measure(JavaProcess server, int port, BenchmarkModel model, int count)
      throws InterruptedException {
    Duration before = server.processorTime();
    CallLoad.Result measured = load(port, model, count, times.measured());
    Duration used = server.processorTime().minus(before);
    double calls = measured.callsPerSecond() * times.measured().toSeconds();
    return new Measured(measured, used.toNanos() / 1e3 / calls);
  }

  private CallLoad.Result load(int port, BenchmarkModel model, int count, Duration duration)
      throws InterruptedException {
    ModelInferRequest request = model.oneRow();
    return new InferenceLoad(count, connections)
        .run(port, stub -> stub.modelInfer(request), duration);
  }

  private double engineCallsPerSecond(BenchmarkModel model) throws Exception {
    try (ScratchFolder scratch = ScratchFolder.create()) {
      return EngineLoop.callsPerSecond(
          model.write(scratch.path().resolve("package"), 0),
          model.oneRowForTheEngine(),
          times.warmUp(),
          times.measured());
    }
  }
}
