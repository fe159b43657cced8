package dev.slipway.artifact.rpc;

import static dev.slipway.artifact.rpc.Calls.declared;
import static dev.slipway.artifact.rpc.Failures.assertFails;
import static dev.slipway.artifact.rpc.Failures.assertInvalid;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.store.MaintenanceStore;
import dev.slipway.artifact.v1.AssetContent;
import dev.slipway.artifact.v1.AssetServiceGrpc;
import dev.slipway.artifact.v1.CheckConsistencyProgress;
import dev.slipway.artifact.v1.CheckConsistencyRequest;
import dev.slipway.artifact.v1.ConsistencyFinding;
import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.FindingKind;
import dev.slipway.artifact.v1.PushAssetRequest;
import dev.slipway.artifact.v1.SnapshotRequest;
import dev.slipway.artifact.v1.UploadSpec;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Status.Code;
import io.grpc.stub.BlockingClientCall;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Holds what consistency checks promise on every database and store. */
abstract class CheckConsistencyContract {
  private static final byte[] ONE = "one".getBytes(UTF_8);
  private static final byte[] TWO = "two two".getBytes(UTF_8);
  private static final byte[] SIX = "sixsix".getBytes(UTF_8);
  private static final CheckConsistencyRequest PLAIN = CheckConsistencyRequest.getDefaultInstance();
  static final CheckConsistencyRequest VERIFYING =
      CheckConsistencyRequest.newBuilder().setVerifyContent(true).build();

  @TempDir Path folder;
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
                    Clock.systemUTC()));
          });

  private Calls calls;

  abstract DatabaseConfig database();

  abstract ArtifactConfig.Store store();

  /** Opens the store that the service uses, beside it. */
  abstract BlobStore openBlobs();

  /** Returns how many findings are many: more than one message holds. */
  int manyFindings() {
    return 234;
  }

  @BeforeEach
  void connect() {
    calls = new Calls(server.channel());
  }

  final Calls calls() {
    return calls;
  }

  /** Checks, and returns the last message with the findings of all. */
  final CheckConsistencyProgress check(CheckConsistencyRequest request) throws Exception {
    BlockingClientCall<?, CheckConsistencyProgress> call = calls.stub().checkConsistency(request);
    List<ConsistencyFinding> findings = new ArrayList<>();
    CheckConsistencyProgress last = CheckConsistencyProgress.getDefaultInstance();
    for (CheckConsistencyProgress next = call.read(); next != null; next = call.read()) {
      assertThat(next.getFindingsCount()).isLessThanOrEqualTo(100);
      findings.addAll(next.getFindingsList());
      last = next;
    }
    assertThat(last.getDone()).isTrue();
    assertThat(last.getFindingCount()).isEqualTo(findings.size());
    return last.toBuilder().clearFindings().addAllFindings(findings).build();
  }

  private static ConsistencyFinding.Builder finding(FindingKind kind, byte[] bytes) {
    return ConsistencyFinding.newBuilder()
        .setKind(kind)
        .setSha256(Bytes.content(bytes).sha256().hex());
  }

  private void lose(byte[] bytes) {
    try (BlobStore blobs = openBlobs()) {
      blobs.delete(Bytes.content(bytes).sha256());
    }
  }

  /** Stores bytes, under the name of others. */
  private void store(byte[] named, byte[] bytes) throws Exception {
    Sha256 name = Bytes.content(named).sha256();
    try (BlobStore blobs = openBlobs()) {
      blobs.delete(name);
      blobs.put(
          new Content(name, bytes.length),
          Files.write(Files.createTempFile(folder, "stored", ""), bytes));
    }
  }

  private void delete(String path) throws Exception {
    var unused =
        calls.stub().delete(DeleteRequest.newBuilder().setPath(path).setRecursive(true).build());
  }

  @Test
  void storeThatFitsItsRows_hasNoFindings() throws Exception {
    assertThat(check(PLAIN)).isEqualTo(CheckConsistencyProgress.newBuilder().setDone(true).build());
    calls.put("a", ONE);
    calls.put("b", ONE);
    calls.put("c/d", TWO);
    calls.put("empty", new byte[0]);

    assertThat(check(PLAIN))
        .isEqualTo(CheckConsistencyProgress.newBuilder().setExaminedCount(3).setDone(true).build());
    assertThat(check(VERIFYING))
        .isEqualTo(
            CheckConsistencyProgress.newBuilder()
                .setExaminedCount(3)
                .setVerifiedBytes(10)
                .setDone(true)
                .build());
  }

  @Test
  void lostContent_isToldWithItsPathsAndHolders() throws Exception {
    for (int i = 0; i < 12; i++) {
      calls.put("m/" + (char) ('a' + i), ONE);
    }
    Object unused =
        calls.stub().snapshot(SnapshotRequest.newBuilder().setPath("m").setHolder("h/1").build());
    unused =
        AssetServiceGrpc.newBlockingV2Stub(server.channel())
            .pushAsset(
                PushAssetRequest.newBuilder()
                    .setName("words")
                    .setContent(AssetContent.newBuilder().setPath("m"))
                    .build());
    lose(ONE);

    ConsistencyFinding expected =
        finding(FindingKind.FINDING_KIND_CONTENT_MISSING, ONE)
            .setRecordedSizeBytes(3)
            .addAllPaths(
                List.of("m/a", "m/b", "m/c", "m/d", "m/e", "m/f", "m/g", "m/h", "m/i", "m/j"))
            .addAllHolders(List.of("assets/words/versions/0.0", "h/1"))
            .build();
    assertThat(check(PLAIN).getFindingsList()).containsExactly(expected);
    assertThat(check(VERIFYING).getFindingsList()).containsExactly(expected);
    calls.put("again", ONE);
    assertThat(check(VERIFYING).getFindingsList()).isEmpty();
  }

  @Test
  void changedContent_isToldBySizeOrDigest() throws Exception {
    calls.put("a", ONE);
    calls.put("b", TWO);
    store(ONE, SIX);
    store(TWO, "TWO TWO".getBytes(UTF_8));

    ConsistencyFinding size =
        finding(FindingKind.FINDING_KIND_SIZE_DIFFERS, ONE)
            .setRecordedSizeBytes(3)
            .setStoredSizeBytes(6)
            .addPaths("a")
            .build();
    assertThat(check(PLAIN).getFindingsList()).containsExactly(size);
    assertThat(check(VERIFYING).getFindingsList())
        .containsExactlyInAnyOrder(
            size,
            finding(FindingKind.FINDING_KIND_DIGEST_DIFFERS, TWO)
                .setRecordedSizeBytes(7)
                .setStoredSizeBytes(7)
                .addPaths("b")
                .build());
  }

  @Test
  void contentWithAnotherDigest_isReplacedByTheNextUpload() throws Exception {
    byte[] damaged = "TWO TWO".getBytes(UTF_8);
    for (boolean declared : new boolean[] {true, false}) {
      UploadSpec spec =
          declared ? declared("b", TWO) : UploadSpec.newBuilder().setPath("b").build();
      calls.put("a", TWO);
      store(TWO, damaged);
      assertThat(calls.put(declared("b", TWO), TWO, 100).getAlreadyPresent())
          .as("nobody has looked")
          .isTrue();
      assertThat(check(VERIFYING).getFindingCount()).isEqualTo(1);
      assertThat(calls.get("a")).isEqualTo(damaged);

      assertThat(calls.put(spec, TWO, 100).getAlreadyPresent()).isFalse();

      assertThat(calls.get("a")).isEqualTo(TWO);
      assertThat(check(VERIFYING).getFindingsList()).isEmpty();
      assertThat(calls.put(declared("c", TWO), TWO, 100).getAlreadyPresent()).isTrue();
    }
  }

  @Test
  void waste_isTold_whetherInRowsOrInTheStore() throws Exception {
    calls.put("a", ONE);
    delete("a");
    calls.put("lost", SIX);
    delete("lost");
    lose(SIX);
    store(TWO, TWO);

    CheckConsistencyProgress found = check(VERIFYING);

    assertThat(found.getExaminedCount()).isEqualTo(3);
    assertThat(found.getFindingsList())
        .containsExactlyInAnyOrder(
            finding(FindingKind.FINDING_KIND_CONTENT_UNREFERENCED, ONE)
                .setRecordedSizeBytes(3)
                .setStoredSizeBytes(3)
                .build(),
            finding(FindingKind.FINDING_KIND_CONTENT_UNREFERENCED, SIX)
                .setRecordedSizeBytes(6)
                .build(),
            finding(FindingKind.FINDING_KIND_CONTENT_UNKNOWN, TWO).setStoredSizeBytes(7).build());
  }

  @Test
  void path_limitsTheCheckToWhatLiesThere() throws Exception {
    calls.put("a/b/c", ONE);
    calls.put("a-neighbour", TWO);
    calls.put("a/file", SIX);
    lose(ONE);
    lose(TWO);
    store(Bytes.random(1, 9), Bytes.random(1, 9));

    CheckConsistencyProgress below =
        check(CheckConsistencyRequest.newBuilder().setPath("a").setVerifyContent(true).build());
    assertThat(below.getExaminedCount()).isEqualTo(2);
    assertThat(below.getVerifiedBytes()).isEqualTo(6);
    assertThat(below.getFindingsList())
        .extracting(ConsistencyFinding::getSha256)
        .containsExactly(Bytes.content(ONE).sha256().hex());
    assertThat(
            check(CheckConsistencyRequest.newBuilder().setPath("a-neighbour").build())
                .getFindingsList())
        .extracting(ConsistencyFinding::getSha256)
        .containsExactly(Bytes.content(TWO).sha256().hex());
    assertThat(
            check(CheckConsistencyRequest.newBuilder().setPath("nothing").build())
                .getExaminedCount())
        .isZero();
  }

  @Test
  void manyFindings_areToldOnceEach() throws Exception {
    Set<String> stored = new HashSet<>();
    try (BlobStore blobs = openBlobs()) {
      for (int i = 0; i < manyFindings(); i++) {
        byte[] bytes = Bytes.random(i, 20);
        blobs.put(Bytes.content(bytes), Files.write(folder.resolve("blob" + i), bytes));
        stored.add(Bytes.content(bytes).sha256().hex());
      }
    }

    CheckConsistencyProgress found = check(PLAIN);

    assertThat(found.getExaminedCount()).isEqualTo(manyFindings());
    assertThat(found.getFindingsList())
        .extracting(ConsistencyFinding::getSha256)
        .containsExactlyInAnyOrderElementsOf(stored);
  }

  @Test
  void check_unsafePathOrWhileAnotherWorks_isRefused() throws Exception {
    assertInvalid(
        () -> check(CheckConsistencyRequest.newBuilder().setPath("a/../b").build()), "path");
    try (Database other =
        Database.open(database, "artifact", "db/migration/artifact", new MetricRegistry())) {
      MaintenanceStore maintenance = new MaintenanceStore(other);
      String holder = maintenance.acquire();
      assertFails(() -> check(PLAIN), Code.ABORTED, "MAINTENANCE_RUNNING");
      maintenance.release(holder);
      assertThat(check(PLAIN).getDone()).isTrue();
    }
  }
}
