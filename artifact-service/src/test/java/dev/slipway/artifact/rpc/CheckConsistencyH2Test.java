package dev.slipway.artifact.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.FileSystemBlobStore;
import dev.slipway.artifact.v1.CheckConsistencyProgress;
import dev.slipway.artifact.v1.ConsistencyFinding;
import dev.slipway.artifact.v1.FindingKind;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class CheckConsistencyH2Test extends CheckConsistencyContract {
  @Override
  DatabaseConfig database() {
    return TestDatabases.h2(folder);
  }

  @Override
  ArtifactConfig.Store store() {
    return new ArtifactConfig.Folder(folder.resolve("store"));
  }

  @Override
  BlobStore openBlobs() {
    return new FileSystemBlobStore(folder.resolve("store"));
  }

  /** More than a page of rows or of the store. */
  @Override
  int manyFindings() {
    return 1234;
  }

  @Test
  void contentThatCannotBeRead_hasAnotherDigest_andTheCheckGoesOn() throws Exception {
    Path unreadable = Files.createDirectory(folder.resolve("unreadable"));
    byte[] bytes = Bytes.random(1, (int) Files.size(unreadable));
    String hex = Bytes.content(bytes).sha256().hex();
    calls().put("a", bytes);
    for (int i = 0; i < 5; i++) {
      calls().put("b" + i, Bytes.random(100 + i, 10));
    }
    Path blob = folder.resolve("store/blobs").resolve(hex.substring(0, 2)).resolve(hex);
    Files.delete(blob);
    // Of the same size, and can be opened but not read.
    Files.move(unreadable, blob);

    CheckConsistencyProgress found = check(VERIFYING);

    assertThat(found.getExaminedCount()).isEqualTo(6);
    assertThat(found.getVerifiedBytes()).isEqualTo(50);
    assertThat(found.getFindingsList())
        .extracting(ConsistencyFinding::getKind)
        .containsExactly(FindingKind.FINDING_KIND_DIGEST_DIFFERS);
  }
}
