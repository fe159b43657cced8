package dev.slipway.cli;

import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.LoadRequest;
import dev.slipway.serving.v1.LoadResponse;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.PredictStreamRequest;
import dev.slipway.serving.v1.PredictStreamResponse;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceImplBase;
import io.grpc.Channel;
import io.grpc.Grpc;
import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.IntFunction;

/** Stands in front of a real serving service and fails requests as it is told. */
final class FaultyServing extends ServingServiceImplBase implements AutoCloseable {
  /**
   * Is how one request fails.
   *
   * @param inReply whether only its reply says so, rather than the end of the stream
   */
  record Fault(Status status, boolean inReply) {}

  private final Channel serving;
  private final IntFunction<Optional<Fault>> faults;
  private final AtomicInteger requests = new AtomicInteger();
  private final AtomicInteger calls = new AtomicInteger();
  private volatile boolean refusingCalls;
  private final Server server;

  /**
   * Starts it on a free port.
   *
   * @param faults by the number of a request, counted from 0 over all streams
   */
  FaultyServing(Channel serving, IntFunction<Optional<Fault>> faults) throws IOException {
    this.serving = serving;
    this.faults = faults;
    this.server =
        Grpc.newServerBuilderForPort(0, InsecureServerCredentials.create())
            .addService(this)
            .build()
            .start();
  }

  String address() {
    return "127.0.0.1:" + server.getPort();
  }

  /** Returns the number of requests that came over streams. */
  int requests() {
    return requests.get();
  }

  /** Refuses from now on the first of every two calls that are no stream. */
  void refuseEverySecondCall() {
    refusingCalls = true;
  }

  private boolean refuses(StreamObserver<?> answer) {
    boolean refused = refusingCalls && calls.getAndIncrement() % 2 == 0;
    if (refused) {
      answer.onError(Status.UNAVAILABLE.withDescription("as the test wants").asRuntimeException());
    }
    return refused;
  }

  @Override
  public void describeModel(
      DescribeModelRequest request, StreamObserver<DescribeModelResponse> answer) {
    if (refuses(answer)) {
      return;
    }
    ServingServiceGrpc.newStub(serving).describeModel(request, answer);
  }

  @Override
  public void load(LoadRequest request, StreamObserver<LoadResponse> answer) {
    ServingServiceGrpc.newStub(serving).load(request, answer);
  }

  @Override
  public void predict(PredictRequest request, StreamObserver<PredictResponse> answer) {
    if (refuses(answer)) {
      return;
    }
    ServingServiceGrpc.newStub(serving).predict(request, answer);
  }

  @Override
  public StreamObserver<PredictStreamRequest> predictStream(
      StreamObserver<PredictStreamResponse> answers) {
    return new Forwarding(answers);
  }

  /** Passes one stream on. */
  private final class Forwarding implements StreamObserver<PredictStreamRequest> {
    private final StreamObserver<PredictStreamResponse> answers;
    private final StreamObserver<PredictStreamRequest> upstream;
    private boolean over;

    Forwarding(StreamObserver<PredictStreamResponse> answers) {
      this.answers = answers;
      this.upstream = ServingServiceGrpc.newStub(serving).predictStream(new Returning());
    }

    /** Passes answers back. */
    private final class Returning implements StreamObserver<PredictStreamResponse> {
      @Override
      public void onNext(PredictStreamResponse answer) {
        reply(answer);
      }

      @Override
      public void onError(Throwable failure) {
        end(Status.fromThrowable(failure));
      }

      @Override
      public void onCompleted() {
        end(Status.CANCELLED);
      }
    }

    private synchronized void reply(PredictStreamResponse answer) {
      if (!over) {
        answers.onNext(answer);
      }
    }

    private synchronized void end(Status status) {
      if (!over) {
        over = true;
        answers.onError(status.asRuntimeException());
      }
    }

    @Override
    public void onNext(PredictStreamRequest message) {
      synchronized (this) {
        if (over) {
          return;
        }
      }
      Optional<Fault> fault =
          message.hasRequest() ? faults.apply(requests.getAndIncrement()) : Optional.empty();
      if (fault.isEmpty()) {
        upstream.onNext(message);
      } else if (fault.get().inReply()) {
        reply(
            PredictStreamResponse.newBuilder()
                .setId(message.getRequest().getId())
                .setError(
                    com.google.rpc.Status.newBuilder()
                        .setCode(fault.get().status().getCode().value())
                        .setMessage("as the test wants"))
                .build());
      } else {
        end(fault.get().status().withDescription("as the test wants"));
        upstream.onError(Status.CANCELLED.asRuntimeException());
      }
    }

    @Override
    public void onError(Throwable failure) {
      upstream.onError(Status.CANCELLED.asRuntimeException());
    }

    @Override
    public void onCompleted() {
      upstream.onCompleted();
    }
  }

  @Override
  public void close() {
    server.shutdownNow();
  }
}
