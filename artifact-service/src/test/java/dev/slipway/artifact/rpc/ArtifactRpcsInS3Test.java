package dev.slipway.artifact.rpc;

import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.MinioBlobStore;
import dev.slipway.artifact.blob.S3Server;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Channel;
import java.util.List;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.extension.RegisterExtension;

/** Runs the contract on an S3 store inside the JVM. */
class ArtifactRpcsInS3Test extends ArtifactRpcsContract {
  @Order(1)
  @RegisterExtension
  private final S3ProxyExtension s3 = S3Server.make();

  @Order(2)
  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> List.of(open(new ArtifactConfig.Minio(S3Server.settings(s3)))));

  @Override
  Channel channel() {
    return server.channel();
  }

  @Override
  BlobStore openBlobs() {
    return new MinioBlobStore(S3Server.settings(s3));
  }
}
