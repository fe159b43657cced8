package dev.slipway.artifact.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.MinioBlobStore;
import dev.slipway.artifact.blob.MinioServer;
import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.artifact.blob.StoreUnavailableException;
import dev.slipway.artifact.blob.WithMinio;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.maintenance.JudgedContent;
import dev.slipway.artifact.maintenance.Verdict;
import dev.slipway.artifact.store.CollectionStore;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Collects on a real MinIO server, with rows in PostgreSQL. */
@WithMinio
class CollectGarbageMinioIT extends CollectGarbageContract {
  private static MinioServer minio;

  private final String bucket = UUID.randomUUID().toString();

  @BeforeAll
  static void startServer(@TempDir Path serverFolder) throws IOException, InterruptedException {
    minio = MinioServer.start(serverFolder);
  }

  @AfterAll
  static void stopServer() {
    minio.close();
  }

  private MinioSettings settings() {
    return minio.settings(bucket);
  }

  @Override
  DatabaseConfig database() {
    return TestDatabases.postgres();
  }

  @Override
  ArtifactConfig.Store store() {
    return new ArtifactConfig.Minio(settings());
  }

  @Override
  BlobStore openBlobs() {
    return new MinioBlobStore(settings());
  }

  @Test
  void serverThatStopsBetweenRowAndBytes_theNextCollectionGoesOn() throws Exception {
    byte[] bytes = Bytes.random(9, 5000);
    Content content = Bytes.content(bytes);
    calls().put("a", bytes);
    delete("a");
    assertThat(collect().getCondemnedCount()).isEqualTo(1);
    try (Database database = openDatabase();
        BlobStore blobs = openBlobs()) {
      CollectionStore collections = new CollectionStore(database);
      Instant future = Instant.now().plusSeconds(100_000);
      assertThat(collections.decide(List.of(content.sha256()), future, future))
          .containsExactly(new JudgedContent(content, Verdict.REMOVE));
      minio.close();
      assertThatThrownBy(() -> collections.remove(content.sha256(), blobs::delete))
          .isInstanceOf(StoreUnavailableException.class);
      minio = minio.startAgain();
    }

    assertThat(calls().put(Calls.declared("b", bytes), bytes, 1000).getAlreadyPresent()).isFalse();
    assertThat(calls().get("b")).isEqualTo(bytes);
    assertThat(collect().getRemovedCount()).isZero();
    assertThat(calls().get("b")).isEqualTo(bytes);
  }

  @Override
  int rounds() {
    return 30;
  }
}
