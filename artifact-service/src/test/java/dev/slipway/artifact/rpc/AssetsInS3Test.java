package dev.slipway.artifact.rpc;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import com.google.protobuf.Duration;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.blob.S3Server;
import dev.slipway.artifact.v1.AssetContent;
import dev.slipway.artifact.v1.AssetServiceGrpc;
import dev.slipway.artifact.v1.AssetServiceGrpc.AssetServiceBlockingStub;
import dev.slipway.artifact.v1.AssetVersion;
import dev.slipway.artifact.v1.CollectGarbageProgress;
import dev.slipway.artifact.v1.CollectGarbageRequest;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.artifact.v1.PushAssetRequest;
import dev.slipway.artifact.v1.ResolveAssetRequest;
import dev.slipway.artifact.v1.UpdateAssetRequest;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.stub.BlockingClientCall;
import java.nio.file.Path;
import java.time.Clock;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.gaul.s3proxy.junit.S3ProxyExtension;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Keeps versions of assets whose bytes lie in an S3 store. */
class AssetsInS3Test {
  @TempDir Path folder;

  @Order(1)
  @RegisterExtension
  private final S3ProxyExtension s3 = S3Server.make();

  @Order(2)
  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () ->
              List.of(
                  ArtifactModule.open(
                      new ArtifactConfig(
                          TestDatabases.h2(folder),
                          new ArtifactConfig.Minio(S3Server.settings(s3)),
                          folder.resolve("uploads"),
                          ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
                      new MetricRegistry(),
                      Clock.systemUTC())));

  private Calls calls;
  private AssetServiceBlockingStub assets;

  @BeforeEach
  void connect() {
    calls = new Calls(server.channel());
    assets = AssetServiceGrpc.newBlockingStub(server.channel());
  }

  private AssetContent upload(Map<String, String> files) throws Exception {
    for (Map.Entry<String, String> file : files.entrySet()) {
      calls.put(".asset-uploads/p/" + file.getKey(), file.getValue().getBytes(UTF_8));
    }
    return AssetContent.newBuilder().setPath(".asset-uploads/p").setDeleteSource(true).build();
  }

  /** Reads what a spec means, by digest as a cache does. */
  private Map<String, String> read(String spec) throws Exception {
    Map<String, String> files = new LinkedHashMap<>();
    for (ManifestEntry entry :
        assets
            .resolveAsset(ResolveAssetRequest.newBuilder().setSpec(spec).build())
            .getEntriesList()) {
      byte[] bytes = calls.get(DownloadRequest.newBuilder().setSha256(entry.getSha256()).build());
      files.put(entry.getPath(), new String(bytes, UTF_8));
    }
    return files;
  }

  /** Collects twice: condemns, and removes what is still without reference. */
  private long collect() throws Exception {
    long removed = 0;
    for (int i = 0; i < 2; i++) {
      BlockingClientCall<?, CollectGarbageProgress> call =
          calls
              .stub()
              .collectGarbage(
                  CollectGarbageRequest.newBuilder()
                      .setGracePeriod(Duration.getDefaultInstance())
                      .build());
      for (CollectGarbageProgress next = call.read(); next != null; next = call.read()) {
        removed = next.getRemovedCount();
      }
    }
    return removed;
  }

  @Test
  void versions_areKeptWithTheirFiles_alsoByACollection() throws Exception {
    Map<String, String> first = Map.of("a.txt", "one");
    Map<String, String> second = Map.of("a.txt", "two", "d/b.txt", "three");
    AssetVersion pushed =
        assets.pushAsset(
            PushAssetRequest.newBuilder().setName("words/en").setContent(upload(first)).build());
    AssetVersion updated =
        assets.updateAsset(
            UpdateAssetRequest.newBuilder().setName("words/en").setContent(upload(second)).build());
    assertThat(List.of(pushed.getVersion(), updated.getVersion())).containsExactly("0.0", "0.1");
    calls.put("waste", "waste".getBytes(UTF_8));
    calls.put("waste", "more".getBytes(UTF_8));

    assertThat(collect()).isEqualTo(1);

    assertThat(read("words/en:0.0")).isEqualTo(first);
    assertThat(read("words/en")).isEqualTo(second);
    assertThat(read("words/en:0.1[d]")).containsValues("three").hasSize(1);
  }
}
