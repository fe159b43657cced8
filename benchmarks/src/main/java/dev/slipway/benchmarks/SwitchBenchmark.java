package dev.slipway.benchmarks;

import com.google.common.util.concurrent.ListenableFuture;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceFutureStub;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.runtime.config.Commands;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/**
 * Measures predictions by stage while one new version after the other is moved to Production,
 * beside the same load while nothing moves. A call that fails ends the benchmark.
 */
@Command(
    name = "switch",
    mixinStandardHelpOptions = true,
    description =
        "Predictions while new versions are moved to Production, beside the same while none is;"
            + " a call that fails ends it.")
public final class SwitchBenchmark implements Callable<Integer> {
  private static final long POLL_MILLIS = 2;

  @Option(
      names = "--model",
      defaultValue = "MLP_LARGE",
      description = "Which model. Default: ${DEFAULT-VALUE}.")
  private BenchmarkModel model;

  @Option(
      names = "--callers",
      defaultValue = "16",
      description = "Callers at the same time. Default: ${DEFAULT-VALUE}.")
  private int callers;

  @Option(
      names = "--switches",
      defaultValue = "10",
      description = "New versions that are moved to Production. Default: ${DEFAULT-VALUE}.")
  private int switches;

  @Option(
      names = "--seconds",
      defaultValue = "20",
      description = "How long each load is measured. Default: ${DEFAULT-VALUE}.")
  private int seconds;

  @Option(
      names = "--warm-up",
      defaultValue = "8",
      description = "Seconds of the load before it is measured. Default: ${DEFAULT-VALUE}.")
  private int warmUp;

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new SwitchBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    System.out.printf(
        "%d callers of %s; %d new versions, all on %d cores%n",
        callers, model.modelName(), switches, Runtime.getRuntime().availableProcessors());
    System.out.printf(
        "%-10s %10s %8s %8s %10s %12s%n",
        "", "calls/s", "p50 ms", "p99 ms", "versions", "ms/switch");
    ExecutorService promoter = Executors.newSingleThreadExecutor();
    try (ScratchFolder scratch = ScratchFolder.create();
        ServingProcess server = ServingProcess.start(scratch.path(), List.of())) {
      server.publish(model);
      List<Long> versions = new ArrayList<>();
      for (int i = 0; i < switches; i++) {
        versions.add(server.register(model));
      }
      List<ManagedChannel> channels = List.of(connect(server), connect(server));
      List<Supplier<ListenableFuture<?>>> calls = calls(channels);
      CallLoad.Result unused = CallLoad.run(calls, Duration.ofSeconds(warmUp));
      CallLoad.Result steady = CallLoad.run(calls, Duration.ofSeconds(seconds));
      print("steady", steady, 0, 0);
      Future<Double> promoted =
          promoter.submit(
              () ->
                  promoteAll(
                      server, versions, GRPCInferenceServiceGrpc.newBlockingStub(channels.get(0))));
      CallLoad.Result switching = CallLoad.run(calls, Duration.ofSeconds(seconds));
      if (!promoted.isDone()) {
        throw new IllegalStateException(
            "the load ended before the last switch; let it last longer with --seconds");
      }
      print("switching", switching, versions.size(), promoted.get());
      System.out.printf(
          "p99 ratio %.2f; no call failed%n",
          switching.latencies().p99Millis() / steady.latencies().p99Millis());
      channels.forEach(ManagedChannel::shutdownNow);
    } finally {
      promoter.shutdownNow();
    }
    return 0;
  }

  private static ManagedChannel connect(ServingProcess server) {
    return Clients.connect(server.port());
  }

  private static void print(String what, CallLoad.Result load, int versions, double millis) {
    System.out.printf(
        "%-10s %,10.0f %8.2f %8.2f %10d %12.0f%n",
        what,
        load.callsPerSecond(),
        load.latencies().medianMillis(),
        load.latencies().p99Millis(),
        versions,
        millis);
  }

  private List<Supplier<ListenableFuture<?>>> calls(List<ManagedChannel> channels) {
    ModelInferRequest request = model.oneRow();
    List<Supplier<ListenableFuture<?>>> calls = new ArrayList<>();
    for (int i = 0; i < callers; i++) {
      GRPCInferenceServiceFutureStub stub =
          GRPCInferenceServiceGrpc.newFutureStub(channels.get(i % channels.size()));
      calls.add(() -> stub.modelInfer(request));
    }
    return calls;
  }

  /**
   * Moves the versions to Production, at even distances over the time of the load, and returns the
   * mean time in milliseconds until the new one answered.
   */
  private double promoteAll(
      ServingProcess server, List<Long> versions, GRPCInferenceServiceBlockingStub stub)
      throws InterruptedException {
    long distance = Duration.ofSeconds(seconds).toNanos() / (versions.size() + 1);
    long due = System.nanoTime();
    long nanos = 0;
    for (long version : versions) {
      due += distance;
      TimeUnit.NANOSECONDS.sleep(due - System.nanoTime());
      long started = System.nanoTime();
      server.promote(model, version);
      String wanted = Long.toString(version);
      while (!stub.modelInfer(model.oneRow()).getModelVersion().equals(wanted)) {
        Thread.sleep(POLL_MILLIS);
      }
      nanos += System.nanoTime() - started;
    }
    return nanos / 1e6 / versions.size();
  }
}
