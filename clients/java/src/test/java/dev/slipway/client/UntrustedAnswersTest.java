package dev.slipway.client;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.google.protobuf.ByteString;
import dev.slipway.artifact.v1.Artifact;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceImplBase;
import dev.slipway.artifact.v1.AssetServiceGrpc.AssetServiceImplBase;
import dev.slipway.artifact.v1.AssetVersion;
import dev.slipway.artifact.v1.Directory;
import dev.slipway.artifact.v1.DownloadChunk;
import dev.slipway.artifact.v1.DownloadHeader;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.Entry;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.artifact.v1.ListResponse;
import dev.slipway.artifact.v1.Manifest;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.artifact.v1.ResolveAssetRequest;
import dev.slipway.artifact.v1.ResolveAssetResponse;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Status.Code;
import io.grpc.stub.StreamObserver;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

/** Tests what is made of a service's answers that agree with themselves, not with the question. */
class UntrustedAnswersTest {
  private static final ManifestEntry A = entry("a", "aa");
  private static final ManifestEntry B = entry("b", "bbb");

  @TempDir Path folder;

  private final Artifacts artifacts = new Artifacts();
  private final Assets assets = new Assets();

  @RegisterExtension
  private final GrpcServerExtension server = GrpcServerExtension.inProcess(artifacts, assets);

  private ArtifactTransfers transfers;

  @BeforeEach
  void connect() {
    transfers =
        new ArtifactTransfers(
            server.channel(),
            new TransferOptions(2, 2, Duration.ofMillis(1), Duration.ofMillis(2)));
  }

  private static String sha256(String text) {
    MessageDigest digest = Digests.newSha256();
    digest.update(text.getBytes(UTF_8));
    return Digests.hex(digest);
  }

  private static ManifestEntry entry(String path, String text) {
    return ManifestEntry.newBuilder()
        .setPath(path)
        .setSha256(sha256(text))
        .setSizeBytes(text.length())
        .build();
  }

  /** Answers as a test says. */
  private static final class Artifacts extends ArtifactServiceImplBase {
    private final Map<String, Manifest> pages = new HashMap<>();
    private final Map<String, ListResponse> listings = new HashMap<>();
    private Entry entry = Entry.getDefaultInstance();
    private String only = "";

    @Override
    public void getManifest(GetManifestRequest request, StreamObserver<Manifest> response) {
      response.onNext(pages.get(request.getPageToken()));
      response.onCompleted();
    }

    @Override
    public void list(ListRequest request, StreamObserver<ListResponse> response) {
      response.onNext(listings.get(request.getPageToken()));
      response.onCompleted();
    }

    @Override
    public void stat(StatRequest request, StreamObserver<Entry> response) {
      response.onNext(entry);
      response.onCompleted();
    }

    @Override
    public void download(DownloadRequest request, StreamObserver<DownloadResponse> response) {
      String text =
          Stream.of("aa", "bbb")
              .filter(known -> only.isEmpty() && sha256(known).equals(request.getSha256()))
              .findFirst()
              .orElse(only);
      ByteString bytes = ByteString.copyFromUtf8(text);
      Artifact artifact =
          Artifact.newBuilder().setSha256(sha256(text)).setSizeBytes(bytes.size()).build();
      response.onNext(
          DownloadResponse.newBuilder()
              .setHeader(DownloadHeader.newBuilder().setArtifact(artifact))
              .build());
      response.onNext(
          DownloadResponse.newBuilder()
              .setChunk(DownloadChunk.newBuilder().setData(bytes).setCrc32C(Digests.crc32c(bytes)))
              .build());
      response.onCompleted();
    }
  }

  /** Answers as a test says. */
  private static final class Assets extends AssetServiceImplBase {
    private ResolveAssetResponse resolved;

    @Override
    public void resolveAsset(
        ResolveAssetRequest request, StreamObserver<ResolveAssetResponse> response) {
      response.onNext(resolved);
      response.onCompleted();
    }
  }

  /** Is a transfer that fails. */
  private interface Transfer {
    void run() throws IOException, InterruptedException;
  }

  private static void assertDamaged(Transfer transfer) {
    assertThatThrownBy(transfer::run)
        .isInstanceOfSatisfying(
            TransferException.class, e -> assertThat(e.code()).isEqualTo(Code.DATA_LOSS));
  }

  private Path target() {
    return folder.resolve("target");
  }

  @Test
  void downloadManifest_anotherManifestComes_isRefused() {
    String other = Digests.manifest(List.of(A));
    String asked = Digests.manifest(List.of(B));
    for (String claimed : List.of(other, asked)) {
      artifacts.pages.put("", Manifest.newBuilder().setDigest(claimed).addEntries(A).build());

      assertDamaged(() -> transfers.downloadManifest(asked, target()));
      assertDamaged(() -> transfers.readManifest(asked, entry -> true));
    }
    assertThat(target()).doesNotExist();
  }

  @Test
  void downloadFile_anotherContentComes_isRefused() {
    artifacts.entry =
        Entry.newBuilder()
            .setArtifact(
                Artifact.newBuilder()
                    .setPath("a")
                    .setSha256(A.getSha256())
                    .setSizeBytes(A.getSizeBytes()))
            .build();
    artifacts.only = "evil";

    assertDamaged(() -> transfers.downloadFile("a", target()));

    assertThat(target()).doesNotExist();
  }

  @Test
  void downloadManifest_anEmptyPage_isNotTheEnd() throws Exception {
    String digest = Digests.manifest(List.of(A, B));
    Manifest page = Manifest.newBuilder().setDigest(digest).build();
    artifacts.pages.put("", page.toBuilder().setNextPageToken("1").build());
    artifacts.pages.put("1", page.toBuilder().addEntries(A).setNextPageToken("2").build());
    artifacts.pages.put("2", page.toBuilder().setNextPageToken("3").build());
    artifacts.pages.put("3", page.toBuilder().addEntries(B).build());

    transfers.downloadManifest(digest, target());

    assertThat(target().resolve("a")).hasContent("aa");
    assertThat(target().resolve("b")).hasContent("bbb");
    artifacts.pages.put("3", page);
    assertDamaged(() -> transfers.downloadManifest(digest, folder.resolve("short")));
  }

  @Test
  void downloadFolder_anEmptyPage_isNotTheEnd() throws Exception {
    artifacts.entry =
        Entry.newBuilder().setDirectory(Directory.newBuilder().setFileCount(1)).build();
    artifacts.listings.put("", ListResponse.newBuilder().setNextPageToken("1").build());
    artifacts.listings.put(
        "1",
        ListResponse.newBuilder()
            .addEntries(
                Entry.newBuilder()
                    .setArtifact(
                        Artifact.newBuilder()
                            .setPath("d/a")
                            .setSha256(A.getSha256())
                            .setSizeBytes(A.getSizeBytes())))
            .build());

    transfers.downloadFolder("d", target());

    assertThat(target().resolve("a")).hasContent("aa");
  }

  @Test
  void fetch_answerThatNamesNoFilesOfTheAsset_isRefused() throws Exception {
    ResolveAssetResponse right =
        ResolveAssetResponse.newBuilder()
            .setVersion(
                AssetVersion.newBuilder()
                    .setManifestDigest(Digests.manifest(List.of(A)))
                    .setIsDirectory(true))
            .addEntries(A)
            .build();
    ResolveAssetResponse.Builder elsewhere = right.toBuilder();
    elsewhere.getVersionBuilder().setManifestDigest("../".repeat(5) + "0".repeat(49));
    List<ResolveAssetResponse> answers =
        List.of(
            elsewhere.build(),
            right.toBuilder().setPart("b").build(),
            right.toBuilder().clearEntries().build());
    try (AssetCache cache =
        new AssetCache(server.channel(), AssetCacheOptions.of(folder.resolve("cache")))) {
      for (ResolveAssetResponse answer : answers) {
        assets.resolved = answer;

        assertDamaged(() -> cache.fetch("words"));
      }
      assets.resolved = right.toBuilder().setPart("b").build();
      assertDamaged(() -> cache.fetch("words[b]"));
    }
    try (Stream<Path> made = Files.list(folder.resolve("cache/content"))) {
      assertThat(made).isEmpty();
    }
  }
}
