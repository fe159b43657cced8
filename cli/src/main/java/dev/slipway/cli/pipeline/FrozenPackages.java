package dev.slipway.cli.pipeline;

import com.google.protobuf.ByteString;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingStub;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.Manifest;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.MLmodel;
import java.util.Iterator;
import java.util.Optional;

/** Reads descriptions out of packages as they were when they were registered. Not thread-safe. */
final class FrozenPackages {
  /** More than a description may have, which is 2 Mi characters. */
  private static final long MAX_BYTES = 8L << 20;

  private final ArtifactServiceBlockingStub artifacts;

  FrozenPackages(ArtifactServiceBlockingStub artifacts) {
    this.artifacts = artifacts;
  }

  /**
   * Finds the description of a package; empty when it has none.
   *
   * @throws io.grpc.StatusRuntimeException if the artifact service does not answer
   * @throws ModelPackageException if it is malformed or too large
   */
  Optional<MLmodel> find(String digest) {
    return entry(digest).map(entry -> MLmodel.parse(download(entry).toByteArray()));
  }

  private Optional<ManifestEntry> entry(String digest) {
    String pageToken = "";
    do {
      Manifest page =
          artifacts.getManifest(
              GetManifestRequest.newBuilder().setDigest(digest).setPageToken(pageToken).build());
      Optional<ManifestEntry> found =
          page.getEntriesList().stream()
              .filter(entry -> entry.getPath().equals(MLmodel.FILE_NAME))
              .findFirst();
      if (found.isPresent()) {
        return found;
      }
      pageToken = page.getNextPageToken();
    } while (!pageToken.isEmpty());
    return Optional.empty();
  }

  private ByteString download(ManifestEntry entry) {
    if (entry.getSizeBytes() > MAX_BYTES) {
      throw new ModelPackageException(
          MLmodel.FILE_NAME + " is too large: " + entry.getSizeBytes() + " bytes");
    }
    Iterator<DownloadResponse> responses =
        artifacts.download(DownloadRequest.newBuilder().setSha256(entry.getSha256()).build());
    ByteString content = ByteString.EMPTY;
    while (responses.hasNext()) {
      content = content.concat(responses.next().getChunk().getData());
    }
    return content;
  }
}
