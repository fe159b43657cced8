package dev.slipway.registry.rpc;

import static dev.slipway.registry.rpc.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistryEvent;
import dev.slipway.registry.v1.RegistryEventType;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.RegistrySnapshot;
import dev.slipway.registry.v1.RenameRegisteredModelRequest;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.registry.v1.WatchRegistryRequest;
import dev.slipway.registry.v1.WatchRegistryResponse;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Context;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.LongStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

@Timeout(900)
final class WatchRegistryTest {
  private static final long PATIENCE_SECONDS = 600;

  /** So that all here is told without the help of the poll. */
  private static final java.time.Duration LONGEST_POLL = java.time.Duration.ofSeconds(10);

  /** How many events are written while a watch of them is cut over and over. */
  private static final int CUT_WATCH_EVENTS =
      Integer.getInteger("slipway.registry.watch-events", 300);

  @TempDir private Path folder;
  private RegistryFixture fixture;

  @RegisterExtension
  final GrpcServerExtension server =
      GrpcServerExtension.netty(
          4 << 20,
          () -> {
            fixture = new RegistryFixture(folder);
            return fixture.openRegistry(LONGEST_POLL);
          });

  private RegistryServiceBlockingStub stub;
  private Context.CancellableContext call;

  @BeforeEach
  void connect() {
    stub = RegistryServiceGrpc.newBlockingStub(server.channel());
    call = Context.current().withCancellation();
  }

  @AfterEach
  void close() {
    call.cancel(null);
    fixture.close();
  }

  @Test
  void emptyRegistry_sendsOneEmptyLastPart_thenEventsAsTheyHappen() throws Exception {
    Iterator<WatchRegistryResponse> watch = watch(WatchRegistryRequest.getDefaultInstance());

    RegistrySnapshot snapshot = watch.next().getSnapshot();
    assertThat(snapshot.getLast()).isTrue();
    assertThat(snapshot.getRevision()).isZero();
    assertThat(snapshot.getRegisteredModelsCount()).isZero();

    model("digits");
    RegistryEvent event = watch.next().getEvent();
    assertThat(event.getRevision()).isEqualTo(1);
    assertThat(event.getType())
        .isEqualTo(RegistryEventType.REGISTRY_EVENT_TYPE_REGISTERED_MODEL_CREATED);
    assertThat(event.getAfter().getRegisteredModel().getName()).isEqualTo("digits");
    assertThat(event.hasBefore()).isFalse();
  }

  @Test
  void snapshot_showsModelsAndVersions_andEventsFollowWithoutAGap() throws Exception {
    model("digits");
    model("words");
    fixture.uploadPackage("m");
    register("digits");

    Iterator<WatchRegistryResponse> watch = watch(WatchRegistryRequest.getDefaultInstance());
    List<String> seen = new ArrayList<>();
    RegistrySnapshot part;
    do {
      part = watch.next().getSnapshot();
      assertThat(part.getRevision()).isEqualTo(3);
      part.getRegisteredModelsList().forEach(model -> seen.add(model.getName()));
      part.getModelVersionsList()
          .forEach(version -> seen.add(version.getName() + "/" + version.getVersion()));
    } while (!part.getLast());

    assertThat(seen).containsExactly("digits", "words", "digits/1");
    register("digits");
    assertThat(watch.next().getEvent().getRevision()).isEqualTo(4);
  }

  @Test
  @Timeout(value = 1, unit = TimeUnit.HOURS)
  void watcherCutAtRandom_resumesAndMissesNoneAndSeesNoneTwice() throws Exception {
    model("digits");
    ExecutorService writer = Executors.newSingleThreadExecutor();
    Future<?> written =
        writer.submit(
            () -> {
              for (int i = 1; i < CUT_WATCH_EVENTS; i++) {
                tag("digits", i);
              }
            });
    writer.shutdown();

    List<Long> seen = new ArrayList<>();
    seen.add(1L);
    Random random = new Random(42);
    while (seen.size() < CUT_WATCH_EVENTS) {
      Context.CancellableContext attempt = Context.current().withCancellation();
      Iterator<WatchRegistryResponse> watch =
          attempt.call(
              () ->
                  stub.watchRegistry(
                      WatchRegistryRequest.newBuilder()
                          .setFromRevision(seen.get(seen.size() - 1))
                          .setHeartbeatInterval(Duration.newBuilder().setSeconds(1))
                          .build()));
      int read = random.nextInt(Math.max(40, CUT_WATCH_EVENTS / 25));
      for (int i = 0; i < read && seen.size() < CUT_WATCH_EVENTS; i++) {
        WatchRegistryResponse message = watch.next();
        if (message.hasEvent()) {
          seen.add(message.getEvent().getRevision());
        } else if (written.isDone()) {
          written.get();
        }
      }
      attempt.cancel(null);
    }
    written.get();

    assertThat(seen)
        .containsExactlyElementsOf(LongStream.rangeClosed(1, CUT_WATCH_EVENTS).boxed().toList());
  }

  @Test
  void slowWatcher_getsEverythingInTheEnd() throws Exception {
    // More than the events that are kept in memory for all watchers.
    int commands = 1200;
    model("digits");
    LinkedBlockingQueue<RegistryEvent> received = new LinkedBlockingQueue<>();
    AtomicReference<ClientCallStreamObserver<WatchRegistryRequest>> control =
        new AtomicReference<>();
    CountDownLatch started = new CountDownLatch(1);
    RegistryServiceGrpc.newStub(server.channel())
        .watchRegistry(
            WatchRegistryRequest.newBuilder().setFromRevision(1).build(),
            new ClientResponseObserver<WatchRegistryRequest, WatchRegistryResponse>() {
              @Override
              public void beforeStart(ClientCallStreamObserver<WatchRegistryRequest> request) {
                request.disableAutoRequestWithInitial(0);
                control.set(request);
                started.countDown();
              }

              @Override
              public void onNext(WatchRegistryResponse message) {
                if (message.hasEvent()) {
                  received.add(message.getEvent());
                }
              }

              @Override
              public void onError(Throwable failure) {}

              @Override
              public void onCompleted() {}
            });
    assertThat(started.await(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();

    ExecutorService writers = Executors.newFixedThreadPool(8);
    for (int i = 2; i <= commands; i++) {
      int value = i;
      writers.execute(() -> tag("digits", value));
    }
    writers.shutdown();
    assertThat(writers.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS)).isTrue();
    control.get().request(Integer.MAX_VALUE);

    for (long revision = 2; revision <= commands; revision++) {
      assertThat(received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS).getRevision())
          .isEqualTo(revision);
    }
    control.get().cancel("done", null);
  }

  @Test
  void nameFilter_letsOnlyThoseModelsThrough_andRenamesByEitherName() throws Exception {
    model("digits");
    model("words");
    Iterator<WatchRegistryResponse> watch =
        watch(WatchRegistryRequest.newBuilder().setFromRevision(2).addNames("digits").build());

    tag("words", 1);
    tag("digits", 1);
    var unused =
        stub.renameRegisteredModel(
            RenameRegisteredModelRequest.newBuilder()
                .setName("digits")
                .setNewName("ziffern")
                .build());
    tag("ziffern", 2);
    var unused2 =
        stub.renameRegisteredModel(
            RenameRegisteredModelRequest.newBuilder()
                .setName("ziffern")
                .setNewName("digits")
                .build());

    assertThat(watch.next().getEvent().getRevision()).isEqualTo(4);
    assertThat(watch.next().getEvent().getRevision()).isEqualTo(5);
    assertThat(watch.next().getEvent().getRevision()).isEqualTo(7);
  }

  @Test
  void silence_isBrokenByHeartbeatsWithTheRevision() throws Exception {
    model("digits");
    model("words");
    // Else a heartbeat may come before the server has heard of the second model.
    assertThat(watchFrom(1).next().getEvent().getRevision()).isEqualTo(2);
    Iterator<WatchRegistryResponse> watch =
        watch(
            WatchRegistryRequest.newBuilder()
                .setFromRevision(1)
                .addNames("digits")
                .setHeartbeatInterval(Duration.newBuilder().setNanos(100_000_000))
                .build());

    assertThat(watch.next().getHeartbeat().getRevision()).isEqualTo(2);
    assertThat(watch.next().getHeartbeat().getRevision()).isEqualTo(2);
  }

  @Test
  void event_doesNotWaitForThePoll() throws Exception {
    model("digits");
    Iterator<WatchRegistryResponse> watch = watchFrom(1);

    // With the poll alone each of them would take ten seconds, and all of them beyond the timeout.
    for (int i = 1; i <= 40; i++) {
      tag("digits", i);
      assertThat(watch.next().getEvent().getRevision()).isEqualTo(i + 1);
    }
  }

  @Test
  void revisionInTheFuture_isRefused() {
    model("digits");

    assertFails(() -> watchFrom(9).next(), Status.Code.OUT_OF_RANGE, "REVISION_IN_FUTURE");
  }

  @Test
  void shutdown_endsWatchesWithUnavailable() throws Exception {
    Iterator<WatchRegistryResponse> watch = watch(WatchRegistryRequest.getDefaultInstance());
    assertThat(watch.next().getSnapshot().getLast()).isTrue();

    fixture.registry().drain();

    assertFails(watch::next, Status.Code.UNAVAILABLE, "SHUTTING_DOWN");
  }

  private Iterator<WatchRegistryResponse> watchFrom(long revision) throws Exception {
    return watch(WatchRegistryRequest.newBuilder().setFromRevision(revision).build());
  }

  private Iterator<WatchRegistryResponse> watch(WatchRegistryRequest request) throws Exception {
    return call.call(() -> stub.watchRegistry(request));
  }

  private void model(String name) {
    var unused =
        stub.createRegisteredModel(CreateRegisteredModelRequest.newBuilder().setName(name).build());
  }

  private void register(String name) {
    var unused =
        stub.createModelVersion(
            CreateModelVersionRequest.newBuilder().setName(name).setSource("m").build());
  }

  private RegisteredModel tag(String name, int value) {
    return stub.setRegisteredModelTags(
        SetRegisteredModelTagsRequest.newBuilder()
            .setName(name)
            .putTags("n", Integer.toString(value))
            .build());
  }
}
