package dev.slipway.benchmarks;

import com.google.common.util.concurrent.ListenableFuture;
import dev.slipway.engine.predictor.PredictRequest;
import dev.slipway.engine.predictor.Predictor;
import dev.slipway.engine.predictor.Predictors;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceFutureStub;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.runtime.config.Commands;
import io.grpc.ManagedChannel;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
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

  @Option(
      names = "--seconds",
      defaultValue = "6",
      description = "How long each load is measured. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "4",
      description = "Seconds of each load before it is measured. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

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
          CallLoad.Result unused = load(port, model, count, warmUp);
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
            CallLoad.Result unused = load(side.server().port(), model, count, warmUp);
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
    CallLoad.Result measured = load(port, model, count, seconds);
    Duration used = server.processorTime().minus(before);
    return new Measured(measured, used.toNanos() / 1e3 / (measured.callsPerSecond() * seconds));
  }

  private CallLoad.Result load(int port, BenchmarkModel model, int count, int duration)
      throws InterruptedException {
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < Math.min(connections, count); i++) {
      channels.add(Clients.connect(port));
    }
    ModelInferRequest request = model.oneRow();
    List<Supplier<ListenableFuture<?>>> calls = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      GRPCInferenceServiceFutureStub stub =
          GRPCInferenceServiceGrpc.newFutureStub(channels.get(i % channels.size()));
      calls.add(() -> stub.modelInfer(request));
    }
    try {
      return CallLoad.run(calls, Duration.ofSeconds(duration));
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  /** Returns how many rows the engine predicts one by one on all cores, with nothing around it. */
  private double engineCallsPerSecond(BenchmarkModel model) throws Exception {
    int threads = Runtime.getRuntime().availableProcessors();
    ExecutorService executor = Executors.newFixedThreadPool(threads);
    try (ScratchFolder scratch = ScratchFolder.create();
        Predictor predictor = Predictors.load(model.write(scratch.path().resolve("package"), 0))) {
      PredictRequest request =
          PredictRequest.of(
              Tensor.of("x", DataType.FP32, Shape.of(1, model.features()), model.rows(1)));
      long unused = loop(predictor, request, threads, warmUp, executor);
      return (double) loop(predictor, request, threads, seconds, executor) / seconds;
    } finally {
      executor.shutdownNow();
    }
  }

  private static long loop(
      Predictor predictor,
      PredictRequest request,
      int threads,
      int seconds,
      ExecutorService executor)
      throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(seconds).toNanos();
    List<Future<Long>> loops = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      loops.add(
          executor.submit(
              () -> {
                long count = 0;
                while (System.nanoTime() < end) {
                  predictor.predict(request);
                  count++;
                }
                return count;
              }));
    }
    long total = 0;
    for (Future<Long> loop : loops) {
      total += loop.get();
    }
    return total;
  }
}
