package dev.slipway.tracking.rpc;

import static dev.slipway.tracking.rpc.Errors.assertIs;
import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.run.NewRun;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.service.WatchFeed;
import dev.slipway.tracking.store.ExperimentStore;
import dev.slipway.tracking.store.FeedStore;
import dev.slipway.tracking.store.MetricStore;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.store.RunWrite;
import dev.slipway.tracking.v1.TrackingServiceGrpc;
import dev.slipway.tracking.v1.WatchRunRequest;
import dev.slipway.tracking.v1.WatchRunResponse;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.ServerInterceptors;
import io.grpc.Status;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class WatchRpcsTest {
  private static final int MAX_WATCHES = 3;
  private static final int MAX_LOG_BYTES = 30_000;
  private static final Duration PATIENCE = Duration.ofSeconds(10);

  @TempDir private Path folder;

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.netty(
          1 << 20, () -> ServerInterceptors.intercept(new WatchesOnly(), new FailingToSend()));

  private Database database;
  private WatchFeed feed;
  private FeedStore changes;
  private ExperimentStore experiments;
  private RunStore runs;
  private WatchRpcs watches;
  private MetricStore metrics;
  private RunId run;
  private volatile boolean failing;

  /** Serves what is under test here. */
  private final class WatchesOnly extends TrackingServiceGrpc.TrackingServiceImplBase {
    @Override
    public void watchRun(WatchRunRequest request, StreamObserver<WatchRunResponse> observer) {
      watches.watchRun(request, (ServerCallStreamObserver<WatchRunResponse>) observer);
    }
  }

  /** Lets messages fail with an Error when told to. */
  private final class FailingToSend implements ServerInterceptor {
    @Override
    public <Q, M> ServerCall.Listener<Q> interceptCall(
        ServerCall<Q, M> call, Metadata headers, ServerCallHandler<Q, M> next) {
      return next.startCall(
          new SimpleForwardingServerCall<>(call) {
            @Override
            public void sendMessage(M message) {
              if (failing) {
                throw new StackOverflowError("test");
              }
              super.sendMessage(message);
            }
          },
          headers);
    }
  }

  @BeforeEach
  void start() {
    database =
        Database.open(
            TestDatabases.h2(folder), "tracking", "db/migration/tracking", new MetricRegistry());
    experiments = new ExperimentStore(database, "a:/");
    experiments.ensureDefault(Instant.EPOCH);
    runs = new RunStore(database);
    run =
        runs.create(
                new NewRun(
                    Optional.empty(),
                    RunId.create(Instant.EPOCH),
                    ExperimentId.DEFAULT,
                    "run",
                    "",
                    Instant.EPOCH,
                    List.of()),
                Instant.EPOCH)
            .info()
            .id();
    metrics = new MetricStore(database);
    changes = new FeedStore(database);
    startWatches(PATIENCE);
  }

  private void startWatches(Duration patience) {
    feed = new WatchFeed(changes, MAX_LOG_BYTES, patience);
    watches = new WatchRpcs(feed, changes, experiments, runs, Clock.systemUTC(), MAX_WATCHES);
    feed.start();
  }

  private void stopWatches() {
    watches.close();
    feed.close();
  }

  @AfterEach
  void stop() {
    stopWatches();
    database.close();
  }

  private WatchClient<WatchRunRequest, WatchRunResponse> watch(boolean reads) {
    WatchClient<WatchRunRequest, WatchRunResponse> client = new WatchClient<>(reads);
    TrackingServiceGrpc.newStub(server.channel())
        .watchRun(WatchRunRequest.newBuilder().setRunId(run.toString()).build(), client);
    return client;
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(deadline);
      Thread.sleep(5);
    }
  }

  @Test
  void watchesBeyondTheBound_areRefused_andEndedOnesMakeRoom() throws Exception {
    List<WatchClient<WatchRunRequest, WatchRunResponse>> clients = new ArrayList<>();
    for (int i = 0; i < MAX_WATCHES; i++) {
      // One that reads nothing takes part like the others, and is as easily rid of.
      clients.add(watch(i > 0));
    }
    await(() -> watches.open() == MAX_WATCHES);
    assertIs(watch(true).awaitError(), Status.Code.RESOURCE_EXHAUSTED, "TOO_MANY_WATCHES");

    clients.forEach(WatchClient::cancel);

    await(() -> watches.open() == 0 && feed.watched() == 0);
    watch(true).await(messages -> !messages.isEmpty());
  }

  @Test
  void changeThatTheLogHasNoRoomFor_isReadFromTheDatabase_withoutAnotherSnapshot()
      throws Exception {
    WatchClient<WatchRunRequest, WatchRunResponse> client = watch(true);
    client.await(messages -> !messages.isEmpty());
    long log = metrics.openLog(Instant.EPOCH);
    for (int i = 1; i <= 3; i++) {
      Param param = new Param("p" + i, "x".repeat(MAX_LOG_BYTES));
      metrics.commit(
          log,
          i,
          List.of(
              new RunWrite(run, Optional.empty(), MetricBatch.EMPTY, List.of(param), List.of())),
          Instant.EPOCH);
      int known = i;
      client.await(messages -> RunReplay.of(messages).run().getData().getParamsCount() == known);
    }
    assertThat(client.messages().stream().filter(WatchRunResponse::hasSnapshot)).hasSize(1);
  }

  @Test
  void watchesOfAServerThatCannotLookForChanges_end_alsoThoseThatHeardNothingYet()
      throws Exception {
    stopWatches();
    startWatches(Duration.ofSeconds(1));
    WatchClient<WatchRunRequest, WatchRunResponse> following = watch(true);
    await(() -> !following.messages().isEmpty() || following.hasEnded());
    database.jdbi().useHandle(handle -> handle.execute("ALTER TABLE metric_log RENAME TO away"));
    assertIs(following.awaitError(), Status.Code.UNAVAILABLE, "CHANGES_UNAVAILABLE");
    WatchClient<WatchRunRequest, WatchRunResponse> joining = watch(true);
    assertIs(joining.awaitError(), Status.Code.UNAVAILABLE, "CHANGES_UNAVAILABLE");
    assertThat(joining.messages()).isEmpty();
    await(() -> watches.open() == 0 && feed.watched() == 0);
  }

  @Test
  void watchThatFailsWithAnError_ends() throws Exception {
    failing = true;
    WatchClient<WatchRunRequest, WatchRunResponse> client = watch(true);
    assertIs(client.awaitError(), Status.Code.INTERNAL, "INTERNAL");
    await(() -> watches.open() == 0 && feed.watched() == 0);
  }

  @Test
  void watchThatIsOpenedOnceTheServerStops_isRefused() throws Exception {
    WatchClient<WatchRunRequest, WatchRunResponse> open = watch(true);
    open.await(messages -> !messages.isEmpty());
    watches.drain();
    assertIs(open.awaitError(), Status.Code.UNAVAILABLE, "SERVER_STOPPING");
    assertIs(watch(true).awaitError(), Status.Code.UNAVAILABLE, "SERVER_STOPPING");
    await(() -> watches.open() == 0 && feed.watched() == 0);
  }
}
