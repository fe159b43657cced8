package dev.slipway.benchmarks;

import dev.slipway.inference.ModelInferRequest;
import java.time.Duration;
import java.util.List;

/**
 * Is what predictions are printed beside, measured in the same run.
 *
 * @param echo the same calls answered by gRPC with no model behind it
 * @param enginePerSecond the same rows one by one in the engine on all cores, with nothing around
 */
record ServingLimits(CallLoad.Result echo, double enginePerSecond) {
  /**
   * Measures them.
   *
   * @param warmUp how long before each is measured
   */
  static ServingLimits measure(
      BenchmarkModel model, InferenceLoad load, Duration warmUp, Duration measured)
      throws Exception {
    try (ScratchFolder scratch = ScratchFolder.create();
        JavaProcess echo =
            JavaProcess.start(List.of(), List.of("dev.slipway.benchmarks.InferenceEchoServer"))) {
      int port = TrackingProcess.port(echo);
      ModelInferRequest request = model.oneRow();
      CallLoad.Result unused = load.run(port, stub -> stub.modelInfer(request), warmUp);
      CallLoad.Result answered = load.run(port, stub -> stub.modelInfer(request), measured);
      return new ServingLimits(
          answered,
          EngineLoop.callsPerSecond(
              model.write(scratch.path().resolve("package"), 0),
              model.oneRowForTheEngine(),
              warmUp,
              measured));
    }
  }

  /** Prints both as rows of a table whose columns are calls/s, p50 ms and p99 ms. */
  void print() {
    System.out.printf(
        "%-10s %,10.0f %8.2f %8.2f%n",
        "echo",
        echo.callsPerSecond(),
        echo.latencies().medianMillis(),
        echo.latencies().p99Millis());
    System.out.printf("%-10s %,10.0f%n", "engine", enginePerSecond);
  }
}
