package dev.slipway.artifact.rpc;

import static dev.slipway.artifact.rpc.Calls.declared;
import static dev.slipway.artifact.rpc.Failures.assertFails;
import static dev.slipway.artifact.rpc.Failures.assertInvalid;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import com.google.protobuf.Duration;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.MovableClock;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.store.MaintenanceStore;
import dev.slipway.artifact.v1.AssetContent;
import dev.slipway.artifact.v1.AssetServiceGrpc;
import dev.slipway.artifact.v1.CollectGarbageProgress;
import dev.slipway.artifact.v1.CollectGarbageRequest;
import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.artifact.v1.PushAssetRequest;
import dev.slipway.artifact.v1.QueryUploadRequest;
import dev.slipway.artifact.v1.ReleaseSnapshotRequest;
import dev.slipway.artifact.v1.SnapshotRequest;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.runtime.error.StatusMapper;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import io.grpc.stub.BlockingClientCall;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Holds what garbage collection promises on every database and store. */
abstract class CollectGarbageContract {
  private static final java.time.Duration GRACE = java.time.Duration.ofHours(24);
  private static final byte[] ONE = "one".getBytes(UTF_8);
  private static final byte[] TWO = "two two".getBytes(UTF_8);

  private static final CollectGarbageRequest DRY =
      CollectGarbageRequest.newBuilder().setDryRun(true).build();

  @TempDir Path folder;
  private final MovableClock clock = new MovableClock();
  private DatabaseConfig database;

  @Order(2)
  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> {
            database = database();
            return List.of(
                ArtifactModule.open(
                    new ArtifactConfig(
                        database,
                        store(),
                        folder.resolve("uploads"),
                        ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
                    new MetricRegistry(),
                    clock));
          });

  private Calls calls;

  abstract DatabaseConfig database();

  abstract ArtifactConfig.Store store();

  /** Opens the store that the service uses, beside it. */
  abstract BlobStore openBlobs();

  final Calls calls() {
    return calls;
  }

  @BeforeEach
  void connect() {
    calls = new Calls(server.channel());
  }

  final CollectGarbageProgress collect() throws Exception {
    return collect(CollectGarbageRequest.getDefaultInstance());
  }

  final CollectGarbageProgress collect(CollectGarbageRequest request) throws Exception {
    BlockingClientCall<?, CollectGarbageProgress> call = calls.stub().collectGarbage(request);
    CollectGarbageProgress last = null;
    for (CollectGarbageProgress next = call.read(); next != null; next = call.read()) {
      last = next;
    }
    assertThat(last).isNotNull();
    assertThat(last.getDone()).isTrue();
    return last;
  }

  private static CollectGarbageProgress.Builder counts() {
    return CollectGarbageProgress.newBuilder().setDone(true);
  }

  final void delete(String path) throws StatusException {
    var unused =
        calls.stub().delete(DeleteRequest.newBuilder().setPath(path).setRecursive(true).build());
  }

  private boolean isStored(byte[] bytes) {
    try (BlobStore blobs = openBlobs()) {
      return blobs.findSize(Bytes.content(bytes).sha256()).isPresent();
    }
  }

  static DownloadRequest byDigest(byte[] bytes) {
    return DownloadRequest.newBuilder().setSha256(Bytes.content(bytes).sha256().hex()).build();
  }

  @Test
  void filesOfPushesThatWereGivenUp_areRemovedWhenTheyHaveExpired() throws Exception {
    calls.put(".asset-uploads/killed/d/a", ONE);
    calls.put(".asset-uploads/slow/a", ONE);
    calls.put("m/a", ONE);
    clock.advance(ArtifactConfig.DEFAULT_UPLOAD_EXPIRY.minusMinutes(1));
    calls.put(".asset-uploads/slow/b", TWO);
    assertThat(collect()).isEqualTo(counts().setExaminedCount(2).build());
    clock.advance(java.time.Duration.ofMinutes(2));

    assertThat(collect(DRY).getDiscardedUploadCount()).isEqualTo(1);
    assertThat(collect().getDiscardedUploadCount()).isEqualTo(1);

    assertThat(paths()).containsExactly(".asset-uploads/slow/a", ".asset-uploads/slow/b", "m/a");
    assertThat(collect().getDiscardedUploadCount()).isZero();
  }

  @Test
  void filesOfAPushThatIsUnderWay_stay() throws Exception {
    calls.put(".asset-uploads/slow/a", ONE);
    calls.put(".asset-uploads/other/a", ONE);
    clock.advance(ArtifactConfig.DEFAULT_UPLOAD_EXPIRY.plusMinutes(1));
    BlockingClientCall<UploadRequest, UploadResponse> call = calls.stub().upload();
    boolean unused =
        call.write(
            UploadRequest.newBuilder()
                .setSpec(
                    UploadSpec.newBuilder().setPath(".asset-uploads/slow/d/b").setUploadId("b"))
                .build());
    awaitBegun("b");

    assertThat(collect(DRY).getDiscardedUploadCount()).isEqualTo(1);
    assertThat(collect().getDiscardedUploadCount()).isEqualTo(1);
    assertThat(paths()).containsExactly(".asset-uploads/slow/a");
    call.cancel("given up", null);
  }

  private void awaitBegun(String uploadId) throws Exception {
    QueryUploadRequest request = QueryUploadRequest.newBuilder().setUploadId(uploadId).build();
    while (true) {
      try {
        Object unused = calls.stub().queryUpload(request);
        return;
      } catch (StatusException e) {
        assertThat(e.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
        Thread.onSpinWait();
      }
    }
  }

  private List<String> paths() throws StatusException {
    return calls
        .stub()
        .list(ListRequest.newBuilder().setRecursive(true).build())
        .getEntriesList()
        .stream()
        .map(entry -> entry.getArtifact().getPath())
        .toList();
  }

  @Test
  void contentWithoutReference_isCondemnedAndThenRemoved() throws Exception {
    calls.put("a", ONE);
    calls.put("b", TWO);
    calls.put("c", TWO);
    delete("a");
    delete("b");

    assertThat(collect())
        .isEqualTo(counts().setExaminedCount(2).setCondemnedCount(1).setCondemnedBytes(3).build());
    assertThat(calls.get(byDigest(ONE))).isEqualTo(ONE);
    clock.advance(GRACE.minusMinutes(1));
    assertThat(collect()).isEqualTo(counts().setExaminedCount(2).build());
    assertThat(isStored(ONE)).isTrue();
    clock.advance(java.time.Duration.ofMinutes(2));
    assertThat(collect())
        .isEqualTo(counts().setExaminedCount(2).setRemovedCount(1).setRemovedBytes(3).build());

    assertThat(isStored(ONE)).isFalse();
    assertFails(() -> calls.get(byDigest(ONE)), Code.NOT_FOUND, "ARTIFACT_NOT_FOUND");
    assertThat(calls.get("c")).isEqualTo(TWO);
    assertThat(collect()).isEqualTo(counts().setExaminedCount(1).build());
  }

  @Test
  void dryRun_tellsTheSameAndChangesNothing() throws Exception {
    CollectGarbageRequest dry = CollectGarbageRequest.newBuilder().setDryRun(true).build();
    calls.put("a", ONE);
    calls.put("m/b", TWO);
    Object unused =
        calls.stub().snapshot(SnapshotRequest.newBuilder().setPath("m").setHolder("h").build());
    unused =
        calls.stub().releaseSnapshot(ReleaseSnapshotRequest.newBuilder().setHolder("h").build());
    delete("a");
    delete("m");
    putUnknown(Bytes.random(1, 50));

    CollectGarbageProgress wouldBe = collect(dry);
    assertThat(collect(dry)).isEqualTo(wouldBe);
    CollectGarbageProgress first = collect();
    assertThat(first.toBuilder().setExaminedCount(wouldBe.getExaminedCount()).build())
        .as("the content that no row named is now looked at too")
        .isEqualTo(wouldBe)
        .isEqualTo(
            counts()
                .setExaminedCount(2)
                .setCondemnedCount(3)
                .setCondemnedBytes(60)
                .setRemovedManifestCount(1)
                .build());
    clock.advance(GRACE);
    wouldBe = collect(dry);
    assertThat(isStored(ONE)).isTrue();

    assertThat(collect())
        .isEqualTo(wouldBe)
        .isEqualTo(counts().setExaminedCount(3).setRemovedCount(3).setRemovedBytes(60).build());
  }

  private void putUnknown(byte[] bytes) throws Exception {
    try (BlobStore blobs = openBlobs()) {
      blobs.put(
          Bytes.content(bytes), Files.write(Files.createTempFile(folder, "unknown", ""), bytes));
    }
  }

  @Test
  void zeroGrace_removesOnlyWhatAnEarlierCollectionCondemned() throws Exception {
    CollectGarbageRequest zero =
        CollectGarbageRequest.newBuilder().setGracePeriod(Duration.getDefaultInstance()).build();
    calls.put("a", ONE);
    delete("a");

    assertThat(collect(zero).getCondemnedCount()).isEqualTo(1);
    assertThat(isStored(ONE)).isTrue();
    assertThat(collect(zero).getRemovedCount()).isEqualTo(1);
    assertThat(isStored(ONE)).isFalse();
  }

  @Test
  void condemnedContent_boundAgainWithoutBytes_isRevivedAndItsGraceBeginsAnew() throws Exception {
    calls.put("a", ONE);
    delete("a");
    assertThat(collect().getCondemnedCount()).isEqualTo(1);
    clock.advance(GRACE);

    assertThat(calls.put(declared("b", ONE), ONE, 100).getAlreadyPresent()).isTrue();

    assertThat(collect()).isEqualTo(counts().setExaminedCount(1).setRevivedCount(1).build());
    assertThat(calls.get("b")).isEqualTo(ONE);
    assertThat(collect()).isEqualTo(counts().setExaminedCount(1).build());
    delete("b");
    assertThat(collect().getCondemnedCount()).isEqualTo(1);
    assertThat(calls.put("c", ONE).getSizeBytes()).as("with bytes, undeclared").isEqualTo(3);
    delete("c");
    clock.advance(GRACE);
    assertThat(collect())
        .isEqualTo(counts().setExaminedCount(1).setCondemnedCount(1).setCondemnedBytes(3).build());
  }

  @Test
  void snapshot_keepsContentUntilItIsReleased() throws Exception {
    calls.put("m/a", ONE);
    calls.put("m/b", TWO);
    String digest =
        calls
            .stub()
            .snapshot(SnapshotRequest.newBuilder().setPath("m").setHolder("h").build())
            .getDigest();
    GetManifestRequest manifest = GetManifestRequest.newBuilder().setDigest(digest).build();
    delete("m");
    assertThat(collect()).isEqualTo(counts().setExaminedCount(2).build());
    var unused =
        calls.stub().releaseSnapshot(ReleaseSnapshotRequest.newBuilder().setHolder("h").build());
    assertThat(calls.stub().getManifest(manifest).getFileCount()).isEqualTo(2);

    assertThat(collect())
        .isEqualTo(
            counts()
                .setExaminedCount(2)
                .setCondemnedCount(2)
                .setCondemnedBytes(10)
                .setRemovedManifestCount(1)
                .build());
    assertFails(() -> calls.stub().getManifest(manifest), Code.NOT_FOUND, "MANIFEST_NOT_FOUND");
    clock.advance(GRACE);
    assertThat(collect().getRemovedCount()).isEqualTo(2);
  }

  @Test
  void assetVersion_keepsContent() throws Exception {
    calls.put("m/a", ONE);
    var version =
        AssetServiceGrpc.newBlockingV2Stub(server.channel())
            .pushAsset(
                PushAssetRequest.newBuilder()
                    .setName("words")
                    .setContent(AssetContent.newBuilder().setPath("m"))
                    .build());
    delete("m");

    assertThat(collect()).isEqualTo(counts().setExaminedCount(1).build());

    assertThat(
            calls
                .stub()
                .getManifest(
                    GetManifestRequest.newBuilder().setDigest(version.getManifestDigest()).build())
                .getFileCount())
        .isEqualTo(1);
  }

  @Test
  void assetVersion_ofAManifestThatNobodyHolds_keepsItsContent() throws Exception {
    calls.put("m/a", ONE);
    String digest =
        calls
            .stub()
            .snapshot(SnapshotRequest.newBuilder().setPath("m").setHolder("h").build())
            .getDigest();
    calls.stub().releaseSnapshot(ReleaseSnapshotRequest.newBuilder().setHolder("h").build());
    delete("m");

    pushManifest("words", digest);

    assertThat(collect()).isEqualTo(counts().setExaminedCount(1).build());
    clock.advance(GRACE);
    assertThat(collect().getRemovedCount()).isZero();
    assertThat(
            calls.get(
                DownloadRequest.newBuilder().setSha256(Bytes.content(ONE).sha256().hex()).build()))
        .isEqualTo(ONE);
  }

  @Test
  void assetVersion_ofAManifestThatWasCollected_isRefused() throws Exception {
    calls.put("m/a", ONE);
    String digest =
        calls
            .stub()
            .snapshot(SnapshotRequest.newBuilder().setPath("m").setHolder("h").build())
            .getDigest();
    calls.stub().releaseSnapshot(ReleaseSnapshotRequest.newBuilder().setHolder("h").build());
    collect();

    assertFails(() -> pushManifest("words", digest), Code.NOT_FOUND, "MANIFEST_NOT_FOUND");
  }

  private void pushManifest(String name, String digest) throws StatusException {
    var unused =
        AssetServiceGrpc.newBlockingV2Stub(server.channel())
            .pushAsset(
                PushAssetRequest.newBuilder()
                    .setName(name)
                    .setContent(AssetContent.newBuilder().setManifestDigest(digest))
                    .build());
  }

  @Test
  void bytesThatNoRowNames_areCondemnedAndThenRemoved_orBoundByAnUpload() throws Exception {
    putUnknown(ONE);
    putUnknown(TWO);

    assertThat(collect())
        .isEqualTo(counts().setExaminedCount(2).setCondemnedCount(2).setCondemnedBytes(10).build());
    calls.put("b", TWO);
    clock.advance(GRACE);

    assertThat(collect())
        .isEqualTo(
            counts()
                .setExaminedCount(2)
                .setRevivedCount(1)
                .setRemovedCount(1)
                .setRemovedBytes(3)
                .build());
    assertThat(calls.get("b")).isEqualTo(TWO);
    assertThat(isStored(ONE)).isFalse();
  }

  @Test
  void bytesThatNoRowNames_cutShort_areReplacedByAnUpload() throws Exception {
    try (BlobStore blobs = openBlobs()) {
      blobs.put(
          new Content(Bytes.content(TWO).sha256(), 2),
          Files.write(Files.createTempFile(folder, "cut", ""), new byte[] {1, 2}));
    }
    assertThat(collect().getCondemnedCount()).isEqualTo(1);

    assertThat(calls.put(declared("b", TWO), TWO, 100).getAlreadyPresent()).isFalse();

    assertThat(calls.get("b")).isEqualTo(TWO);
    assertThat(collect()).isEqualTo(counts().setExaminedCount(1).setRevivedCount(1).build());
  }

  @Test
  void staleUploads_areDiscarded() throws Exception {
    var call = calls.upload(UploadSpec.newBuilder().setPath("a").setUploadId("cut").build());
    call.write(Calls.chunk(ONE, 0, 3));
    while (committed("cut") < 3) {
      Thread.onSpinWait();
    }
    call.cancel("cut", null);
    assertThat(collect(DRY).getDiscardedUploadCount()).isZero();
    clock.advance(ArtifactConfig.DEFAULT_UPLOAD_EXPIRY.plusMinutes(1));
    // The server may not have heard of the cut yet.
    for (int i = 0; i < 10_000 && collect(DRY).getDiscardedUploadCount() == 0; i++) {
      Thread.onSpinWait();
    }

    assertThat(collect().getDiscardedUploadCount()).isEqualTo(1);

    assertThat(folder.resolve("uploads")).isEmptyDirectory();
  }

  private long committed(String uploadId) throws StatusException {
    try {
      return calls
          .stub()
          .queryUpload(QueryUploadRequest.newBuilder().setUploadId(uploadId).build())
          .getCommittedSizeBytes();
    } catch (StatusException e) {
      assertThat(e.getStatus().getCode()).isEqualTo(Code.NOT_FOUND);
      return 0;
    }
  }

  @Test
  void gracePeriod_thatIsNone_isRefused() {
    assertInvalid(
        () ->
            collect(
                CollectGarbageRequest.newBuilder()
                    .setGracePeriod(Duration.newBuilder().setSeconds(-1))
                    .build()),
        "grace_period");
  }

  @Test
  void gracePeriod_ofTenThousandYears_isTaken() throws Exception {
    calls.put("a", ONE);
    delete("a");
    CollectGarbageRequest request =
        CollectGarbageRequest.newBuilder()
            .setGracePeriod(Duration.newBuilder().setSeconds(315_576_000_000L))
            .build();

    assertThat(collect(request).getCondemnedCount()).isEqualTo(1);
    assertThat(collect(request).getRemovedCount()).isZero();
  }

  @Test
  void collection_whileAnotherWorks_isRefusedUntilThatEndsOrDied() throws Exception {
    try (Database other = openDatabase()) {
      MaintenanceStore maintenance = new MaintenanceStore(other);
      String holder = maintenance.acquire();
      assertFails(this::collect, Code.ABORTED, "MAINTENANCE_RUNNING");
      maintenance.release(holder);
      assertThat(collect().getExaminedCount()).isZero();

      String died = maintenance.acquire();
      other
          .jdbi()
          .useHandle(
              handle ->
                  handle.execute(
                      "UPDATE maintenance"
                          + " SET expire_time = CURRENT_TIMESTAMP - INTERVAL '1' SECOND"));
      assertThat(collect().getExaminedCount()).isZero();
      String next = maintenance.acquire();
      assertFails(() -> renew(maintenance, died), Code.ABORTED, "MAINTENANCE_RUNNING");
      maintenance.renew(next);
      maintenance.release(died);
      assertFails(this::collect, Code.ABORTED, "MAINTENANCE_RUNNING");
    }
  }

  private static void renew(MaintenanceStore maintenance, String holder) {
    try {
      maintenance.renew(holder);
    } catch (ServiceException e) {
      throw StatusMapper.toStatus(e);
    }
  }

  final Database openDatabase() {
    return Database.open(database, "artifact", "db/migration/artifact", new MetricRegistry());
  }

  // Nobody deletes the path that a worker has just bound, so its content must be there, whatever is
  // collected meanwhile; and so must that of a manifest that is held.
  @Test
  void uploadsAndSnapshots_whileCollectionsWithoutGraceRun_loseNothing() throws Exception {
    List<byte[]> contents = List.of(ONE, TWO, Bytes.random(3, 1000), Bytes.random(4, 2000));
    AtomicBoolean done = new AtomicBoolean();
    AtomicLong removed = new AtomicLong();
    ExecutorService threads = Executors.newCachedThreadPool();
    try {
      List<Future<?>> collectors = new ArrayList<>();
      for (int i = 0; i < 2; i++) {
        collectors.add(
            threads.submit(
                () -> {
                  collectUntil(done, removed);
                  return null;
                }));
      }
      List<Future<?>> workers = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int worker = i;
        workers.add(
            threads.submit(
                () -> {
                  work("w" + worker, contents, new Random(worker), removed);
                  return null;
                }));
      }
      for (Future<?> worker : workers) {
        worker.get();
      }
      done.set(true);
      for (Future<?> collector : collectors) {
        collector.get();
      }
      assertThat(removed.get()).as("contents that were removed meanwhile").isPositive();
    } finally {
      done.set(true);
      threads.shutdownNow();
    }
  }

  private void collectUntil(AtomicBoolean done, AtomicLong removed) throws Exception {
    CollectGarbageRequest zero =
        CollectGarbageRequest.newBuilder().setGracePeriod(Duration.getDefaultInstance()).build();
    while (!done.get()) {
      try {
        removed.addAndGet(collect(zero).getRemovedCount());
      } catch (StatusException e) {
        assertThat(e.getStatus().getCode()).isEqualTo(Code.ABORTED);
      }
    }
  }

  /** Works on until something was removed meanwhile, however slow collections are. */
  private void work(String name, List<byte[]> contents, Random random, AtomicLong removed)
      throws Exception {
    long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    for (int round = 0;
        round < rounds() || (removed.get() == 0 && System.nanoTime() < giveUp);
        round++) {
      byte[] bytes = contents.get(random.nextInt(contents.size()));
      String path = name + "/file";
      UploadSpec spec =
          random.nextBoolean()
              ? declared(path, bytes)
              : UploadSpec.newBuilder().setPath(path).build();
      var published = calls.put(spec, bytes, 10_000);
      assertThat(published.getArtifact().getSha256())
          .isEqualTo(Bytes.content(bytes).sha256().hex());
      assertThat(calls.get(path)).isEqualTo(bytes);
      if (random.nextBoolean()) {
        keepAndRelease(name, bytes);
      } else {
        delete(name);
      }
    }
  }

  private void keepAndRelease(String name, byte[] bytes) throws Exception {
    String holder = "holders/" + name;
    var unused =
        calls.stub().snapshot(SnapshotRequest.newBuilder().setPath(name).setHolder(holder).build());
    delete(name);
    assertThat(calls.get(byDigest(bytes))).isEqualTo(bytes);
    var unusedToo =
        calls.stub().releaseSnapshot(ReleaseSnapshotRequest.newBuilder().setHolder(holder).build());
  }

  /** Returns how often each worker of a race does its work at least. */
  int rounds() {
    return 60;
  }
}
