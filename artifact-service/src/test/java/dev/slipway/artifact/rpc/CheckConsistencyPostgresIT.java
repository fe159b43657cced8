package dev.slipway.artifact.rpc;

import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.FileSystemBlobStore;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.testing.TestDatabases;

class CheckConsistencyPostgresIT extends CheckConsistencyContract {
  @Override
  DatabaseConfig database() {
    return TestDatabases.postgres();
  }

  @Override
  ArtifactConfig.Store store() {
    return new ArtifactConfig.Folder(folder.resolve("store"));
  }

  @Override
  BlobStore openBlobs() {
    return new FileSystemBlobStore(folder.resolve("store"));
  }
}
