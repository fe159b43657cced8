package dev.slipway.serving.upstream;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.ModelVersionState;
import dev.slipway.registry.v1.RegisteredModel;
import dev.slipway.registry.v1.RegistryHeartbeat;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceImplBase;
import dev.slipway.registry.v1.RegistrySnapshot;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.WatchRegistryRequest;
import dev.slipway.registry.v1.WatchRegistryResponse;
import dev.slipway.runtime.server.Channels;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.testing.ServingHarness;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.time.Clock;
import java.time.Duration;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RegistryFollowerTest {
  private static final Duration HEARTBEAT = Duration.ofMillis(20);

  private final BlockingQueue<Watch> watches = new LinkedBlockingQueue<>();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private final Catalog catalog = new Catalog();
  private Server server;
  private ManagedChannel channel;
  private RegistryFollower follower;

  /** A watch as the registry sees it. */
  private record Watch(
      WatchRegistryRequest request, ServerCallStreamObserver<WatchRegistryResponse> out) {
    void snapshotPart(long revision, boolean last, String... models) {
      RegistrySnapshot.Builder part =
          RegistrySnapshot.newBuilder().setRevision(revision).setLast(last);
      for (String model : models) {
        part.addRegisteredModels(RegisteredModel.newBuilder().setName(model));
        part.addModelVersions(
            ModelVersion.newBuilder()
                .setName(model)
                .setVersion(1)
                .setState(ModelVersionState.MODEL_VERSION_STATE_READY)
                .setStage(Stage.STAGE_NONE));
      }
      out.onNext(WatchRegistryResponse.newBuilder().setSnapshot(part).build());
    }

    void heartbeat(long revision) {
      out.onNext(
          WatchRegistryResponse.newBuilder()
              .setHeartbeat(RegistryHeartbeat.newBuilder().setRevision(revision))
              .build());
    }
  }

  @BeforeEach
  void start() throws IOException {
    String name = UUID.randomUUID().toString();
    server =
        InProcessServerBuilder.forName(name)
            .addService(
                new RegistryServiceImplBase() {
                  @Override
                  public void watchRegistry(
                      WatchRegistryRequest request, StreamObserver<WatchRegistryResponse> out) {
                    ServerCallStreamObserver<WatchRegistryResponse> call =
                        (ServerCallStreamObserver<WatchRegistryResponse>) out;
                    call.setOnCancelHandler(() -> {});
                    watches.add(new Watch(request, call));
                  }
                })
            .build()
            .start();
    channel = Channels.inProcess(name);
  }

  private void follow(Duration heartbeat) {
    follower = new RegistryFollower(channel, catalog, timer, Clock.systemUTC(), heartbeat);
    follower.start();
  }

  @AfterEach
  void stop() {
    follower.close();
    timer.shutdownNow();
    channel.shutdownNow();
    server.shutdownNow();
  }

  private Watch next() throws InterruptedException {
    Watch watch = watches.poll(60, TimeUnit.SECONDS);
    assertThat(watch).isNotNull();
    return watch;
  }

  @Test
  void silenceBeforeTheFirstMessage_isCutAndTriedAnew() throws Exception {
    follow(HEARTBEAT);
    Watch silent = next();

    Watch second = next();

    ServingHarness.await(() -> silent.out().isCancelled());
    assertThat(second.request().getFromRevision()).isZero();
  }

  @Test
  void silenceAfterTheFirstMessage_isCutAndResumedFromTheLastRevision() throws Exception {
    follow(Duration.ofMillis(100));

    // A watch may be cut before it is heard, on a busy machine: then the next one is told the same.
    ServingHarness.await(
        () -> {
          Watch watch = watches.poll();
          if (watch == null || watch.request().getFromRevision() == 9) {
            return watch != null;
          }
          watch.snapshotPart(7, true, "a");
          watch.heartbeat(9);
          return false;
        });

    assertThat(catalog.find("a")).isPresent();
  }

  @Test
  void revisionThatTheRegistryDoesNotKnow_leadsToASnapshotThatReplacesWhatWasKnown()
      throws Exception {
    follow(Duration.ofMinutes(1));
    Watch first = next();
    first.snapshotPart(7, true, "a");
    first.out().onError(Status.UNAVAILABLE.asRuntimeException());
    Watch resumed = next();
    assertThat(resumed.request().getFromRevision()).isEqualTo(7);

    resumed.out().onError(Status.OUT_OF_RANGE.asRuntimeException());

    Watch anew = next();
    assertThat(anew.request().getFromRevision()).isZero();
    anew.snapshotPart(3, true, "b");
    ServingHarness.await(() -> catalog.find("b").isPresent());
    assertThat(catalog.find("a")).isEmpty();
    assertThat(catalog.revision()).isEqualTo(3);
  }

  @Test
  void snapshotInParts_isTakenOverWhole() throws Exception {
    follow(Duration.ofMinutes(1));
    Watch watch = next();
    watch.snapshotPart(7, false, "a");
    watch.snapshotPart(7, false, "b");
    assertThat(catalog.isKnown()).isFalse();

    watch.snapshotPart(7, true, "c");

    ServingHarness.await(catalog::isKnown);
    assertThat(catalog.names()).containsExactly("a", "b", "c");
  }

  @Test
  void cutInTheMiddleOfASnapshot_takesNothingOverAndBeginsAnew() throws Exception {
    follow(Duration.ofMinutes(1));
    Watch cut = next();
    cut.snapshotPart(7, false, "a");
    cut.out().onError(Status.UNAVAILABLE.asRuntimeException());

    Watch second = next();
    assertThat(catalog.isKnown()).isFalse();
    assertThat(second.request().getFromRevision()).isZero();
    second.snapshotPart(8, false, "b");
    second.snapshotPart(8, true, "c");

    ServingHarness.await(catalog::isKnown);
    assertThat(catalog.names()).containsExactly("b", "c");
    assertThat(catalog.revision()).isEqualTo(8);
  }
}
