package dev.slipway.artifact.rpc;

import static dev.slipway.artifact.rpc.Calls.declared;
import static dev.slipway.artifact.rpc.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Duration;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.FileSystemBlobStore;
import dev.slipway.artifact.v1.CollectGarbageRequest;
import io.grpc.Status.Code;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** Collects in a folder, which can be damaged between the steps of a removal. */
abstract class CollectGarbageInFolderContract extends CollectGarbageContract {
  private static final byte[] BYTES = Bytes.random(7, 300);
  private static final CollectGarbageRequest ZERO =
      CollectGarbageRequest.newBuilder().setGracePeriod(Duration.getDefaultInstance()).build();

  @Override
  ArtifactConfig.Store store() {
    return new ArtifactConfig.Folder(folder.resolve("store"));
  }

  @Override
  BlobStore openBlobs() {
    return new FileSystemBlobStore(folder.resolve("store"));
  }

  private static Path blob(Path folder) {
    String hex = Bytes.content(BYTES).sha256().hex();
    return folder.resolve("store/blobs").resolve(hex.substring(0, 2)).resolve(hex);
  }

  /**
   * Leaves content whose row says that it is being removed, and whose bytes are still there: what
   * stands in their place meanwhile is a folder that is not empty, which cannot be removed.
   */
  private void cutRemovalBetweenRowAndBytes() throws Exception {
    calls().put("a", BYTES);
    delete("a");
    assertThat(collect(ZERO).getCondemnedCount()).isEqualTo(1);
    Path aside = Files.move(blob(folder), folder.resolve("aside"));
    Path obstacle = Files.createFile(Files.createDirectory(blob(folder)).resolve("obstacle"));
    assertFails(() -> collect(ZERO), Code.UNAVAILABLE, "STORE_UNAVAILABLE");
    Files.delete(obstacle);
    Files.delete(blob(folder));
    Files.move(aside, blob(folder));
  }

  @Test
  void contentThatCannotBeRemoved_doesNotKeepTheRest() throws Exception {
    calls().put("a/0", BYTES);
    for (int i = 1; i < 8; i++) {
      calls().put("a/" + i, Bytes.random(i + 100, 10));
    }
    delete("a");
    assertThat(collect(ZERO).getCondemnedCount()).isEqualTo(8);
    Files.delete(blob(folder));
    Path obstacle = Files.createFile(Files.createDirectory(blob(folder)).resolve("obstacle"));

    assertFails(() -> collect(ZERO), Code.UNAVAILABLE, "STORE_UNAVAILABLE");

    Files.delete(obstacle);
    Files.delete(blob(folder));
    assertThat(collect(ZERO).getRemovedCount()).isEqualTo(1);
  }

  @Test
  void removalCutBeforeTheBytes_isFinishedByTheNextCollection() throws Exception {
    cutRemovalBetweenRowAndBytes();

    assertFails(() -> calls().get(byDigest(BYTES)), Code.NOT_FOUND, "ARTIFACT_NOT_FOUND");
    assertThat(collect().getRemovedCount()).isEqualTo(1);
    assertThat(blob(folder)).doesNotExist();
    assertThat(collect().getExaminedCount()).isZero();
  }

  @Test
  void removalCutAfterTheBytes_isFinishedByTheNextCollection() throws Exception {
    cutRemovalBetweenRowAndBytes();
    Files.delete(blob(folder));

    assertThat(collect().getRemovedCount()).isEqualTo(1);
    assertThat(collect().getExaminedCount()).isZero();
  }

  @Test
  void removalCutBeforeTheBytes_uploadOfTheSameContent_bringsItBackWhole() throws Exception {
    cutRemovalBetweenRowAndBytes();

    assertThat(calls().put(declared("b", BYTES), BYTES, 100).getAlreadyPresent()).isFalse();

    assertThat(calls().get("b")).isEqualTo(BYTES);
    assertThat(blob(folder)).hasBinaryContent(BYTES);
    assertThat(collect().getRemovedCount()).isZero();
    assertThat(calls().get("b")).isEqualTo(BYTES);
  }
}
