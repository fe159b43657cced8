package dev.slipway.benchmarks;

import com.google.common.util.concurrent.ListenableFuture;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.GRPCInferenceServiceGrpc.GRPCInferenceServiceFutureStub;
import dev.slipway.inference.ModelInferRequest;
import io.grpc.ManagedChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import java.util.function.IntFunction;
import java.util.function.Supplier;

/**
 * Is callers of the Open Inference Protocol, in this process.
 *
 * @param callers at the same time
 * @param connections TCP connections that they share
 */
record InferenceLoad(int callers, int connections) {
  /**
   * Lets every caller call until the time is over; see {@link CallLoad#run}.
   *
   * @param call starts a call
   */
  CallLoad.Result run(
      int port,
      Function<GRPCInferenceServiceFutureStub, ListenableFuture<?>> call,
      Duration duration)
      throws InterruptedException {
    try (Stubs stubs = new Stubs(port)) {
      List<Supplier<ListenableFuture<?>>> calls = new ArrayList<>();
      for (int i = 0; i < callers; i++) {
        GRPCInferenceServiceFutureStub stub = stubs.get(i);
        calls.add(() -> call.apply(stub));
      }
      return CallLoad.run(calls, duration);
    }
  }

  /**
   * Predicts for each of some requests once; see {@link CallLoad#runEach}.
   *
   * @param requests by their number from 0
   */
  CallLoad.Result runEach(int port, int count, IntFunction<ModelInferRequest> requests)
      throws InterruptedException {
    try (Stubs stubs = new Stubs(port)) {
      return CallLoad.runEach(
          callers, count, number -> stubs.get(number).modelInfer(requests.apply(number)));
    }
  }

  /** Is what callers call through, in turn by their number. */
  private final class Stubs implements AutoCloseable {
    private final List<ManagedChannel> channels = new ArrayList<>();

    Stubs(int port) {
      for (int i = 0; i < Math.min(connections, callers); i++) {
        channels.add(Clients.connect(port));
      }
    }

    GRPCInferenceServiceFutureStub get(int number) {
      return GRPCInferenceServiceGrpc.newFutureStub(channels.get(number % channels.size()));
    }

    @Override
    public void close() {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }
}
