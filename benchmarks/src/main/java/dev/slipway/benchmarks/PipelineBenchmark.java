package dev.slipway.benchmarks;

import com.google.common.util.concurrent.Futures;
import com.google.common.util.concurrent.ListenableFuture;
import com.google.common.util.concurrent.MoreExecutors;
import dev.slipway.engine.packaging.MLmodel;
import dev.slipway.engine.packaging.ModelPackage;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.TensorSource;
import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceFutureStub;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.runtime.config.Commands;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.IntStream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/**
 * Measures what a pipeline costs: chains of models that the server runs as one, beside the same
 * models called one after the other, each by a call of its own.
 */
@Command(
    name = "pipeline",
    mixinStandardHelpOptions = true,
    description =
        "Pipelines of some steps, beside the same steps called one after the other, a bare gRPC"
            + " echo and the bare engine.")
public final class PipelineBenchmark implements Callable<Integer> {
  private static final BenchmarkModel MODEL = BenchmarkModel.MLP_SQUARE;
  private static final int CONNECTIONS = 4;

  @Option(
      names = "--steps",
      split = ",",
      defaultValue = "2,4",
      description = "Steps of each pipeline, 1 to 64. Default: ${DEFAULT-VALUE}.")
  private List<Integer> steps;

  @Option(
      names = "--callers",
      split = ",",
      defaultValue = "1,16",
      description = "Callers at the same time. Default: ${DEFAULT-VALUE}.")
  private List<Integer> callers;

  @Mixin private LoadTimes times = new LoadTimes();

  /** Runs the benchmark and prints a table. */
  public static void main(String[] args) {
    System.exit(Commands.of(new PipelineBenchmark()).execute(args));
  }

  @Override
  public Integer call() throws Exception {
    System.out.printf(
        "chains of %s, one row a call; all on %d cores%n",
        MODEL.modelName(), Runtime.getRuntime().availableProcessors());
    System.out.printf(
        "%7s %6s %-12s %10s %8s %8s %11s %8s %10s%n",
        "callers", "steps", "", "chains/s", "p50 ms", "p99 ms", "one by one", "echo", "engine");
    try (ScratchFolder scratch = ScratchFolder.create();
        ServingProcess server = ServingProcess.start(scratch.path(), List.of())) {
      server.create(MODEL.modelName());
      for (int i = 1; i <= longest(); i++) {
        long version = server.register(MODEL);
        if (version != i) {
          throw new IllegalStateException("version " + version + " in the place of " + i);
        }
      }
      for (int length : steps) {
        server.publish(pipeline(length), write(server.nextPackage(), length));
      }
      for (int count : callers) {
        InferenceLoad load = new InferenceLoad(count, CONNECTIONS);
        ServingLimits limits = ServingLimits.measure(MODEL, load, times.warmUp(), times.measured());
        for (int length : steps) {
          measure(server, load, length, limits);
        }
      }
    }
    return 0;
  }

  private int longest() {
    return steps.stream().mapToInt(Integer::intValue).max().orElseThrow();
  }

  private static String pipeline(int length) {
    return "chain-" + length;
  }

  /** Writes a pipeline whose steps are the first versions of the model, each fed by the last. */
  private static ModelPackage write(Path folder, int length) {
    List<PipelineStep> chain = new ArrayList<>();
    for (int i = 1; i <= length; i++) {
      TensorSource x = i == 1 ? TensorSource.input("x") : TensorSource.output("s" + (i - 1), "y");
      chain.add(PipelineStep.of("s" + i, MODEL.modelName(), i, Map.of("x", x)));
    }
    PipelineDefinition definition =
        new PipelineDefinition(chain, Map.of("y", TensorSource.output("s" + length, "y")));
    return ModelPackage.builder(MLmodel.builder().flavor(definition.toFlavor()).build())
        .writeTo(folder);
  }

  private void measure(ServingProcess server, InferenceLoad load, int length, ServingLimits limits)
      throws InterruptedException {
    ModelInferRequest whole = MODEL.oneRow().toBuilder().setModelName(pipeline(length)).build();
    List<ModelInferRequest> single =
        IntStream.rangeClosed(1, length)
            .mapToObj(
                version ->
                    MODEL.oneRow().toBuilder().setModelVersion(Integer.toString(version)).build())
            .toList();
    // Both before one is measured: the callers are compiled meanwhile, too.
    int port = server.port();
    CallLoad.Result unused = load.run(port, stub -> inTurn(stub, single), times.warmUp());
    unused = load.run(port, stub -> stub.modelInfer(whole), times.warmUp());
    CallLoad.Result oneByOne = load.run(port, stub -> inTurn(stub, single), times.measured());
    print(load, length, "one by one", oneByOne, oneByOne, limits);
    CallLoad.Result piped = load.run(port, stub -> stub.modelInfer(whole), times.measured());
    print(load, length, "pipeline", piped, oneByOne, limits);
  }

  /** Calls the steps one after the other, each when the one before was answered. */
  private static ListenableFuture<?> inTurn(
      GRPCInferenceServiceFutureStub stub, List<ModelInferRequest> requests) {
    ListenableFuture<?> last = stub.modelInfer(requests.get(0));
    for (ModelInferRequest next : requests.subList(1, requests.size())) {
      last =
          Futures.transformAsync(
              last, answer -> stub.modelInfer(next), MoreExecutors.directExecutor());
    }
    return last;
  }

  /** Prints a row; the last columns are its chains beside those of the others in the same time. */
  private static void print(
      InferenceLoad load,
      int length,
      String what,
      CallLoad.Result measured,
      CallLoad.Result oneByOne,
      ServingLimits limits) {
    double chains = measured.callsPerSecond();
    System.out.printf(
        "%7d %6d %-12s %,10.0f %8.3f %8.3f %11.2f %8.2f %10.2f%n",
        load.callers(),
        length,
        what,
        chains,
        measured.latencies().medianMillis(),
        measured.latencies().p99Millis(),
        chains / oneByOne.callsPerSecond(),
        chains / limits.echo().callsPerSecond(),
        chains * length / limits.enginePerSecond());
  }
}
