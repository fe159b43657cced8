package dev.slipway.artifact.rpc;

import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.MinioBlobStore;
import dev.slipway.artifact.blob.MinioServer;
import dev.slipway.artifact.blob.WithMinio;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Channel;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the contract on a real MinIO server. */
@WithMinio
class ArtifactRpcsMinioIT extends ArtifactRpcsContract {
  private static MinioServer minio;

  private final String bucket = UUID.randomUUID().toString();

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> List.of(open(new ArtifactConfig.Minio(minio.settings(bucket)))));

  @BeforeAll
  static void startServer(@TempDir Path serverFolder) throws IOException, InterruptedException {
    minio = MinioServer.start(serverFolder);
  }

  @AfterAll
  static void stopServer() {
    minio.close();
  }

  @Override
  Channel channel() {
    return server.channel();
  }

  @Override
  BlobStore openBlobs() {
    return new MinioBlobStore(minio.settings(bucket));
  }
}
