package dev.slipway.artifact.rpc;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Directory;
import dev.slipway.artifact.content.Manifest;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.service.ArtifactService;
import dev.slipway.artifact.service.ConsistencyCheck;
import dev.slipway.artifact.service.GarbageCollector;
import dev.slipway.artifact.service.PresignedUploads;
import dev.slipway.artifact.store.ArtifactStore;
import dev.slipway.artifact.store.ManifestStore;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.v1.AbortUploadRequest;
import dev.slipway.artifact.v1.AbortUploadResponse;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceImplBase;
import dev.slipway.artifact.v1.CheckConsistencyProgress;
import dev.slipway.artifact.v1.CheckConsistencyRequest;
import dev.slipway.artifact.v1.CollectGarbageProgress;
import dev.slipway.artifact.v1.CollectGarbageRequest;
import dev.slipway.artifact.v1.CompleteUploadRequest;
import dev.slipway.artifact.v1.CreateDownloadUrlRequest;
import dev.slipway.artifact.v1.CreateDownloadUrlResponse;
import dev.slipway.artifact.v1.CreateUploadUrlsRequest;
import dev.slipway.artifact.v1.CreateUploadUrlsResponse;
import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.DeleteResponse;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.Entry;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.ListRequest;
import dev.slipway.artifact.v1.ListResponse;
import dev.slipway.artifact.v1.QueryUploadRequest;
import dev.slipway.artifact.v1.QueryUploadResponse;
import dev.slipway.artifact.v1.ReleaseSnapshotRequest;
import dev.slipway.artifact.v1.ReleaseSnapshotResponse;
import dev.slipway.artifact.v1.SnapshotRequest;
import dev.slipway.artifact.v1.StatRequest;
import dev.slipway.artifact.v1.UploadRequest;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import io.grpc.stub.ServerCallStreamObserver;
import io.grpc.stub.StreamObserver;
import java.util.Optional;

/**
 * Adapts {@code slipway.artifact.v1.ArtifactService}. Failures are thrown; the interceptor answers
 * them. Thread-safe.
 */
public final class ArtifactGrpcService extends ArtifactServiceImplBase {
  private final ArtifactService service;
  private final ArtifactStore artifacts;
  private final ManifestStore manifests;
  private final PresignedUploads presigned;
  private final PresignedRpcs presignedRpcs;
  private final MaintenanceRpcs maintenance;
  private final DownloadBudget downloads = new DownloadBudget();

  /** Creates the adapter over the rules and the stores that need none. */
  public ArtifactGrpcService(
      ArtifactService service,
      ArtifactStore artifacts,
      ManifestStore manifests,
      PresignedUploads presigned,
      GarbageCollector collector,
      ConsistencyCheck check) {
    this.service = service;
    this.artifacts = artifacts;
    this.manifests = manifests;
    this.presigned = presigned;
    this.presignedRpcs = new PresignedRpcs(presigned, service);
    this.maintenance = new MaintenanceRpcs(collector, check);
  }

  @Override
  public StreamObserver<UploadRequest> upload(StreamObserver<UploadResponse> response) {
    return new UploadObserver(service, response);
  }

  @Override
  public void queryUpload(
      QueryUploadRequest request, StreamObserver<QueryUploadResponse> response) {
    UploadId id = ArtifactRequests.uploadId(request.getUploadId());
    var status = presigned.status(id).orElseGet(() -> service.query(id));
    answer(response, ArtifactProtos.status(status));
  }

  @Override
  public void abortUpload(
      AbortUploadRequest request, StreamObserver<AbortUploadResponse> response) {
    UploadId id = ArtifactRequests.uploadId(request.getUploadId());
    service.abort(id);
    presigned.abort(id);
    answer(response, AbortUploadResponse.getDefaultInstance());
  }

  @Override
  public void download(DownloadRequest request, StreamObserver<DownloadResponse> response) {
    ArtifactRequests.requireWellFormed(request);
    ArtifactService.Range range =
        request.hasPath()
            ? service.range(
                new ArtifactPath(request.getPath()), request.getOffset(), request.getLength())
            : service.range(
                new Sha256(request.getSha256()), request.getOffset(), request.getLength());
    ArtifactDownload.start(
        service, downloads, range, (ServerCallStreamObserver<DownloadResponse>) response);
  }

  @Override
  public void list(ListRequest request, StreamObserver<ListResponse> response) {
    Violations violations = new Violations();
    Optional<ArtifactPath> path = ArtifactRequests.path("path", request.getPath(), violations);
    PageRequest page =
        ArtifactRequests.page(
            request.getPageSize(),
            request.getPageToken(),
            "list " + request.getRecursive() + ' ' + request.getPath(),
            violations);
    violations.throwIfAny();
    var entries = artifacts.list(path.orElseThrow(), request.getRecursive(), page);
    ListResponse.Builder message =
        ListResponse.newBuilder().setNextPageToken(entries.nextPageToken());
    entries.items().forEach(entry -> message.addEntries(ArtifactProtos.entry(entry)));
    answer(response, message.build());
  }

  @Override
  public void stat(StatRequest request, StreamObserver<Entry> response) {
    Violations violations = new Violations();
    Optional<ArtifactPath> path = ArtifactRequests.path("path", request.getPath(), violations);
    violations.throwIfAny();
    answer(
        response, ArtifactProtos.entry(service.stat(path.orElseThrow(), request.getWithTotals())));
  }

  @Override
  public void delete(DeleteRequest request, StreamObserver<DeleteResponse> response) {
    Violations violations = new Violations();
    Optional<ArtifactPath> path = ArtifactRequests.filePath("path", request.getPath(), violations);
    violations.throwIfAny();
    Directory removed =
        service.delete(path.orElseThrow(), request.getRecursive(), request.getAllowMissing());
    answer(
        response,
        DeleteResponse.newBuilder()
            .setDeletedCount(removed.fileCount())
            .setDeletedBytes(removed.sizeBytes())
            .build());
  }

  @Override
  public void snapshot(
      SnapshotRequest request, StreamObserver<dev.slipway.artifact.v1.Manifest> response) {
    Violations violations = new Violations();
    Optional<ArtifactPath> path = ArtifactRequests.path("path", request.getPath(), violations);
    Optional<ArtifactPath> holder =
        ArtifactRequests.filePath("holder", request.getHolder(), violations);
    ArtifactRequests.page(request.getPageSize(), "", "", violations);
    violations.throwIfAny();
    Manifest manifest = manifests.snapshot(path.orElseThrow(), holder.orElseThrow());
    PageRequest page = manifestPage(manifest.digest().hex(), request.getPageSize(), "", violations);
    answer(response, manifest(manifest, page));
  }

  @Override
  public void getManifest(
      GetManifestRequest request, StreamObserver<dev.slipway.artifact.v1.Manifest> response) {
    Violations violations = new Violations();
    Optional<Sha256> digest = violations.parse("digest", request.getDigest(), Sha256::new);
    PageRequest page =
        manifestPage(
            request.getDigest(), request.getPageSize(), request.getPageToken(), violations);
    violations.throwIfAny();
    answer(response, manifest(manifests.get(digest.orElseThrow()), page));
  }

  private static PageRequest manifestPage(
      String digest, int size, String token, Violations violations) {
    return ArtifactRequests.page(size, token, "manifest " + digest, violations);
  }

  private dev.slipway.artifact.v1.Manifest manifest(Manifest manifest, PageRequest page) {
    return ArtifactProtos.manifest(manifest, manifests.list(manifest.digest(), page));
  }

  @Override
  public void releaseSnapshot(
      ReleaseSnapshotRequest request, StreamObserver<ReleaseSnapshotResponse> response) {
    Violations violations = new Violations();
    Optional<ArtifactPath> holder =
        ArtifactRequests.filePath("holder", request.getHolder(), violations);
    Optional<ArtifactPath> path = ArtifactRequests.path("path", request.getPath(), violations);
    violations.throwIfAny();
    int released =
        request.hasPath()
            ? manifests.release(holder.orElseThrow(), path.orElseThrow())
            : manifests.release(holder.orElseThrow());
    answer(response, ReleaseSnapshotResponse.newBuilder().setReleasedCount(released).build());
  }

  @Override
  public void createUploadUrls(
      CreateUploadUrlsRequest request, StreamObserver<CreateUploadUrlsResponse> response) {
    answer(response, presignedRpcs.createUploadUrls(request));
  }

  @Override
  public void completeUpload(
      CompleteUploadRequest request, StreamObserver<UploadResponse> response) {
    answer(response, presignedRpcs.completeUpload(request));
  }

  @Override
  public void createDownloadUrl(
      CreateDownloadUrlRequest request, StreamObserver<CreateDownloadUrlResponse> response) {
    answer(response, presignedRpcs.createDownloadUrl(request));
  }

  @Override
  public void collectGarbage(
      CollectGarbageRequest request, StreamObserver<CollectGarbageProgress> response) {
    maintenance.collectGarbage(
        request, (ServerCallStreamObserver<CollectGarbageProgress>) response);
  }

  @Override
  public void checkConsistency(
      CheckConsistencyRequest request, StreamObserver<CheckConsistencyProgress> response) {
    maintenance.checkConsistency(
        request, (ServerCallStreamObserver<CheckConsistencyProgress>) response);
  }

  private static <T> void answer(StreamObserver<T> response, T message) {
    response.onNext(message);
    response.onCompleted();
  }
}
