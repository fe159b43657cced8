package dev.slipway.artifact.rpc;

import static dev.slipway.artifact.rpc.Failures.assertFails;
import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.Bytes;
import dev.slipway.artifact.blob.MinioBlobStore;
import dev.slipway.artifact.blob.MinioServer;
import dev.slipway.artifact.blob.MinioSettings;
import dev.slipway.artifact.blob.WithMinio;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.v1.CreateUploadUrlsRequest;
import dev.slipway.artifact.v1.CreateUploadUrlsResponse;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.Channel;
import io.grpc.Status.Code;
import java.io.IOException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Runs the contract on a real MinIO server, with rows in PostgreSQL. */
@WithMinio
class PresignedRpcsIT extends PresignedRpcsContract {
  private static MinioServer minio;

  @TempDir Path folder;
  private final String bucket = "test-" + UUID.randomUUID();

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () ->
              List.of(
                  ArtifactModule.open(
                      new ArtifactConfig(
                          TestDatabases.postgres(),
                          new ArtifactConfig.Minio(settings()),
                          folder.resolve("uploads"),
                          ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
                      new MetricRegistry(),
                      Clock.systemUTC())));

  @BeforeAll
  static void startMinio(@TempDir Path serverFolder) throws IOException, InterruptedException {
    minio = MinioServer.start(serverFolder);
  }

  @AfterAll
  static void stopMinio() {
    minio.close();
  }

  /** The one inside the JVM takes whatever it does not know for an upload without parts. */
  @Test
  void upload_thatTheStoreHasNoMore_isBegunAnew() throws Exception {
    Calls calls = new Calls(channel());
    byte[] bytes = Bytes.random(1, 10);
    CreateUploadUrlsRequest request =
        CreateUploadUrlsRequest.newBuilder()
            .setSpec(Calls.declared("a", bytes))
            .setRequestId("try")
            .build();
    CreateUploadUrlsResponse first = calls.stub().createUploadUrls(request);
    loseInStore(first);

    CreateUploadUrlsResponse second = calls.stub().createUploadUrls(request);

    assertThat(second.getUploadId()).isEqualTo(first.getUploadId());
    assertThat(nameInStore(second)).isNotEqualTo(nameInStore(first));
    loseInStore(second);
    for (int i = 0; i < 2; i++) {
      assertFails(
          () ->
              calls
                  .stub()
                  .createUploadUrls(
                      CreateUploadUrlsRequest.newBuilder()
                          .setUploadId(second.getUploadId())
                          .build()),
          Code.NOT_FOUND,
          "UPLOAD_NOT_FOUND");
    }
  }

  private void loseInStore(CreateUploadUrlsResponse upload) {
    try (MinioBlobStore blobs = new MinioBlobStore(settings())) {
      blobs.direct().orElseThrow().abandon(new UploadId(upload.getUploadId()), nameInStore(upload));
    }
  }

  private static String nameInStore(CreateUploadUrlsResponse upload) {
    Matcher name = Pattern.compile("[?&]uploadId=([^&]+)").matcher(upload.getParts(0).getUrl());
    assertThat(name.find()).isTrue();
    return URLDecoder.decode(name.group(1), StandardCharsets.UTF_8);
  }

  @Override
  Channel channel() {
    return server.channel();
  }

  @Override
  void assertRefusedAfterAbort(int httpStatus) {
    assertThat(httpStatus).isEqualTo(404);
  }

  @Override
  MinioSettings settings() {
    return minio.settings(bucket);
  }
}
