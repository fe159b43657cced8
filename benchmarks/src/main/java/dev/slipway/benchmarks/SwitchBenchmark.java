package dev.slipway.benchmarks;

import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceBlockingStub;
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
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
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
  private static final int CONNECTIONS = 2;

  @Mixin private ModelLoad asked = new ModelLoad();

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
        asked.callers(),
        asked.model().modelName(),
        switches,
        Runtime.getRuntime().availableProcessors());
    System.out.printf(
        "%-10s %10s %8s %8s %10s %12s%n",
        "", "calls/s", "p50 ms", "p99 ms", "versions", "ms/switch");
    ExecutorService promoter = Executors.newSingleThreadExecutor();
    try (ScratchFolder scratch = ScratchFolder.create();
        ServingProcess server = ServingProcess.start(scratch.path(), List.of())) {
      server.publish(asked.model());
      List<Long> versions = new ArrayList<>();
      for (int i = 0; i < switches; i++) {
        versions.add(server.register(asked.model()));
      }
      InferenceLoad load = new InferenceLoad(asked.callers(), CONNECTIONS);
      ServingLimits limits =
          ServingLimits.measure(
              asked.model(), load, Duration.ofSeconds(warmUp), Duration.ofSeconds(seconds));
      limits.print();
      CallLoad.Result unused = run(load, server, warmUp);
      CallLoad.Result steady = run(load, server, seconds);
      print("steady", steady, 0, 0);
      Future<Double> promoted = promoter.submit(() -> promoteAll(server, versions));
      CallLoad.Result switching = run(load, server, seconds);
      if (!promoted.isDone()) {
        throw new IllegalStateException(
            "the load ended before the last switch; let it last longer with --seconds");
      }
      print("switching", switching, versions.size(), promoted.get());
      System.out.printf(
          "switching beside steady: p99 ratio %.2f; no call failed%n",
          switching.latencies().p99Millis() / steady.latencies().p99Millis());
      System.out.printf(
          "switching beside the limits: %.2f of the echo's calls, %.2f of the engine's%n",
          switching.callsPerSecond() / limits.echo().callsPerSecond(),
          switching.callsPerSecond() / limits.enginePerSecond());
    } finally {
      promoter.shutdownNow();
    }
    return 0;
  }

  private CallLoad.Result run(InferenceLoad load, ServingProcess server, int duration)
      throws InterruptedException {
    ModelInferRequest request = asked.model().oneRow();
    return load.run(server.port(), stub -> stub.modelInfer(request), Duration.ofSeconds(duration));
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

  /**
   * Moves the versions to Production, at even distances over the time of the load, and returns the
   * mean time in milliseconds until the new one answered.
   */
  private double promoteAll(ServingProcess server, List<Long> versions)
      throws InterruptedException {
    ManagedChannel channel = Clients.connect(server.port());
    try {
      return promoteAll(server, versions, GRPCInferenceServiceGrpc.newBlockingStub(channel));
    } finally {
      channel.shutdownNow();
    }
  }

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
      server.promote(asked.model().modelName(), version);
      String wanted = Long.toString(version);
      while (!stub.modelInfer(asked.model().oneRow()).getModelVersion().equals(wanted)) {
        Thread.sleep(POLL_MILLIS);
      }
      nanos += System.nanoTime() - started;
    }
    return nanos / 1e6 / versions.size();
  }
}
