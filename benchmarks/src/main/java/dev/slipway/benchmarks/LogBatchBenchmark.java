package dev.slipway.benchmarks;

import com.google.common.util.concurrent.ListenableFuture;
import dev.slipway.runtime.config.Commands;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.tracking.v1.LogBatchRequest;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.TrackingServiceGrpc.TrackingServiceFutureStub;
import io.grpc.ManagedChannel;
import java.time.Duration;
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
        "%-9s %10s %10s %6s %10s %10s %10s %12s %10s%n",
        "database",
        "calls/s",
        "bare echo",
        "ratio",
        "p50 ms",
        "p99 ms",
        "echo p50",
        "CPU us/call",
        "echo's");
    for (DatabaseKind kind : options.databases()) {
      try (Databases databases = new Databases()) {
        print(kind, service(databases.create(kind)), echo());
      }
    }
    return 0;
  }

  private static void print(DatabaseKind kind, Measured ours, Measured echo) {
    System.out.printf(
        "%-9s %,10.0f %,10.0f %6.2f %10.2f %10.2f %10.2f %12.0f %10.0f%n",
        kind,
        ours.calls().callsPerSecond(),
        echo.calls().callsPerSecond(),
        ours.calls().callsPerSecond() / echo.calls().callsPerSecond(),
        ours.calls().latencies().medianMillis(),
        ours.calls().latencies().p99Millis(),
        echo.calls().latencies().medianMillis(),
        ours.microsPerCall(),
        echo.microsPerCall());
  }

  /** Is what a load measured, with the processor time that the server took for a call. */
  private record Measured(CallLoad.Result calls, double microsPerCall) {}

  private Measured service(DatabaseConfig database) throws Exception {
    try (TrackingProcess server = TrackingProcess.start(database)) {
      return run(server.process(), Clients.createRuns(server.port(), callers));
    }
  }

  private Measured echo() throws Exception {
    try (JavaProcess server =
        JavaProcess.start(List.of(), List.of("dev.slipway.benchmarks.EchoServer"))) {
      return run(server, Collections.nCopies(callers, "0".repeat(32)));
    }
  }

  private Measured run(JavaProcess server, List<String> runs) throws InterruptedException {
    int port = TrackingProcess.port(server);
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
      CallLoad.Result unused = CallLoad.run(calls, options.warmUp());
      Duration before = server.processorTime();
      CallLoad.Result measured = CallLoad.run(calls, options.duration());
      Duration used = server.processorTime().minus(before);
      return new Measured(
          measured,
          used.toNanos() / 1e3 / (measured.callsPerSecond() * options.duration().toSeconds()));
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
