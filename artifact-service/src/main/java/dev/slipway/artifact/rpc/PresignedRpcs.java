package dev.slipway.artifact.rpc;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.service.ArtifactService;
import dev.slipway.artifact.service.PresignedUploads;
import dev.slipway.artifact.service.PresignedUploads.UploadUrls;
import dev.slipway.artifact.service.PresignedUploads.UrlRange;
import dev.slipway.artifact.upload.PartPlan;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.artifact.v1.CompleteUploadRequest;
import dev.slipway.artifact.v1.CreateDownloadUrlRequest;
import dev.slipway.artifact.v1.CreateDownloadUrlResponse;
import dev.slipway.artifact.v1.CreateUploadUrlsRequest;
import dev.slipway.artifact.v1.CreateUploadUrlsResponse;
import dev.slipway.artifact.v1.UploadPartUrl;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.runtime.error.Violations;
import java.util.Optional;
import java.util.SortedMap;

/** Adapts the RPCs that hand out URLs of the store. Thread-safe. */
final class PresignedRpcs {
  private final PresignedUploads presigned;
  private final ArtifactService service;

  PresignedRpcs(PresignedUploads presigned, ArtifactService service) {
    this.presigned = presigned;
    this.service = service;
  }

  CreateUploadUrlsResponse createUploadUrls(CreateUploadUrlsRequest request) {
    Violations violations = new Violations();
    UrlRange range = PresignedRequests.range(request, violations);
    Optional<String> requestId = violations.requestId("request_id", request.getRequestId());
    Optional<UploadSpec> spec = PresignedRequests.spec(request, violations);
    if (!request.getUploadId().isEmpty()) {
      Optional<UploadId> id = violations.parse("upload_id", request.getUploadId(), UploadId::new);
      violations.throwIfAny();
      return urls(presigned.renew(id.orElseThrow(), spec, range)).build();
    }
    Optional<PartPlan> plan = PresignedRequests.plan(request, violations);
    violations.throwIfAny();
    PresignedUploads.Begun begun =
        presigned.begin(spec.orElseThrow(), plan.orElseThrow(), requestId, range);
    return begun
        .urls()
        .map(PresignedRpcs::urls)
        .orElseGet(
            () ->
                CreateUploadUrlsResponse.newBuilder()
                    .setArtifact(ArtifactProtos.artifact(begun.artifact().orElseThrow())))
        .build();
  }

  private static CreateUploadUrlsResponse.Builder urls(UploadUrls urls) {
    PartPlan plan = urls.upload().plan();
    CreateUploadUrlsResponse.Builder message =
        CreateUploadUrlsResponse.newBuilder()
            .setUploadId(urls.upload().id().value())
            .setPartSizeBytes(plan.partSizeBytes())
            .setPartCount(plan.partCount())
            .setExpireTime(ArtifactProtos.timestamp(urls.expireTime()));
    for (PresignedUploads.PartUrl part : urls.parts()) {
      message.addParts(
          UploadPartUrl.newBuilder()
              .setPartNumber(part.number())
              .setUrl(part.url())
              .setOffset(plan.offset(part.number()))
              .setSizeBytes(plan.sizeBytes(part.number()))
              .setStoredEtag(part.storedEtag().orElse("")));
    }
    return message;
  }

  UploadResponse completeUpload(CompleteUploadRequest request) {
    Violations violations = new Violations();
    Optional<UploadId> id =
        request.getUploadId().isEmpty()
            ? Optional.empty()
            : violations.parse("upload_id", request.getUploadId(), UploadId::new);
    violations.required("upload_id", request.getUploadId());
    SortedMap<Integer, String> etags = PresignedRequests.etags(request, violations);
    violations.throwIfAny();
    return ArtifactProtos.published(presigned.complete(id.orElseThrow(), etags));
  }

  CreateDownloadUrlResponse createDownloadUrl(CreateDownloadUrlRequest request) {
    PresignedRequests.requireWellFormed(request);
    ArtifactService.Range range =
        request.hasPath()
            ? service.range(new ArtifactPath(request.getPath()), 0, 0)
            : service.range(new Sha256(request.getSha256()), 0, 0);
    PresignedUploads.DownloadUrl url =
        presigned.downloadUrl(
            range, PresignedRequests.fileName(request), PresignedRequests.lifetime(request));
    return CreateDownloadUrlResponse.newBuilder()
        .setUrl(url.url())
        .setExpireTime(ArtifactProtos.timestamp(url.expireTime()))
        .setArtifact(ArtifactProtos.header(range).getArtifact())
        .build();
  }
}
