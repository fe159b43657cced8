package dev.slipway.artifact.rpc;

import com.google.protobuf.Timestamp;
import dev.slipway.artifact.content.Artifact;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Directory;
import dev.slipway.artifact.content.Entry;
import dev.slipway.artifact.content.Manifest;
import dev.slipway.artifact.content.ManifestEntry;
import dev.slipway.artifact.service.ArtifactService;
import dev.slipway.artifact.v1.DownloadHeader;
import dev.slipway.artifact.v1.QueryUploadResponse;
import dev.slipway.artifact.v1.UploadResponse;
import dev.slipway.artifact.v1.UploadState;
import dev.slipway.runtime.paging.Page;
import java.time.Instant;

/** Turns domain values into messages. Stateless. */
final class ArtifactProtos {
  private ArtifactProtos() {}

  static dev.slipway.artifact.v1.Artifact artifact(Artifact artifact) {
    return dev.slipway.artifact.v1.Artifact.newBuilder()
        .setPath(artifact.path().value())
        .setSizeBytes(artifact.sizeBytes())
        .setSha256(artifact.sha256().hex())
        .setContentType(artifact.contentType())
        .setCreateTime(timestamp(artifact.createTime()))
        .setUpdateTime(timestamp(artifact.updateTime()))
        .build();
  }

  private static dev.slipway.artifact.v1.Artifact content(Content content) {
    return dev.slipway.artifact.v1.Artifact.newBuilder()
        .setSizeBytes(content.sizeBytes())
        .setSha256(content.sha256().hex())
        .build();
  }

  static dev.slipway.artifact.v1.Entry entry(Entry entry) {
    dev.slipway.artifact.v1.Entry.Builder message =
        dev.slipway.artifact.v1.Entry.newBuilder()
            .setPath(entry.path().value())
            .setName(entry.path().name());
    if (entry instanceof Artifact artifact) {
      message.setArtifact(artifact(artifact));
    } else if (entry instanceof Directory directory) {
      message.setDirectory(
          dev.slipway.artifact.v1.Directory.newBuilder()
              .setFileCount(directory.fileCount())
              .setSizeBytes(directory.sizeBytes()));
    }
    return message.build();
  }

  static UploadResponse published(ArtifactService.Published published) {
    return UploadResponse.newBuilder()
        .setArtifact(artifact(published.artifact()))
        .setAlreadyPresent(published.alreadyPresent())
        .build();
  }

  static QueryUploadResponse status(ArtifactService.UploadStatus status) {
    QueryUploadResponse.Builder message = QueryUploadResponse.newBuilder();
    status
        .progress()
        .ifPresent(
            progress ->
                message
                    .setState(
                        progress.finishing()
                            ? UploadState.UPLOAD_STATE_FINISHING
                            : UploadState.UPLOAD_STATE_RECEIVING)
                    .setPath(progress.path().value())
                    .setCommittedSizeBytes(progress.committedBytes())
                    .setExpireTime(timestamp(progress.expireTime())));
    status
        .artifact()
        .ifPresent(
            artifact ->
                message
                    .setState(UploadState.UPLOAD_STATE_COMPLETE)
                    .setPath(artifact.path().value())
                    .setCommittedSizeBytes(artifact.sizeBytes())
                    .setArtifact(artifact(artifact)));
    return message.build();
  }

  static DownloadHeader header(ArtifactService.Range range) {
    return DownloadHeader.newBuilder()
        .setArtifact(
            range
                .artifact()
                .map(ArtifactProtos::artifact)
                .orElseGet(() -> content(range.content())))
        .setOffset(range.offset())
        .setLength(range.length())
        .build();
  }

  static dev.slipway.artifact.v1.Manifest manifest(Manifest manifest, Page<ManifestEntry> page) {
    dev.slipway.artifact.v1.Manifest.Builder message =
        dev.slipway.artifact.v1.Manifest.newBuilder()
            .setDigest(manifest.digest().hex())
            .setSizeBytes(manifest.sizeBytes())
            .setFileCount(manifest.fileCount())
            .setCreateTime(timestamp(manifest.createTime()))
            .setNextPageToken(page.nextPageToken());
    for (ManifestEntry entry : page.items()) {
      message.addEntries(manifestEntry(entry));
    }
    return message.build();
  }

  static dev.slipway.artifact.v1.ManifestEntry manifestEntry(ManifestEntry entry) {
    return dev.slipway.artifact.v1.ManifestEntry.newBuilder()
        .setPath(entry.path().value())
        .setSizeBytes(entry.content().sizeBytes())
        .setSha256(entry.content().sha256().hex())
        .build();
  }

  static Timestamp timestamp(Instant instant) {
    return Timestamp.newBuilder()
        .setSeconds(instant.getEpochSecond())
        .setNanos(instant.getNano())
        .build();
  }
}
