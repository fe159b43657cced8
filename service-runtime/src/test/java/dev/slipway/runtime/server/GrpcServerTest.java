package dev.slipway.runtime.server;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.Counter;
import com.codahale.metrics.MetricRegistry;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.metrics.MetricsEndpoint;
import io.grpc.BindableService;
import io.grpc.CallOptions;
import io.grpc.ManagedChannel;
import io.grpc.MethodDescriptor;
import io.grpc.ServerServiceDefinition;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.grpc.netty.NettyChannelBuilder;
import io.grpc.protobuf.StatusProto;
import io.grpc.stub.ClientCalls;
import io.grpc.stub.ServerCalls;
import io.grpc.stub.StreamObserver;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicReference;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(60)
class GrpcServerTest {
  private static final int MAX_MESSAGE_BYTES = 64 * 1024;

  private static final MethodDescriptor<String, String> ECHO =
      method("Echo", MethodDescriptor.MethodType.UNARY);
  private static final MethodDescriptor<String, String> WATCH =
      method("Watch", MethodDescriptor.MethodType.SERVER_STREAMING);
  private static final MethodDescriptor<String, String> QUICK =
      method("Quick", MethodDescriptor.MethodType.UNARY);
  private static final MethodDescriptor<String, String> COLLECT =
      method("Collect", MethodDescriptor.MethodType.CLIENT_STREAMING);

  private final AtomicBoolean dependencyAnswers = new AtomicBoolean(true);
  private final CountDownLatch released = new CountDownLatch(1);
  private final CountDownLatch held = new CountDownLatch(1);
  private final AtomicReference<StreamObserver<String>> watcher = new AtomicReference<>();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicBoolean interrupted = new AtomicBoolean();
  private final List<String> collected = new CopyOnWriteArrayList<>();
  private final MetricRegistry metrics = new MetricRegistry();
  private GrpcServer server;
  private ManagedChannel channel;

  @BeforeEach
  void start() {
    server = GrpcServer.start(config(0), List.of(new SampleModule()), metrics);
    channel = NettyChannelBuilder.forAddress("127.0.0.1", server.port()).usePlaintext().build();
  }

  @AfterEach
  void stop() {
    released.countDown();
    channel.shutdownNow();
    server.close();
  }

  private static GrpcServerConfig config(int port) {
    return new GrpcServerConfig("127.0.0.1", port, 0, MAX_MESSAGE_BYTES, Duration.ofSeconds(20));
  }

  private String echo(String text) {
    return ClientCalls.blockingUnaryCall(channel, ECHO, CallOptions.DEFAULT, text);
  }

  @Test
  void call_thatThrowsAViolation_isInvalidArgumentWithBadRequest() throws Exception {
    StatusRuntimeException failure = failureOf("invalid");

    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    ErrorInfo info = status.getDetails(0).unpack(ErrorInfo.class);
    assertThat(info.getDomain()).isEqualTo("slipway.dev");
    assertThat(info.getReason()).isEqualTo("INVALID_REQUEST");
    assertThat(status.getDetails(1).unpack(BadRequest.class).getFieldViolations(0).getField())
        .isEqualTo("text");
  }

  @Test
  void call_thatThrowsAServiceException_carriesReasonAndMetadata() throws Exception {
    StatusRuntimeException failure = failureOf("missing");

    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.NOT_FOUND);
    ErrorInfo info = StatusProto.fromThrowable(failure).getDetails(0).unpack(ErrorInfo.class);
    assertThat(info.getReason()).isEqualTo("NOTE_NOT_FOUND");
    assertThat(info.getMetadataMap()).containsEntry("note", "7");
  }

  @Test
  void call_thatThrowsTheUnforeseen_isInternalAndLeaksNothing() {
    StatusRuntimeException failure = failureOf("defect");

    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
    assertThat(failure.getMessage()).doesNotContain("secret");
  }

  @Test
  void clientStream_thatThrewInOnNext_hearsOfNoHalfClose() throws Exception {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    StreamObserver<String> requests = collect(failure);

    // The handler is parked until the half-close waits behind the message.
    requests.onNext("hold then invalid");
    held.await();
    requests.onNext("never seen");
    requests.onCompleted();
    released.countDown();

    assertThat(Status.fromThrowable(failure.get(10, TimeUnit.SECONDS)).getCode())
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
    server.close();
    assertThat(collected).containsExactly("hold then invalid");
  }

  @Test
  void handlers_thatNeverWait_runOnTheTransportsThreads() {
    String quick = ClientCalls.blockingUnaryCall(channel, QUICK, CallOptions.DEFAULT, "");
    assertThat(quick).startsWith("grpc-nio-worker");
    assertThat(echo("thread")).matches("grpc-[0-9]+");
  }

  @Test
  void clientThatFellSilent_isGivenUp() throws Exception {
    try (GrpcServer strict =
            GrpcServer.start(
                config(0), "", List.of(new SampleModule()), metrics, Duration.ofSeconds(2));
        SilentProxy proxy = new SilentProxy(strict.port())) {
      ManagedChannel behind =
          NettyChannelBuilder.forAddress("127.0.0.1", proxy.port()).usePlaintext().build();
      Iterator<String> watch =
          ClientCalls.blockingServerStreamingCall(behind, WATCH, CallOptions.DEFAULT, "all");
      assertThat(watch.next()).isEqualTo("hello");
      Counter active = metrics.counter("grpc.server.active.Sample.Watch");
      assertThat(active.getCount()).isEqualTo(1);

      proxy.fallSilent();

      while (active.getCount() > 0) {
        Thread.onSpinWait();
      }
      behind.shutdownNow();
    }
  }

  @Test
  void violations_beyondWhatTrailersHold_stillReachTheClient() throws Exception {
    StatusRuntimeException failure = failureOf("many violations");

    assertThat(failure.getStatus().getCode()).isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(failure.getStatus().getDescription()).startsWith("metrics[0].key: ☃☃");
    assertThat(
            StatusProto.fromThrowable(failure)
                .getDetails(1)
                .unpack(BadRequest.class)
                .getFieldViolationsCount())
        .isBetween(1, 100);
  }

  @Test
  void error_ofAHandler_isInternalToo() {
    assertThat(failureOf("error").getStatus().getCode()).isEqualTo(Status.Code.INTERNAL);
    assertThat(echo("still here")).isEqualTo("still here");
  }

  @Test
  void clientStream_thatThrowsInOnNext_isClosedWithTheMappedStatus() throws Exception {
    CompletableFuture<Throwable> failure = new CompletableFuture<>();
    StreamObserver<String> requests = collect(failure);

    requests.onNext("invalid");

    assertThat(Status.fromThrowable(failure.get(10, TimeUnit.SECONDS)).getCode())
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
  }

  @Test
  void message_beyondTheLimit_isRefusedAndTheServerLivesOn() {
    assertThat(echo("x".repeat(MAX_MESSAGE_BYTES))).hasSize(MAX_MESSAGE_BYTES);

    assertThat(failureOf("x".repeat(MAX_MESSAGE_BYTES + 1)).getStatus().getCode())
        .isEqualTo(Status.Code.RESOURCE_EXHAUSTED);

    assertThat(echo("still here")).isEqualTo("still here");
  }

  @Test
  void health_followsTheModule() throws Exception {
    assertThat(server.awaitReady(10, TimeUnit.SECONDS)).isTrue();
    assertThat(health("")).isEqualTo(ServingStatus.SERVING);
    assertThat(health("sample.Sample")).isEqualTo(ServingStatus.SERVING);

    dependencyAnswers.set(false);

    while (health("") == ServingStatus.SERVING) {
      Thread.onSpinWait();
    }
    assertThat(health("sample.Sample")).isEqualTo(ServingStatus.NOT_SERVING);
  }

  @Test
  void health_beforeTheModuleIsReady_isNotServing() {
    dependencyAnswers.set(false);
    try (GrpcServer unready = GrpcServer.start(config(0), List.of(new SampleModule()), metrics)) {
      ManagedChannel other =
          NettyChannelBuilder.forAddress("127.0.0.1", unready.port()).usePlaintext().build();
      for (String service : List.of("", "sample.Sample")) {
        assertThat(
                HealthGrpc.newBlockingStub(other)
                    .check(HealthCheckRequest.newBuilder().setService(service).build())
                    .getStatus())
            .isEqualTo(ServingStatus.NOT_SERVING);
      }
      other.shutdownNow();
    }
  }

  @Test
  void start_onAHostThatIsNone_namesTheHost() {
    GrpcServerConfig nowhere =
        new GrpcServerConfig("no.such.host.invalid", 0, 0, MAX_MESSAGE_BYTES, Duration.ZERO);

    assertThatThrownBy(() -> GrpcServer.start(nowhere, List.of(new SampleModule()), metrics))
        .isInstanceOf(StartupException.class)
        .hasMessage(
            "no.such.host.invalid is no address of this machine: choose another with --host");
  }

  @Test
  void close_letsARunningCallEndAndThenClosesTheModule() throws Exception {
    CompletableFuture<String> running = CompletableFuture.supplyAsync(() -> echo("hold"));
    held.await();

    Thread closing = new Thread(server::close);
    closing.start();
    assertThat(closed).isFalse();
    released.countDown();

    assertThat(running.get(10, TimeUnit.SECONDS)).isEqualTo("hold");
    closing.join();
    assertThat(closed).isTrue();
  }

  @Test
  void close_waitsForTheHandlerOfACallThatWasCutOff() throws Exception {
    var cut = CompletableFuture.supplyAsync(() -> echo("hold"));
    held.await();
    channel.shutdownNow();
    assertThat(cut).failsWithin(10, TimeUnit.SECONDS);

    Thread closing = new Thread(server::close);
    closing.start();
    // Long enough for a close that does not wait.
    closing.join(200);
    assertThat(closed).isFalse();
    released.countDown();
    closing.join();

    assertThat(interrupted).isFalse();
    assertThat(closed).isTrue();
  }

  @Test
  void close_endsStreamsThatTheModuleDrains() {
    Iterator<String> watch =
        ClientCalls.blockingServerStreamingCall(channel, WATCH, CallOptions.DEFAULT, "all");
    assertThat(watch.next()).isEqualTo("hello");

    server.close();

    assertThatThrownBy(watch::hasNext)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(e.getStatus().getDescription()).isEqualTo("draining"));
  }

  @Test
  void start_onAPortInUse_saysSoInOneLine() {
    SampleModule second = new SampleModule();

    assertThatThrownBy(() -> GrpcServer.start(config(server.port()), List.of(second), metrics))
        .isInstanceOf(StartupException.class)
        .hasMessage(
            "gRPC port %d on 127.0.0.1 is in use: stop the process that holds it or choose another with --port"
                .formatted(server.port()));
    assertThat(closed).isTrue();
  }

  @Test
  void metrics_ofCalls_reachPrometheusWithLabels() throws Exception {
    echo("counted");
    failureOf("missing");
    try (MetricsEndpoint endpoint = MetricsEndpoint.start("127.0.0.1", 0, metrics)) {
      HttpResponse<String> response =
          HttpClient.newHttpClient()
              .send(
                  HttpRequest.newBuilder(
                          URI.create("http://127.0.0.1:" + endpoint.port() + "/metrics"))
                      .build(),
                  HttpResponse.BodyHandlers.ofString());

      assertThat(response.body())
          .containsPattern(
              "grpc_server_calls_count\\{code=\"OK\",method=\"Echo\",service=\"Sample\"} 1")
          .containsPattern(
              "grpc_server_calls_count\\{code=\"NOT_FOUND\",method=\"Echo\",service=\"Sample\"} 1")
          .contains("jvm_memory_heap_used");
    }
  }

  private StreamObserver<String> collect(CompletableFuture<Throwable> failure) {
    return ClientCalls.asyncClientStreamingCall(
        channel.newCall(COLLECT, CallOptions.DEFAULT),
        new StreamObserver<>() {
          @Override
          public void onNext(String value) {}

          @Override
          public void onError(Throwable t) {
            failure.complete(t);
          }

          @Override
          public void onCompleted() {
            failure.complete(new AssertionError("completed"));
          }
        });
  }

  private StatusRuntimeException failureOf(String text) {
    try {
      throw new AssertionError("answered " + echo(text));
    } catch (StatusRuntimeException e) {
      return e;
    }
  }

  private ServingStatus health(String service) {
    return HealthGrpc.newBlockingStub(channel)
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  private final class SampleModule implements ServiceModule {
    @Override
    public String name() {
      return "sample";
    }

    @Override
    public List<BindableService> services() {
      return List.of(
          () ->
              ServerServiceDefinition.builder("sample.Sample")
                  .addMethod(ECHO, ServerCalls.asyncUnaryCall(this::echo))
                  .addMethod(QUICK, ServerCalls.asyncUnaryCall(this::threadName))
                  .addMethod(WATCH, ServerCalls.asyncServerStreamingCall(this::watch))
                  .addMethod(COLLECT, ServerCalls.asyncClientStreamingCall(this::collect))
                  .build());
    }

    @Override
    public Set<String> nonBlockingMethods() {
      return Set.of(QUICK.getFullMethodName());
    }

    private void threadName(String text, StreamObserver<String> response) {
      response.onNext(Thread.currentThread().getName());
      response.onCompleted();
    }

    private void echo(String text, StreamObserver<String> response) {
      switch (text) {
        case "invalid" -> throw InvalidRequestException.of("text", "is invalid");
        case "missing" -> throw new NoteNotFoundException();
        case "error" -> throw new StackOverflowError();
        case "many violations" -> {
          Violations violations = new Violations();
          for (int i = 0; i < Violations.MAX_VIOLATIONS; i++) {
            violations.add("metrics[" + i + "].key", "☃".repeat(240));
          }
          violations.throwIfAny();
        }
        case "thread" -> {
          threadName(text, response);
          return;
        }
        case "defect" -> throw new IllegalStateException("secret");
        case "hold" -> {
          held.countDown();
          awaitRelease();
        }
        default -> {}
      }
      response.onNext(text);
      response.onCompleted();
    }

    private void awaitRelease() {
      try {
        released.await();
      } catch (InterruptedException e) {
        interrupted.set(true);
        throw new IllegalStateException(e);
      }
    }

    private void watch(String request, StreamObserver<String> response) {
      watcher.set(response);
      response.onNext("hello");
    }

    private StreamObserver<String> collect(StreamObserver<String> response) {
      return new StreamObserver<>() {
        @Override
        public void onNext(String text) {
          collected.add(text);
          if (text.startsWith("hold")) {
            held.countDown();
            awaitRelease();
          }
          throw InvalidRequestException.of("text", "is invalid");
        }

        @Override
        public void onError(Throwable t) {}

        @Override
        public void onCompleted() {
          collected.add("half-close");
          response.onCompleted();
        }
      };
    }

    @Override
    public boolean ready() {
      return dependencyAnswers.get();
    }

    @Override
    public void drain() {
      StreamObserver<String> open = watcher.get();
      if (open != null) {
        open.onError(Status.UNAVAILABLE.withDescription("draining").asRuntimeException());
      }
    }

    @Override
    public void close() {
      closed.set(true);
    }
  }

  private static final class NoteNotFoundException extends ServiceException {
    private static final long serialVersionUID = 1L;

    NoteNotFoundException() {
      super(ErrorKind.NOT_FOUND, "NOTE_NOT_FOUND", "note 7 does not exist", Map.of("note", "7"));
    }
  }

  private static MethodDescriptor<String, String> method(
      String name, MethodDescriptor.MethodType type) {
    MethodDescriptor.Marshaller<String> text =
        new MethodDescriptor.Marshaller<>() {
          @Override
          public InputStream stream(String value) {
            return new ByteArrayInputStream(value.getBytes(StandardCharsets.UTF_8));
          }

          @Override
          public String parse(InputStream stream) {
            try {
              return new String(stream.readAllBytes(), StandardCharsets.UTF_8);
            } catch (IOException e) {
              throw new UncheckedIOException(e);
            }
          }
        };
    return MethodDescriptor.newBuilder(text, text)
        .setType(type)
        .setFullMethodName("sample.Sample/" + name)
        .build();
  }
}
