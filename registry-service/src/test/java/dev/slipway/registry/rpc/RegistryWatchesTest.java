package dev.slipway.registry.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.service.RegistryFeed;
import dev.slipway.registry.store.RegisteredModelStore;
import dev.slipway.registry.store.RegistryEventStore;
import dev.slipway.registry.store.RegistryTransactions;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.WatchRegistryRequest;
import dev.slipway.registry.v1.WatchRegistryResponse;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.error.ErrorInterceptor;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Server;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** Says what watches do at their limits, with watchers that read nothing until they are told to. */
@Timeout(900)
final class RegistryWatchesTest {
  private static final com.google.protobuf.Duration NO_HEARTBEAT =
      com.google.protobuf.Duration.newBuilder().setSeconds(600).build();
  private static final Duration LONG = Duration.ofMinutes(5);
  private static final long PATIENCE_SECONDS = 600;
  private static final Context.Key<AtomicInteger> WRITTEN = Context.key("written");

  @TempDir private Path folder;
  private final LinkedBlockingQueue<AtomicInteger> opened = new LinkedBlockingQueue<>();

  /** The counters of the calls in the order of the messages that the server writes. */
  private final LinkedBlockingQueue<AtomicInteger> writes = new LinkedBlockingQueue<>();

  private final MetricRegistry metrics = new MetricRegistry();
  private Database database;
  private RegisteredModelStore models;
  private RegistryEventStore events;
  private RegistryFeed feed;
  private RegistryWatches watches;
  private Server server;
  private ManagedChannel channel;

  @BeforeEach
  void open() {
    database =
        Database.open(TestDatabases.h2(folder), "registry", "db/migration/registry", metrics);
    // Nothing tells the feed of commands, as if another replica ran them: it has its poll alone.
    RegistryTransactions transactions =
        new RegistryTransactions(database, Clock.systemUTC(), revision -> {});
    models = new RegisteredModelStore(transactions);
    events = new RegistryEventStore(transactions);
    feed = new RegistryFeed(events, Duration.ofMillis(20));
    feed.start();
    model("digits");
  }

  private void serve(RegistryWatches.Limits limits) throws IOException {
    serve(new RegistryWatches(feed, events, limits));
  }

  private void serve(RegistryWatches served) throws IOException {
    watches = served;
    String name = UUID.randomUUID().toString();
    // Directly, so that the watches hear in order who asks for messages.
    server =
        InProcessServerBuilder.forName(name)
            .directExecutor()
            .intercept(new ErrorInterceptor())
            .intercept(new WriteCounter())
            .addService(new WatchOnly())
            .build()
            .start();
    channel = InProcessChannelBuilder.forName(name).build();
  }

  @AfterEach
  void close() {
    channel.shutdownNow();
    watches.close();
    server.shutdownNow();
    feed.close();
    database.close();
  }

  @Test
  void commandOfAnotherReplica_isFoundByThePoll() throws Exception {
    serve(RegistryWatches.Limits.DEFAULT);
    Watcher watcher = watch(1);
    watcher.request(Integer.MAX_VALUE);

    model("words");

    assertThat(watcher.next().getEvent().getRevision()).isEqualTo(2);
  }

  @Test
  void event_isHeardOfOnlyWhenItIsDurable() throws Exception {
    serve(RegistryWatches.Limits.DEFAULT);
    Watcher watcher = watch(1);
    watcher.request(Integer.MAX_VALUE);
    // What was there before the watch has been flushed too when this is heard of.
    model("words");
    assertThat(watcher.next().getEvent().getRevision()).isEqualTo(2);
    long before = plainStatements();

    // A commit that is visible and not flushed yet, as every one is for a moment.
    database
        .jdbi()
        .useTransaction(
            handle -> {
              handle.execute("UPDATE registry_revision SET revision = 3");
              handle.execute(
                  """
                  INSERT INTO registry_event (revision, event_time, actor, event_type, name, version, also_changed,
                    event_comment, forced)
                  VALUES (3, CURRENT_TIMESTAMP, 'anna', 'REGISTERED_MODEL_UPDATED', 'digits', 0, '[]', '', FALSE)
                  """);
            });

    assertThat(watcher.next().getEvent().getRevision()).isEqualTo(3);
    // The two above, and the flush.
    assertThat(plainStatements()).isGreaterThanOrEqualTo(before + 3);
  }

  /** Counts the statements that belong to no DAO, as the flush is one. */
  private long plainStatements() {
    return metrics.timer("sql.raw").getCount();
  }

  @Test
  void watchersThatCatchUp_doNotKeepALiveOneWaiting() throws Exception {
    // One sender, so that the order of their turns is the order of the messages.
    ExecutorService sender = Executors.newSingleThreadExecutor();
    serve(new RegistryWatches(feed, events, RegistryWatches.Limits.DEFAULT, sender));
    long past = 5_000;
    database
        .jdbi()
        .useTransaction(
            handle -> {
              handle.execute("UPDATE registry_revision SET revision = ?", past);
              handle.execute(
                  """
                  INSERT INTO registry_event (revision, event_time, actor, event_type, name, version, also_changed,
                    event_comment, forced)
                  SELECT n, CURRENT_TIMESTAMP, 'anna', 'REGISTERED_MODEL_UPDATED', 'digits', 0, '[]', '', FALSE
                  FROM SYSTEM_RANGE(2, ?) AS past (n)
                  """,
                  past);
            });
    model("words");
    CountDownLatch allAsk = new CountDownLatch(1);
    var unused =
        sender.submit(
            () -> {
              allAsk.await();
              return true;
            });
    List<Watcher> behind;
    Watcher live;
    try {
      // Each with all of the past to look through for the last event, and before the live one.
      behind =
          Stream.generate(() -> watch(new Watcher(Integer.MAX_VALUE), 1, "words"))
              .limit(4)
              .toList();
      live = watch(new Watcher(Integer.MAX_VALUE), past);
      while (feed.head() <= past) {
        Thread.sleep(10);
      }
    } finally {
      allAsk.countDown();
    }

    for (Watcher watcher : behind) {
      assertThat(watcher.next().getEvent().getRevision()).isEqualTo(past + 1);
    }
    assertThat(live.next().getEvent().getRevision()).isEqualTo(past + 1);
    assertThat(writes.peek()).isSameAs(live.written);
  }

  @Test
  void drain_endsWatchesInEveryPhase() throws Exception {
    serve(new RegistryWatches.Limits(100, LONG, LONG));
    // More than there are threads for snapshots: the last ones have not begun.
    List<Watcher> snapshots = Stream.generate(() -> watch(0)).limit(5).toList();
    Watcher follower = watch(1);

    watches.drain();

    for (Watcher watcher : snapshots) {
      watcher.assertEnds(Status.Code.UNAVAILABLE, "SHUTTING_DOWN");
    }
    follower.assertEnds(Status.Code.UNAVAILABLE, "SHUTTING_DOWN");
    watch(0).assertEnds(Status.Code.UNAVAILABLE, "SHUTTING_DOWN");
  }

  @Test
  void readersThatDoNotRead_giveUpTheirPlaceSoon() throws Exception {
    serve(new RegistryWatches.Limits(100, LONG, Duration.ofMillis(200)));
    List<Watcher> idle = Stream.generate(() -> watch(0)).limit(4).toList();
    Watcher reader = watch(new Watcher(Integer.MAX_VALUE), 0);

    assertThat(reader.next().getSnapshot().getRegisteredModelsCount()).isEqualTo(1);
    assertThat(reader.next().getSnapshot().getLast()).isTrue();
    for (Watcher watcher : idle) {
      watcher.assertEnds(Status.Code.ABORTED, "SNAPSHOT_TOO_SLOW");
    }
  }

  @Test
  void snapshotAsAWhole_hasALimit() throws Exception {
    serve(new RegistryWatches.Limits(100, Duration.ofMillis(200), LONG));
    // Asks for the first part, which may be too late already, and never for the second one.
    Watcher watcher = watch(new Watcher(1), 0);

    watcher.assertEnds(Status.Code.ABORTED, "SNAPSHOT_TOO_SLOW");
    assertThat(watcher.received).noneMatch(part -> part.getSnapshot().getLast());
  }

  @Test
  void watchesBeyondTheLimit_areRefused_untilOneEnds() throws Exception {
    serve(new RegistryWatches.Limits(1, LONG, LONG));
    Watcher first = watch(1);
    first.request(Integer.MAX_VALUE);
    model("words");
    assertThat(first.next().hasEvent()).isTrue();

    watch(1).assertEnds(Status.Code.RESOURCE_EXHAUSTED, "TOO_MANY_WATCHES");

    first.call.cancel("done", null);
    Watcher second;
    do {
      second = watch(1);
      second.request(Integer.MAX_VALUE);
    } while (!second.accepted.get(PATIENCE_SECONDS, TimeUnit.SECONDS));
  }

  @Test
  void slowWatcher_isHeldBackByTheServer_andMissesNothing() throws Exception {
    serve(RegistryWatches.Limits.DEFAULT);
    Watcher slow = watch(1);
    slow.request(3);
    Watcher quick = watch(1);
    quick.request(Integer.MAX_VALUE);

    for (int i = 2; i <= 20; i++) {
      model("model-" + i);
    }
    for (int i = 2; i <= 20; i++) {
      assertThat(quick.next().getEvent().getRevision()).isEqualTo(i);
    }
    for (int i = 2; i <= 4; i++) {
      assertThat(slow.next().getEvent().getRevision()).isEqualTo(i);
    }

    // The server has not so much as written what was not asked for.
    assertThat(slow.written).hasValue(3);
    slow.request(Integer.MAX_VALUE);
    for (int i = 5; i <= 20; i++) {
      assertThat(slow.next().getEvent().getRevision()).isEqualTo(i);
    }
  }

  private void model(String name) {
    var unused =
        models.create(
            new NewRegisteredModel(new ModelName(name), "", "", Map.of()),
            Optional.empty(),
            new Caller("anna", Set.of()));
  }

  private Watcher watch(long fromRevision, String... names) {
    return watch(new Watcher(0), fromRevision, names);
  }

  private Watcher watch(Watcher watcher, long fromRevision, String... names) {
    RegistryServiceGrpc.newStub(channel)
        .watchRegistry(
            WatchRegistryRequest.newBuilder()
                .setFromRevision(fromRevision)
                .addAllNames(List.of(names))
                .setHeartbeatInterval(NO_HEARTBEAT)
                .build(),
            watcher);
    try {
      watcher.written = opened.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return watcher;
  }

  private final class WatchOnly extends RegistryServiceGrpc.RegistryServiceImplBase {
    @Override
    public void watchRegistry(
        WatchRegistryRequest request, StreamObserver<WatchRegistryResponse> observer) {
      try {
        watches.open(
            RegistryRequests.watch(request),
            (ServerCallStreamObserver<WatchRegistryResponse>) observer);
      } finally {
        opened.add(WRITTEN.get());
      }
    }
  }

  /** Counts the messages that a call writes. */
  private final class WriteCounter implements ServerInterceptor {
    @Override
    public <Q, R> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
      AtomicInteger written = new AtomicInteger();
      return Contexts.interceptCall(
          Context.current().withValue(WRITTEN, written),
          new ForwardingServerCall.SimpleForwardingServerCall<>(call) {
            @Override
            public void sendMessage(R message) {
              written.incrementAndGet();
              writes.add(written);
              super.sendMessage(message);
            }
          },
          headers,
          next);
    }
  }

  private static final class Watcher
      implements ClientResponseObserver<WatchRegistryRequest, WatchRegistryResponse> {
    private final LinkedBlockingQueue<WatchRegistryResponse> received = new LinkedBlockingQueue<>();
    private final CompletableFuture<Throwable> end = new CompletableFuture<>();

    /** Whether a message comes before the end. */
    private final CompletableFuture<Boolean> accepted = new CompletableFuture<>();

    private final int asked;
    private ClientCallStreamObserver<WatchRegistryRequest> call;
    private AtomicInteger written;

    /**
     * Creates a watcher.
     *
     * @param asked how many messages it asks for as it begins, before the server hears of it
     */
    Watcher(int asked) {
      this.asked = asked;
    }

    void request(int messages) {
      call.request(messages);
    }

    WatchRegistryResponse next() throws InterruptedException {
      WatchRegistryResponse message = received.poll(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(message).as("a message arrives").isNotNull();
      return message;
    }

    void assertEnds(Status.Code code, String reason) throws Exception {
      Throwable failure = end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      assertThat(failure).isInstanceOf(StatusRuntimeException.class);
      assertThat(((StatusRuntimeException) failure).getStatus().getCode()).isEqualTo(code);
      assertThat(Failures.info((StatusRuntimeException) failure).getReason()).isEqualTo(reason);
    }

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchRegistryRequest> request) {
      request.disableAutoRequestWithInitial(asked);
      call = request;
    }

    @Override
    public void onNext(WatchRegistryResponse message) {
      accepted.complete(true);
      received.add(message);
    }

    @Override
    public void onError(Throwable failure) {
      accepted.complete(false);
      end.complete(failure);
    }

    @Override
    public void onCompleted() {
      accepted.complete(false);
      end.complete(null);
    }
  }
}
