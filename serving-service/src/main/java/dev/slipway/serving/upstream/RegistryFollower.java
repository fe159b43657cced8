package dev.slipway.serving.upstream;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistrySnapshot;
import dev.slipway.registry.v1.WatchRegistryRequest;
import dev.slipway.registry.v1.WatchRegistryResponse;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.ServingPolicy;
import io.grpc.Channel;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.ClientCallStreamObserver;
import io.grpc.stub.ClientResponseObserver;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the catalog at the registry's present revision: a snapshot first, then every event. After a
 * cut it resumes from the last revision, with growing pauses; what is known stays valid meanwhile.
 * What an earlier server knew is never resumed from: its registry may have been another.
 * Thread-safe.
 */
public final class RegistryFollower implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RegistryFollower.class);

  private static final long FIRST_PAUSE_MILLIS = 50;
  private static final long LONGEST_PAUSE_MILLIS = 5_000;
  private static final Duration HEARTBEAT = Duration.ofSeconds(5);

  /** A watch that was silent for so many heartbeats is cut. */
  private static final int SILENT_HEARTBEATS = 4;

  private final Channel channel;
  private final Catalog catalog;
  private final ScheduledExecutorService scheduler;
  private final Clock clock;
  private final Duration heartbeat;
  private final Object lock = new Object();

  @GuardedBy("lock")
  private Watch watch;

  @GuardedBy("lock")
  private long pauseMillis = FIRST_PAUSE_MILLIS;

  @GuardedBy("lock")
  private boolean snapshotNeeded = true;

  @GuardedBy("lock")
  private boolean closed;

  private volatile boolean connected;

  /**
   * Creates a follower that does nothing until {@link #start}.
   *
   * @param channel leads to the registry; stays the caller's
   * @param scheduler where pauses are waited out; stays the caller's
   */
  public RegistryFollower(
      Channel channel, Catalog catalog, ScheduledExecutorService scheduler, Clock clock) {
    this(channel, catalog, scheduler, clock, HEARTBEAT);
  }

  RegistryFollower(
      Channel channel,
      Catalog catalog,
      ScheduledExecutorService scheduler,
      Clock clock,
      Duration heartbeat) {
    this.channel = channel;
    this.catalog = catalog;
    this.scheduler = scheduler;
    this.clock = clock;
    this.heartbeat = heartbeat;
  }

  /** Begins to follow, in the background. */
  public void start() {
    connect();
    Future<?> unused =
        scheduler.scheduleWithFixedDelay(
            this::cutSilentWatch, heartbeat.toNanos(), heartbeat.toNanos(), TimeUnit.NANOSECONDS);
  }

  /** Tells whether the registry is being heard at the moment. */
  public boolean isConnected() {
    return connected;
  }

  private void connect() {
    Watch opened = new Watch();
    WatchRegistryRequest request;
    synchronized (lock) {
      if (closed) {
        return;
      }
      watch = opened;
      request =
          WatchRegistryRequest.newBuilder()
              .setFromRevision(snapshotNeeded ? 0 : catalog.revision())
              .setHeartbeatInterval(
                  com.google.protobuf.Duration.newBuilder()
                      .setSeconds(heartbeat.getSeconds())
                      .setNanos(heartbeat.getNano()))
              .build();
    }
    if (channel instanceof ManagedChannel managed) {
      // The pauses here are shorter than the channel's own, which grow to two minutes.
      managed.resetConnectBackoff();
    }
    RegistryServiceGrpc.newStub(channel).watchRegistry(request, opened);
  }

  /** One that never said anything too: a registry that hangs takes calls and answers none. */
  private void cutSilentWatch() {
    Watch current;
    synchronized (lock) {
      current = watch;
    }
    if (current != null
        && System.nanoTime() - current.heardNanos > SILENT_HEARTBEATS * heartbeat.toNanos()) {
      current.cancel("the registry has been silent for too long");
    }
  }

  private void heard() {
    catalog.heard(clock.instant());
    if (!connected) {
      connected = true;
      log.info("following the registry from revision {}", catalog.revision());
    }
    synchronized (lock) {
      pauseMillis = FIRST_PAUSE_MILLIS;
      snapshotNeeded = false;
    }
  }

  private void reconnect(Watch ended, Status status) {
    boolean wasConnected = connected;
    long pause;
    synchronized (lock) {
      if (closed || watch != ended) {
        return;
      }
      watch = null;
      connected = false;
      if (status.getCode() == Status.Code.OUT_OF_RANGE) {
        // Another registry, or one restored from an older backup: what is known may be wrong.
        snapshotNeeded = true;
      }
      pause = pauseMillis / 2 + ThreadLocalRandom.current().nextLong(pauseMillis / 2 + 1);
      pauseMillis = Math.min(LONGEST_PAUSE_MILLIS, pauseMillis * 2);
      Future<?> unused = scheduler.schedule(this::connect, pause, TimeUnit.MILLISECONDS);
    }
    if (wasConnected) {
      log.warn(
          "lost the registry ({}); serving revision {} until it is back",
          status,
          catalog.revision());
    } else {
      log.debug("the registry is not there ({}); next try in {} ms", status, pause);
    }
  }

  /** Stops following. What is known stays. */
  @Override
  public void close() {
    Watch last;
    synchronized (lock) {
      closed = true;
      last = watch;
      watch = null;
    }
    if (last != null) {
      last.cancel("this server stops");
    }
    connected = false;
  }

  /** One watch call; gRPC delivers its messages one after the other. */
  private final class Watch
      implements ClientResponseObserver<WatchRegistryRequest, WatchRegistryResponse> {
    private final Map<String, List<CatalogVersion>> snapshot = new LinkedHashMap<>();
    private final Map<String, ServingPolicy> policies = new HashMap<>();
    private volatile ClientCallStreamObserver<WatchRegistryRequest> call;
    private volatile long heardNanos = System.nanoTime();

    @Override
    public void beforeStart(ClientCallStreamObserver<WatchRegistryRequest> requestStream) {
      call = requestStream;
    }

    @Override
    public void onNext(WatchRegistryResponse response) {
      heardNanos = System.nanoTime();
      switch (response.getMessageCase()) {
        case SNAPSHOT -> addSnapshotPart(response.getSnapshot());
        case EVENT -> {
          catalog.apply(
              response.getEvent().getRevision(), RegistryStates.changes(response.getEvent()));
          heard();
        }
        case HEARTBEAT -> {
          catalog.advance(response.getHeartbeat().getRevision());
          heard();
        }
        case MESSAGE_NOT_SET -> log.debug("passing over a watch message of an unknown kind");
      }
    }

    private void addSnapshotPart(RegistrySnapshot part) {
      for (RegisteredModel model : part.getRegisteredModelsList()) {
        snapshot.computeIfAbsent(model.getName(), name -> new ArrayList<>());
        policies.put(model.getName(), PolicyTags.read(model.getName(), model.getTagsMap()));
      }
      for (ModelVersion version : part.getModelVersionsList()) {
        snapshot
            .computeIfAbsent(version.getName(), name -> new ArrayList<>())
            .add(RegistryStates.version(version));
      }
      if (part.getLast()) {
        List<CatalogModel> models = new ArrayList<>(snapshot.size());
        snapshot.forEach(
            (name, versions) ->
                models.add(
                    CatalogModel.of(
                        name, policies.getOrDefault(name, ServingPolicy.NONE), versions)));
        snapshot.clear();
        policies.clear();
        catalog.reset(part.getRevision(), models);
        heard();
      }
    }

    @Override
    public void onError(Throwable failure) {
      reconnect(this, Status.fromThrowable(failure));
    }

    @Override
    public void onCompleted() {
      reconnect(this, Status.UNAVAILABLE.withDescription("the registry ended the watch"));
    }

    void cancel(String reason) {
      ClientCallStreamObserver<WatchRegistryRequest> current = call;
      if (current != null) {
        current.cancel(reason, null);
      }
    }
  }
}
