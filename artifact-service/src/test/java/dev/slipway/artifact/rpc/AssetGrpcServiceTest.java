package dev.slipway.artifact.rpc;

import static dev.slipway.artifact.rpc.Failures.assertFails;
import static dev.slipway.artifact.rpc.Failures.assertInvalid;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.artifact.ArtifactConfig;
import dev.slipway.artifact.ArtifactModule;
import dev.slipway.artifact.v1.Asset;
import dev.slipway.artifact.v1.AssetContent;
import dev.slipway.artifact.v1.AssetServiceGrpc;
import dev.slipway.artifact.v1.AssetServiceGrpc.AssetServiceBlockingStub;
import dev.slipway.artifact.v1.AssetVersion;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.GetAssetRequest;
import dev.slipway.artifact.v1.GetAssetVersionRequest;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.ListAssetVersionsRequest;
import dev.slipway.artifact.v1.ListAssetVersionsResponse;
import dev.slipway.artifact.v1.ListAssetsRequest;
import dev.slipway.artifact.v1.ListAssetsResponse;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.artifact.v1.PushAssetRequest;
import dev.slipway.artifact.v1.ResolveAssetRequest;
import dev.slipway.artifact.v1.ResolveAssetResponse;
import dev.slipway.artifact.v1.SnapshotRequest;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.artifact.v1.UpdateAssetRequest;
import dev.slipway.artifact.v1.VersionBump;
import dev.slipway.artifact.v1.VersioningScheme;
import dev.slipway.runtime.testing.GrpcServerExtension;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.Status.Code;
import io.grpc.StatusException;
import java.nio.file.Path;
import java.time.Clock;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;

class AssetGrpcServiceTest {
  @TempDir Path folder;

  @RegisterExtension
  private final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () ->
              List.of(
                  ArtifactModule.open(
                      new ArtifactConfig(
                          TestDatabases.h2(folder),
                          new ArtifactConfig.Folder(folder.resolve("store")),
                          folder.resolve("uploads"),
                          ArtifactConfig.DEFAULT_UPLOAD_EXPIRY),
                      new MetricRegistry(),
                      Clock.systemUTC())));

  private Calls calls;
  private AssetServiceBlockingStub assets;

  @BeforeEach
  void upload() throws Exception {
    calls = new Calls(server.channel());
    assets = AssetServiceGrpc.newBlockingStub(server.channel());
    calls.put("up/a.txt", "hello".getBytes(UTF_8));
    calls.put("up/d/b.txt", "world!".getBytes(UTF_8));
    calls.put("up/d/e/c.txt", "".getBytes(UTF_8));
    calls.put("up/d2", "d2".getBytes(UTF_8));
  }

  private static AssetContent.Builder from(String path) {
    return AssetContent.newBuilder().setPath(path);
  }

  private AssetVersion push(String name, String version) {
    return assets.pushAsset(
        PushAssetRequest.newBuilder()
            .setName(name)
            .setVersion(version)
            .setContent(from("up"))
            .build());
  }

  private AssetVersion update(String name) {
    return assets.updateAsset(
        UpdateAssetRequest.newBuilder().setName(name).setContent(from("up")).build());
  }

  private ResolveAssetResponse resolve(String spec) {
    return assets.resolveAsset(ResolveAssetRequest.newBuilder().setSpec(spec).build());
  }

  private List<String> paths(String spec) {
    return resolve(spec).getEntriesList().stream().map(ManifestEntry::getPath).toList();
  }

  @Test
  void push_answersTheVersionAndItsFilesAreThereByDigest() throws Exception {
    AssetVersion pushed =
        assets.pushAsset(
            PushAssetRequest.newBuilder()
                .setName("words/en")
                .setContent(
                    from("up")
                        .setAuthor("ada")
                        .setDescription("first")
                        .putMetadata("run", "r1")
                        .setDeleteSource(true))
                .build());

    assertThat(pushed.getName()).isEqualTo("words/en");
    assertThat(pushed.getVersion()).isEqualTo("0.0");
    assertThat(pushed.getIsDirectory()).isTrue();
    assertThat(pushed.getFileCount()).isEqualTo(4);
    assertThat(pushed.getSizeBytes()).isEqualTo(13);
    assertThat(pushed.getAuthor()).isEqualTo("ada");
    assertThat(pushed.getMetadataMap()).containsEntry("run", "r1");
    assertFails(
        () -> calls.stub().stat(StatRequest.newBuilder().setPath("up").build()),
        Code.NOT_FOUND,
        "ARTIFACT_NOT_FOUND");
    ManifestEntry first =
        calls
            .stub()
            .getManifest(
                GetManifestRequest.newBuilder().setDigest(pushed.getManifestDigest()).build())
            .getEntries(0);
    assertThat(calls.get(DownloadRequest.newBuilder().setSha256(first.getSha256()).build()))
        .isEqualTo("hello".getBytes(UTF_8));
    Asset asset = assets.getAsset(GetAssetRequest.newBuilder().setName("words/en").build());
    assertThat(asset.getLatestVersion()).isEqualTo("0.0");
    assertThat(asset.getVersioningScheme())
        .isEqualTo(VersioningScheme.VERSIONING_SCHEME_MAJOR_MINOR);
    assertThat(asset.getDescription()).isEqualTo("first");
    assertThat(asset.getVersionCount()).isEqualTo(1);
    assertThat(asset.getCreateTime()).isEqualTo(pushed.getCreateTime());
    assertThat(
            assets.getAssetVersion(
                GetAssetVersionRequest.newBuilder().setName("words/en").setVersion("0.0").build()))
        .isEqualTo(pushed);
  }

  @Test
  void push_manifest_keepsItAfterItsHolderLetGo() throws StatusException {
    String digest =
        calls
            .stub()
            .snapshot(SnapshotRequest.newBuilder().setPath("up/d").setHolder("h").build())
            .getDigest();

    AssetVersion pushed =
        assets.pushAsset(
            PushAssetRequest.newBuilder()
                .setName("a")
                .setContent(AssetContent.newBuilder().setManifestDigest(digest))
                .build());

    assertThat(pushed.getManifestDigest()).isEqualTo(digest);
    assertThat(paths("a")).containsExactly("b.txt", "e/c.txt");
  }

  @Test
  void update_raisesWhatIsAsked() {
    push("a", "");

    assertThat(update("a").getVersion()).isEqualTo("0.1");
    assertThat(
            assets
                .updateAsset(
                    UpdateAssetRequest.newBuilder()
                        .setName("a")
                        .setBump(VersionBump.VERSION_BUMP_MAJOR)
                        .setContent(from("up"))
                        .build())
                .getVersion())
        .isEqualTo("1.0");
    assertThat(
            assets
                .updateAsset(
                    UpdateAssetRequest.newBuilder()
                        .setName("a")
                        .setWithinMajor(0)
                        .setContent(from("up"))
                        .build())
                .getVersion())
        .isEqualTo("0.2");
  }

  @Test
  void update_sameRequestTwice_answersTheFirst() {
    push("a", "");
    UpdateAssetRequest request =
        UpdateAssetRequest.newBuilder()
            .setName("a")
            .setContent(from("up").putMetadata("a", "1").putMetadata("b", "2"))
            .setRequestId("id-1")
            .build();

    AssetVersion first = assets.updateAsset(request);

    assertThat(assets.updateAsset(request)).isEqualTo(first);
    assertThat(update("a").getVersion()).isEqualTo("0.2");
    assertFails(
        () ->
            assets.updateAsset(request.toBuilder().setBump(VersionBump.VERSION_BUMP_MAJOR).build()),
        Code.ALREADY_EXISTS,
        "REQUEST_ID_REUSED");
  }

  @Test
  void resolve_everySelector_findsItsVersion() {
    for (String version : List.of("1.0", "1.9", "1.10", "12.0", "2.5")) {
      push("a", version);
    }

    assertThat(resolve("a").getVersion().getVersion()).isEqualTo("12.0");
    assertThat(resolve("a:1").getVersion().getVersion()).isEqualTo("1.10");
    assertThat(resolve("a:1.9").getVersion().getVersion()).isEqualTo("1.9");
    assertThat(resolve("a:2").getVersion().getVersion()).isEqualTo("2.5");
    assertFails(() -> resolve("a:3"), Code.NOT_FOUND, "ASSET_VERSION_NOT_FOUND");
    assertFails(() -> resolve("a:1.1"), Code.NOT_FOUND, "ASSET_VERSION_NOT_FOUND");
    assertFails(() -> resolve("b"), Code.NOT_FOUND, "ASSET_NOT_FOUND");
    assertInvalid(() -> resolve("a:latest"), "spec");
    assertInvalid(() -> resolve("a[../b]"), "spec");
  }

  @Test
  void resolve_part_meansAFileOrWhatLiesInAFolder() {
    push("a", "");

    assertThat(paths("a")).containsExactly("a.txt", "d/b.txt", "d/e/c.txt", "d2");
    assertThat(paths("a[d]")).containsExactly("d/b.txt", "d/e/c.txt");
    assertThat(paths("a:0[d/e/c.txt]")).containsExactly("d/e/c.txt");
    assertThat(resolve("a:0.0[d]").getPart()).isEqualTo("d");
    assertFails(() -> resolve("a[d/e/c]"), Code.NOT_FOUND, "ASSET_PART_NOT_FOUND");
  }

  @Test
  void resolve_partOfAFile_isRefused() {
    assets.pushAsset(
        PushAssetRequest.newBuilder().setName("f").setContent(from("up/a.txt")).build());

    assertThat(paths("f")).containsExactly("a.txt");
    assertThat(resolve("f").getVersion().getIsDirectory()).isFalse();
    assertFails(() -> resolve("f[a.txt]"), Code.NOT_FOUND, "ASSET_PART_NOT_FOUND");
  }

  @Test
  void push_dates_areOfTheirScheme() {
    AssetVersion pushed =
        assets.pushAsset(
            PushAssetRequest.newBuilder()
                .setName("d")
                .setVersioningScheme(VersioningScheme.VERSIONING_SCHEME_DATE)
                .setContent(from("up"))
                .build());

    assertThat(pushed.getVersion()).matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\dZ");
    assertThat(update("d").getVersion()).isGreaterThan(pushed.getVersion());
    assertThat(resolve("d:" + pushed.getVersion()).getVersion()).isEqualTo(pushed);
    assertFails(
        () ->
            assets.pushAsset(
                PushAssetRequest.newBuilder()
                    .setName("d")
                    .setVersion("1.0")
                    .setVersioningScheme(VersioningScheme.VERSIONING_SCHEME_MAJOR_MINOR)
                    .setContent(from("up"))
                    .build()),
        Code.FAILED_PRECONDITION,
        "VERSIONING_SCHEME_DIFFERS");
    assertInvalid(() -> push("d", "1.0"), "version");
    assertInvalid(
        () ->
            assets.updateAsset(
                UpdateAssetRequest.newBuilder()
                    .setName("d")
                    .setWithinMajor(0)
                    .setContent(from("up"))
                    .build()),
        "within_major");
  }

  @Test
  void push_whatIsThere_isRefused() {
    push("a", "");

    assertFails(() -> push("a", ""), Code.ALREADY_EXISTS, "ASSET_ALREADY_EXISTS");
    assertFails(() -> push("a", "0.0"), Code.ALREADY_EXISTS, "ASSET_VERSION_ALREADY_EXISTS");
    assertFails(() -> update("b"), Code.NOT_FOUND, "ASSET_NOT_FOUND");
    assertFails(
        () ->
            assets.updateAsset(
                UpdateAssetRequest.newBuilder()
                    .setName("a")
                    .setContent(from("up").setFileCount(5))
                    .build()),
        Code.FAILED_PRECONDITION,
        "FILE_COUNT_DIFFERS");
    push("a", "0.999999999");
    assertFails(() -> update("a"), Code.OUT_OF_RANGE, "VERSION_NUMBERS_EXHAUSTED");
  }

  @Test
  void push_everythingWrong_isToldAtOnce() {
    AssetContent.Builder content =
        AssetContent.newBuilder()
            .setManifestDigest("xyz")
            .setDeleteSource(true)
            .setFileCount(1)
            .setAuthor("a".repeat(256))
            .setDescription("\0")
            .putMetadata("", "")
            .putMetadata("k", "v".repeat(5001));
    assertInvalid(
        () ->
            assets.pushAsset(
                PushAssetRequest.newBuilder()
                    .setName("-")
                    .setVersion("1")
                    .setVersioningSchemeValue(9)
                    .setContent(content)
                    .setRequestId("no spaces")
                    .build()),
        "name",
        "version",
        "versioning_scheme",
        "content.delete_source",
        "content.file_count",
        "content.manifest_digest",
        "content.author",
        "content.description",
        "content.metadata[\"\"]",
        "content.metadata[\"k\"]",
        "request_id");
    AssetContent.Builder many = from("").setFileCount(0);
    IntStream.range(0, 101).forEach(i -> many.putMetadata("k" + i, ""));
    assertInvalid(
        () ->
            assets.updateAsset(
                UpdateAssetRequest.newBuilder()
                    .setBump(VersionBump.VERSION_BUMP_MAJOR)
                    .setWithinMajor(1)
                    .setContent(many)
                    .build()),
        "name",
        "within_major",
        "content.file_count",
        "content.path",
        "content.metadata");
    assertInvalid(
        () ->
            assets.updateAsset(
                UpdateAssetRequest.newBuilder()
                    .setName("a")
                    .setBumpValue(7)
                    .setWithinMajor(-1)
                    .build()),
        "bump",
        "within_major",
        "content.source");
    assertInvalid(
        () ->
            assets.pushAsset(
                PushAssetRequest.newBuilder()
                    .setName("a")
                    .setVersion("1.0")
                    .setVersioningScheme(VersioningScheme.VERSIONING_SCHEME_DATE)
                    .setContent(from("../x"))
                    .build()),
        "version",
        "content.path");
  }

  @Test
  void list_pages_goOnWhereTheyEnded() {
    for (String name : List.of("b", "a", "c")) {
      push(name, "");
    }
    ListAssetsRequest request = ListAssetsRequest.newBuilder().setPageSize(2).build();

    ListAssetsResponse first = assets.listAssets(request);
    ListAssetsResponse second =
        assets.listAssets(request.toBuilder().setPageToken(first.getNextPageToken()).build());

    assertThat(first.getAssetsList()).extracting(Asset::getName).containsExactly("a", "b");
    assertThat(second.getAssetsList()).extracting(Asset::getName).containsExactly("c");
    assertThat(second.getNextPageToken()).isEmpty();
    assertInvalid(
        () ->
            assets.listAssets(
                ListAssetsRequest.newBuilder()
                    .setNamePrefix("b")
                    .setPageToken(first.getNextPageToken())
                    .build()),
        "page_token");
    assertInvalid(
        () ->
            assets.listAssets(
                ListAssetsRequest.newBuilder().setNamePrefix("a b").setPageSize(-1).build()),
        "name_prefix",
        "page_size");
  }

  @Test
  void listVersions_pages_areNewestFirst() {
    push("a", "");
    update("a");
    update("a");
    ListAssetVersionsRequest request =
        ListAssetVersionsRequest.newBuilder().setName("a").setPageSize(2).build();

    ListAssetVersionsResponse first = assets.listAssetVersions(request);
    ListAssetVersionsResponse second =
        assets.listAssetVersions(
            request.toBuilder().setPageToken(first.getNextPageToken()).build());

    assertThat(first.getVersionsList())
        .extracting(AssetVersion::getVersion)
        .containsExactly("0.2", "0.1");
    assertThat(second.getVersionsList())
        .extracting(AssetVersion::getVersion)
        .containsExactly("0.0");
    assertFails(
        () -> assets.listAssetVersions(ListAssetVersionsRequest.newBuilder().setName("x").build()),
        Code.NOT_FOUND,
        "ASSET_NOT_FOUND");
  }

  @Test
  void get_malformed_isRefused() {
    assertInvalid(
        () ->
            assets.getAssetVersion(
                GetAssetVersionRequest.newBuilder().setName("a//b").setVersion("1").build()),
        "name",
        "version");
    assertInvalid(() -> assets.getAsset(GetAssetRequest.getDefaultInstance()), "name");
  }
}
