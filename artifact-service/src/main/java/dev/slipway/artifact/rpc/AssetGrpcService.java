package dev.slipway.artifact.rpc;

import dev.slipway.artifact.asset.AssetName;
import dev.slipway.artifact.asset.AssetPartNotFoundException;
import dev.slipway.artifact.asset.AssetSpec;
import dev.slipway.artifact.asset.AssetVersion;
import dev.slipway.artifact.asset.VersionNumber;
import dev.slipway.artifact.asset.VersionSelector;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.ManifestEntry;
import dev.slipway.artifact.store.AssetPublisher;
import dev.slipway.artifact.store.AssetStore;
import dev.slipway.artifact.store.ManifestStore;
import dev.slipway.artifact.v1.Asset;
import dev.slipway.artifact.v1.AssetServiceGrpc.AssetServiceImplBase;
import dev.slipway.artifact.v1.GetAssetRequest;
import dev.slipway.artifact.v1.GetAssetVersionRequest;
import dev.slipway.artifact.v1.ListAssetVersionsRequest;
import dev.slipway.artifact.v1.ListAssetVersionsResponse;
import dev.slipway.artifact.v1.ListAssetsRequest;
import dev.slipway.artifact.v1.ListAssetsResponse;
import dev.slipway.artifact.v1.PushAssetRequest;
import dev.slipway.artifact.v1.ResolveAssetRequest;
import dev.slipway.artifact.v1.ResolveAssetResponse;
import dev.slipway.artifact.v1.UpdateAssetRequest;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import io.grpc.stub.StreamObserver;
import java.util.List;
import java.util.Optional;

/**
 * Adapts {@code slipway.artifact.v1.AssetService}. Failures are thrown; the interceptor answers
 * them. Thread-safe.
 */
public final class AssetGrpcService extends AssetServiceImplBase {
  private static final int MAX_RESOLVED_ENTRIES = 1000;

  private final AssetPublisher publisher;
  private final AssetStore assets;
  private final ManifestStore manifests;

  /** Creates the adapter over the stores. */
  public AssetGrpcService(AssetPublisher publisher, AssetStore assets, ManifestStore manifests) {
    this.publisher = publisher;
    this.assets = assets;
    this.manifests = manifests;
  }

  @Override
  public void pushAsset(
      PushAssetRequest request, StreamObserver<dev.slipway.artifact.v1.AssetVersion> response) {
    answer(response, AssetProtos.version(publisher.push(AssetRequests.push(request))));
  }

  @Override
  public void updateAsset(
      UpdateAssetRequest request, StreamObserver<dev.slipway.artifact.v1.AssetVersion> response) {
    answer(response, AssetProtos.version(publisher.push(AssetRequests.update(request))));
  }

  @Override
  public void resolveAsset(
      ResolveAssetRequest request, StreamObserver<ResolveAssetResponse> response) {
    Violations violations = new Violations();
    Optional<AssetSpec> parsed = violations.parse("spec", request.getSpec(), AssetSpec::parse);
    violations.throwIfAny();
    AssetSpec spec = parsed.orElseThrow();
    AssetVersion version = assets.get(spec.name(), spec.selector());
    ArtifactPath part = spec.part().orElse(ArtifactPath.ROOT);
    List<ManifestEntry> entries =
        part.isRoot() || version.directory()
            ? manifests.list(version.manifest(), part, MAX_RESOLVED_ENTRIES)
            : List.of();
    if (entries.isEmpty()) {
      throw new AssetPartNotFoundException(spec.name(), version.number(), part);
    }
    ResolveAssetResponse.Builder message =
        ResolveAssetResponse.newBuilder()
            .setVersion(AssetProtos.version(version))
            .setPart(part.value());
    entries.forEach(entry -> message.addEntries(ArtifactProtos.manifestEntry(entry)));
    answer(response, message.build());
  }

  @Override
  public void getAsset(GetAssetRequest request, StreamObserver<Asset> response) {
    Violations violations = new Violations();
    Optional<AssetName> name = AssetRequests.name(request.getName(), violations);
    violations.throwIfAny();
    answer(response, AssetProtos.asset(assets.get(name.orElseThrow())));
  }

  @Override
  public void getAssetVersion(
      GetAssetVersionRequest request,
      StreamObserver<dev.slipway.artifact.v1.AssetVersion> response) {
    Violations violations = new Violations();
    Optional<AssetName> name = AssetRequests.name(request.getName(), violations);
    Optional<VersionNumber> version = AssetRequests.version(request.getVersion(), violations);
    violations.throwIfAny();
    answer(
        response,
        AssetProtos.version(
            assets.get(name.orElseThrow(), new VersionSelector.Exactly(version.orElseThrow()))));
  }

  @Override
  public void listAssets(ListAssetsRequest request, StreamObserver<ListAssetsResponse> response) {
    PageRequest page = AssetRequests.page(request);
    var found = assets.list(request.getNamePrefix(), page);
    ListAssetsResponse.Builder message =
        ListAssetsResponse.newBuilder().setNextPageToken(found.nextPageToken());
    found.items().forEach(asset -> message.addAssets(AssetProtos.asset(asset)));
    answer(response, message.build());
  }

  @Override
  public void listAssetVersions(
      ListAssetVersionsRequest request, StreamObserver<ListAssetVersionsResponse> response) {
    Violations violations = new Violations();
    Optional<AssetName> name = AssetRequests.name(request.getName(), violations);
    PageRequest page =
        AssetRequests.page(
            request.getPageSize(),
            request.getPageToken(),
            "asset versions " + request.getName(),
            violations);
    violations.throwIfAny();
    var found = assets.listVersions(name.orElseThrow(), page);
    ListAssetVersionsResponse.Builder message =
        ListAssetVersionsResponse.newBuilder().setNextPageToken(found.nextPageToken());
    found.items().forEach(version -> message.addVersions(AssetProtos.version(version)));
    answer(response, message.build());
  }

  private static <T> void answer(StreamObserver<T> response, T message) {
    response.onNext(message);
    response.onCompleted();
  }
}
