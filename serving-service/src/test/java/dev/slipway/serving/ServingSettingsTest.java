package dev.slipway.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import com.google.rpc.BadRequest;
import dev.slipway.registry.RegistryConfig;
import dev.slipway.registry.RegistryModule;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.GetRegisteredModelRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.server.ServiceModule;
import dev.slipway.serving.testing.ServingHarness;
import dev.slipway.serving.v1.AdmissionSettings;
import dev.slipway.serving.v1.BatchingSettings;
import dev.slipway.serving.v1.CacheSettings;
import dev.slipway.serving.v1.DescribeModelRequest;
import dev.slipway.serving.v1.ServingServiceGrpc;
import dev.slipway.serving.v1.ServingServiceGrpc.ServingServiceBlockingStub;
import dev.slipway.serving.v1.ServingSettings;
import dev.slipway.serving.v1.UpdateServingSettingsRequest;
import dev.slipway.serving.v1.VersionSelector;
import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Settings of models with the real registry behind several serving servers. */
class ServingSettingsTest {
  private static final int SERVER_MAX_QUEUED = ServingConfig.DEFAULT_MAX_QUEUED;

  @TempDir Path folder;

  private final MetricRegistry metrics = new MetricRegistry();
  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private GrpcServer registryServer;
  private ManagedChannel registry;
  private int replicas;

  @BeforeEach
  void start() throws Exception {
    String name = UUID.randomUUID().toString();
    registry = Channels.inProcess(name);
    registryServer =
        start(
            name,
            RegistryModule.open(
                new RegistryConfig(
                    DatabaseConfig.h2File(folder.resolve("registry")),
                    RegistryConfig.DEFAULT_POLL_INTERVAL),
                registry,
                registry,
                registry,
                metrics,
                Clock.systemUTC()));
    registry()
        .createRegisteredModel(CreateRegisteredModelRequest.newBuilder().setName("m").build());
    registry()
        .createModelVersion(
            CreateModelVersionRequest.newBuilder()
                .setName("m")
                .setSource("s3://elsewhere/model")
                .setAllowMissingModelFile(true)
                .build());
  }

  @AfterEach
  void stop() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
    registry.shutdownNow();
  }

  private GrpcServer start(String name, ServiceModule module) throws InterruptedException {
    GrpcServer server =
        GrpcServer.start(
            new GrpcServerConfig("127.0.0.1", 0, 0, 1 << 20, java.time.Duration.ofSeconds(5)),
            name,
            List.of(module),
            new MetricRegistry());
    open.push(server);
    assertThat(server.awaitReady(30, TimeUnit.SECONDS)).isTrue();
    return server;
  }

  private RegistryServiceBlockingStub registry() {
    return RegistryServiceGrpc.newBlockingStub(registry).withDeadlineAfter(20, TimeUnit.SECONDS);
  }

  private ServingServiceBlockingStub replica() throws InterruptedException {
    String name = UUID.randomUUID().toString();
    start(
        name,
        ServingModule.open(
            ServingConfig.withDefaults(folder.resolve("cache-" + ++replicas)),
            registry,
            registry,
            registry,
            new MetricRegistry(),
            Clock.systemUTC()));
    ManagedChannel channel = Channels.inProcess(name);
    open.push(channel::shutdownNow);
    return ServingServiceGrpc.newBlockingStub(channel);
  }

  private static ServingSettings inForce(ServingServiceBlockingStub replica) {
    return replica
        .describeModel(
            DescribeModelRequest.newBuilder()
                .setModel("m")
                .setSelector(VersionSelector.newBuilder().setVersion(1))
                .build())
        .getSettings();
  }

  private static UpdateServingSettingsRequest update(ServingSettings settings, String... mask) {
    return UpdateServingSettingsRequest.newBuilder()
        .setModel("m")
        .setSettings(settings)
        .setUpdateMask(FieldMask.newBuilder().addAllPaths(List.of(mask)))
        .build();
  }

  private static final ServingSettings SETTINGS =
      ServingSettings.newBuilder()
          .setAdmission(AdmissionSettings.newBuilder().setMaxQueued(5).setMaxRunning(3))
          .setBatching(
              BatchingSettings.newBuilder()
                  .setMaxRows(16)
                  .setMaxDelay(Duration.newBuilder().setNanos(2_500_000)))
          .setCache(
              CacheSettings.newBuilder()
                  .setEnabled(true)
                  .setGranularity(CacheSettings.Granularity.GRANULARITY_REQUEST))
          .setRollbackRetention(Duration.newBuilder().setSeconds(90))
          .build();

  @Test
  void change_isKeptInTheRegistryAndAppliedByEveryReplica() throws Exception {
    ServingServiceBlockingStub first = replica();
    ServingServiceBlockingStub second = replica();

    assertThat(first.updateServingSettings(update(SETTINGS))).isEqualTo(SETTINGS);

    for (ServingServiceBlockingStub replica : List.of(first, second, replica())) {
      ServingHarness.await(() -> inForce(replica).getAdmission().getMaxQueued() == 5);
      assertThat(inForce(replica).getAdmission()).isEqualTo(SETTINGS.getAdmission());
      assertThat(inForce(replica).getBatching())
          .isEqualTo(SETTINGS.getBatching().toBuilder().setEnabled(true).build());
      assertThat(inForce(replica).getCache().getEnabled()).isTrue();
      assertThat(inForce(replica).getRollbackRetention().getSeconds()).isEqualTo(90);
    }
    assertThat(
            registry()
                .getRegisteredModel(GetRegisteredModelRequest.newBuilder().setName("m").build())
                .getTagsMap())
        .containsEntry("slipway.serving.batching.max_delay", "0.0025s");
  }

  @Test
  void mask_changesWhatItNamesAndNothingElse() throws Exception {
    ServingServiceBlockingStub replica = replica();
    replica.updateServingSettings(update(SETTINGS));

    ServingSettings changed =
        replica.updateServingSettings(
            update(
                ServingSettings.newBuilder()
                    .setAdmission(AdmissionSettings.newBuilder().setMaxRunning(9))
                    .setRollbackRetention(Duration.newBuilder().setSeconds(1))
                    .build(),
                "admission",
                "batching.max_rows"));

    // A field that is named and unset goes back to the server's own.
    assertThat(changed)
        .isEqualTo(
            SETTINGS.toBuilder()
                .setAdmission(AdmissionSettings.newBuilder().setMaxRunning(9))
                .setBatching(SETTINGS.getBatching().toBuilder().clearMaxRows())
                .build());
    ServingHarness.await(() -> inForce(replica).getAdmission().getMaxQueued() == SERVER_MAX_QUEUED);
    assertThat(inForce(replica).getBatching().getMaxRows())
        .isEqualTo(ServingConfig.DEFAULT_MAX_BATCH_ROWS);
  }

  @Test
  void everythingThatIsWrong_isReportedAtOnceAndNothingChanges() throws Exception {
    ServingServiceBlockingStub replica = replica();
    ServingSettings wrong =
        ServingSettings.newBuilder()
            .setAdmission(AdmissionSettings.newBuilder().setMaxQueued(-1).setMaxRunning(4))
            .setBatching(
                BatchingSettings.newBuilder().setMaxDelay(Duration.newBuilder().setSeconds(2)))
            .setCache(CacheSettings.newBuilder().setGranularityValue(17))
            .setRollbackRetention(Duration.newBuilder().setSeconds(5).setNanos(-1))
            .build();

    assertThatThrownBy(() -> replica.updateServingSettings(update(wrong)))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e ->
                assertThat(fields(e))
                    .containsExactlyInAnyOrder(
                        "settings.admission.max_queued",
                        "settings.batching.max_delay",
                        "settings.cache.granularity",
                        "settings.rollback_retention"));
    assertThatThrownBy(
            () -> replica.updateServingSettings(update(SETTINGS, "cache.enabled", "cache.size")))
        .isInstanceOfSatisfying(
            StatusRuntimeException.class,
            e -> assertThat(fields(e)).containsExactly("update_mask"));
    assertThat(
            registry()
                .getRegisteredModel(GetRegisteredModelRequest.newBuilder().setName("m").build())
                .getTagsMap())
        .isEmpty();
  }

  private static List<String> fields(StatusRuntimeException failure) {
    return StatusProto.fromThrowable(failure).getDetailsList().stream()
        .filter(detail -> detail.is(BadRequest.class))
        .flatMap(
            detail -> {
              try {
                return detail.unpack(BadRequest.class).getFieldViolationsList().stream();
              } catch (com.google.protobuf.InvalidProtocolBufferException e) {
                throw new AssertionError(e);
              }
            })
        .map(BadRequest.FieldViolation::getField)
        .toList();
  }

  @Test
  void unknownModel_isNotFound() throws Exception {
    ServingServiceBlockingStub replica = replica();

    assertThatThrownBy(
            () -> replica.updateServingSettings(update(SETTINGS).toBuilder().setModel("n").build()))
        .hasMessageContaining("NOT_FOUND");
  }

  @Test
  void registryAway_isUnavailable() throws Exception {
    ServingServiceBlockingStub replica = replica();
    registryServer.close();

    assertThatThrownBy(() -> replica.updateServingSettings(update(SETTINGS)))
        .hasMessageContaining("UNAVAILABLE")
        .hasMessageContaining("registry cannot be reached");
  }
}
