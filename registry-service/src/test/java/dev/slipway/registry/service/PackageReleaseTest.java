package dev.slipway.registry.service;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.Manifest;
import dev.slipway.artifact.v1.ReleaseSnapshotRequest;
import dev.slipway.artifact.v1.ReleaseSnapshotResponse;
import dev.slipway.artifact.v1.SnapshotRequest;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.store.ModelVersionStore;
import dev.slipway.registry.store.PackageHoldStore;
import dev.slipway.registry.store.RegisteredModelStore;
import dev.slipway.registry.store.RegistryTransactions;
import dev.slipway.registry.upstream.ArtifactLookup;
import dev.slipway.registry.upstream.RunLookup;
import dev.slipway.registry.upstream.UpstreamUnavailableException;
import dev.slipway.registry.version.ModelFileMissingException;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.NewModelVersion;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.ManagedChannel;
import io.grpc.Server;
import io.grpc.Status;
import io.grpc.inprocess.InProcessChannelBuilder;
import io.grpc.inprocess.InProcessServerBuilder;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.InstantSource;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executor;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Says when a package is let go, and above all when it is not. */
final class PackageReleaseTest {
  private static final ModelName DIGITS = new ModelName("digits");
  private static final Caller ANNA = new Caller("anna", Set.of());

  @TempDir private Path folder;
  private final FakeArtifacts artifacts = new FakeArtifacts();
  private final AtomicInteger ids = new AtomicInteger();
  private final List<Runnable> background = new ArrayList<>();
  private Executor executor = Runnable::run;
  private Instant now = Instant.parse("2026-02-03T04:05:06Z");
  private boolean failAfterCommit;
  private Server server;
  private ManagedChannel channel;
  private Database database;
  private RegisteredModelStore models;
  private ModelVersionStore versions;
  private PackageHoldStore holds;
  private PackageRelease release;
  private ModelVersionService service;

  @BeforeEach
  void open() throws IOException {
    String name = UUID.randomUUID().toString();
    server = InProcessServerBuilder.forName(name).addService(artifacts).build().start();
    channel = InProcessChannelBuilder.forName(name).build();
    database =
        Database.open(
            TestDatabases.h2(folder), "registry", "db/migration/registry", new MetricRegistry());
    InstantSource clock = () -> now;
    RegistryTransactions transactions =
        new RegistryTransactions(
            database,
            clock.withZone(ZoneOffset.UTC),
            revision -> {
              if (failAfterCommit) {
                throw new IllegalStateException("the commit went through, its answer did not");
              }
            });
    models = new RegisteredModelStore(transactions);
    versions = new ModelVersionStore(transactions);
    holds = new PackageHoldStore(transactions);
    release =
        new PackageRelease(holds, new ArtifactLookup(channel), task -> executor.execute(task));
    service =
        new ModelVersionService(
            models,
            versions,
            holds,
            release,
            new ArtifactLookup(channel),
            new RunLookup(channel),
            () -> Integer.toString(ids.incrementAndGet()));
    var unused =
        models.create(new NewRegisteredModel(DIGITS, "", "", Map.of()), Optional.empty(), ANNA);
  }

  @AfterEach
  void close() {
    database.close();
    channel.shutdownNow();
    server.shutdownNow();
  }

  @Test
  void commitWhoseAnswerIsLost_keepsThePackageOfTheVersion() {
    failAfterCommit = true;

    assertThatThrownBy(() -> register(true)).isInstanceOf(IllegalStateException.class);
    release.sweep();

    assertThat(versions.get(DIGITS, new VersionNumber(1)).holder()).isPresent();
    assertThat(artifacts.released).isEmpty();
    assertThat(holds.listReleasing("", 10)).isEmpty();
  }

  @Test
  void finalizeWhoseAnswerIsLost_keepsThePackageOfTheVersion() {
    var unused =
        service.create(
            new NewModelVersion(
                DIGITS,
                PackageSource.parse("m"),
                Optional.empty(),
                "",
                "",
                Map.of(),
                "",
                true,
                true),
            Optional.empty(),
            ANNA);
    failAfterCommit = true;

    assertThatThrownBy(() -> service.finalizeVersion(DIGITS, new VersionNumber(1), ANNA))
        .isInstanceOf(IllegalStateException.class);

    assertThat(versions.get(DIGITS, new VersionNumber(1)).holder()).isPresent();
    assertThat(artifacts.released).isEmpty();
  }

  @Test
  void failedRegistration_letsItsPackageGo() {
    assertThatThrownBy(() -> register(false)).isInstanceOf(ModelFileMissingException.class);

    assertThat(artifacts.released).containsExactly("registry/registrations/1");
    assertThat(holds.listReleasing("", 10)).isEmpty();
  }

  @Test
  void unansweredSnapshot_isLetGoByTheSweep_onceItCannotArriveAnyMore() {
    artifacts.snapshotFailure = Status.DEADLINE_EXCEEDED;

    assertThatThrownBy(() -> register(true)).isInstanceOf(UpstreamUnavailableException.class);
    release.sweep();
    assertThat(artifacts.released).isEmpty();

    now = now.plus(Duration.ofMinutes(16));
    release.sweep();
    assertThat(artifacts.released).containsExactly("registry/registrations/1");
    assertThat(holds.listReleasing("", 10)).isEmpty();
  }

  @Test
  void oneThatCannotBeReleased_doesNotHoldUpTheOthers() {
    List<String> holders = new ArrayList<>();
    for (int i = 0; i < 250; i++) {
      holders.add(register(true).holder().orElseThrow());
    }
    artifacts.refused = holders.get(0);

    service.deleteModel(DIGITS, false, ANNA);

    assertThat(artifacts.released).hasSize(249).doesNotContain(holders.get(0));
    assertThat(holds.listReleasing("", 300)).containsExactly(holders.get(0));
    artifacts.refused = "";
    release.sweep();
    assertThat(holds.listReleasing("", 300)).isEmpty();
  }

  @Test
  void silentArtifactService_isAskedOnce_andAgainByTheNextSweep() {
    for (int i = 0; i < 3; i++) {
      var unused = register(true);
    }
    artifacts.releaseFailure = Status.UNAVAILABLE;

    service.deleteModel(DIGITS, false, ANNA);

    assertThat(artifacts.asked).hasValue(1);
    artifacts.releaseFailure = null;
    release.sweep();
    assertThat(artifacts.released).hasSize(3);
  }

  @Test
  void delete_doesNotWaitForTheArtifactService() {
    var unused = register(true);
    executor = background::add;

    service.delete(DIGITS, new VersionNumber(1), false, ANNA);

    assertThat(artifacts.asked).hasValue(0);
    background.forEach(Runnable::run);
    assertThat(artifacts.released).hasSize(1);
  }

  private ModelVersion register(boolean allowMissingModelFile) {
    return service.create(
        new NewModelVersion(
            DIGITS,
            PackageSource.parse("m"),
            Optional.empty(),
            "",
            "",
            Map.of(),
            "",
            allowMissingModelFile,
            false),
        Optional.empty(),
        ANNA);
  }

  private static final class FakeArtifacts extends ArtifactServiceGrpc.ArtifactServiceImplBase {
    private final List<String> released = new CopyOnWriteArrayList<>();
    private final AtomicInteger asked = new AtomicInteger();
    private volatile Status snapshotFailure;
    private volatile Status releaseFailure;
    private volatile String refused = "";

    @Override
    public void snapshot(SnapshotRequest request, StreamObserver<Manifest> observer) {
      if (snapshotFailure != null) {
        observer.onError(snapshotFailure.asRuntimeException());
        return;
      }
      observer.onNext(Manifest.newBuilder().setDigest("a".repeat(64)).setSizeBytes(1).build());
      observer.onCompleted();
    }

    @Override
    public void releaseSnapshot(
        ReleaseSnapshotRequest request, StreamObserver<ReleaseSnapshotResponse> observer) {
      asked.incrementAndGet();
      Status failure = request.getHolder().equals(refused) ? Status.INTERNAL : releaseFailure;
      if (failure != null) {
        observer.onError(failure.asRuntimeException());
        return;
      }
      released.add(request.getHolder());
      observer.onNext(ReleaseSnapshotResponse.getDefaultInstance());
      observer.onCompleted();
    }
  }
}
