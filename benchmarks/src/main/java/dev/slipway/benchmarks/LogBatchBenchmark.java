package dev.slipway.benchmarks;

import com.google.common.util.concurrent.ListenableFuture;
import dev.slipway.runtime.config.Commands;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceFutureStub;
import io.grpc.ManagedChannel;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.Supplier;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** Measures durable {@code LogBatch} calls of one point, beside a gRPC server that does nothing. */
@Command(
    name = "logbatch",
    mixinStandardHelpOptions = true,
    description = "Durable LogBatch calls of one point each, beside a bare gRPC echo.")
public final class LogBatchBenchmark implements Callable<Integer> {
  @Mixin private final BenchmarkOptions options = new BenchmarkOptions();

  @Option(
      names = "--callers",
      defaultValue = "64",
      description =
          "Callers at the same time, each with a run of its own. Default: ${DEFAULT-VALUE}.")
  private int callers;

  @Option(
      names = "--connections",
      defaultValue = "4",
      description = "TCP connections that they share. Default: ${DEFAULT-VALUE}.")
  private int connections;

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new LogBatchBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    System.out.printf(
        "%d callers on %d connections in this process; %s%n",
        callers, connections, BenchmarkOptions.SERVER_PLACE);
    System.out.printf(
        "%-9s %10s %10s %6s %10s %10s %10s%n",
        "database", "calls/s", "bare echo", "ratio", "p50 ms", "p99 ms", "echo p50");
    for (DatabaseKind kind : options.databases()) {
      try (Databases databases = new Databases();
          TrackingProcess server = TrackingProcess.start(databases.create(kind))) {
        CallLoad.Result echo = echo();
        CallLoad.Result ours = run(server.port(), Clients.createRuns(server.port(), callers));
        System.out.printf(
            "%-9s %,10.0f %,10.0f %6.2f %10.2f %10.2f %10.2f%n",
            kind,
            ours.callsPerSecond(),
            echo.callsPerSecond(),
            ours.callsPerSecond() / echo.callsPerSecond(),
            ours.latencies().medianMillis(),
            ours.latencies().p99Millis(),
            echo.latencies().medianMillis());
      }
    }
    return 0;
  }

  private CallLoad.Result echo() throws Exception {
    try (JavaProcess server =
        JavaProcess.start(List.of(), List.of("dev.slipway.benchmarks.EchoServer"))) {
      return run(TrackingProcess.port(server), Collections.nCopies(callers, "0".repeat(32)));
    }
  }

  private CallLoad.Result run(int port, List<String> runs) throws InterruptedException {
    List<ManagedChannel> channels = new ArrayList<>();
    for (int i = 0; i < connections; i++) {
      channels.add(Clients.connect(port));
    }
    List<Supplier<ListenableFuture<?>>> calls = new ArrayList<>();
    for (int i = 0; i < runs.size(); i++) {
      TrackingServiceFutureStub stub =
          TrackingServiceGrpc.newFutureStub(channels.get(i % connections));
      String run = runs.get(i);
      AtomicLong step = new AtomicLong();
      calls.add(() -> stub.logBatch(onePoint(run, step.incrementAndGet())));
    }
    try {
      return CallLoad.run(calls, options.warmUp(), options.duration());
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  private static LogBatchRequest onePoint(String run, long step) {
    return LogBatchRequest.newBuilder()
        .setRunId(run)
        .addMetrics(
            Metric.newBuilder()
                .setKey("loss")
                .setStep(step)
                .setTimestampMs(System.currentTimeMillis())
                .setValue(1.0 / step))
        .build();
  }
}
