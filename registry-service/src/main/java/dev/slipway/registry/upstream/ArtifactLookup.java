package dev.slipway.registry.upstream;

import com.google.protobuf.ByteString;
import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingStub;
import dev.slipway.artifact.v1.DownloadRequest;
import dev.slipway.artifact.v1.DownloadResponse;
import dev.slipway.artifact.v1.GetManifestRequest;
import dev.slipway.artifact.v1.Manifest;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.artifact.v1.ReleaseSnapshotRequest;
import dev.slipway.artifact.v1.SnapshotRequest;
import dev.slipway.registry.version.ModelFileInvalidException;
import dev.slipway.registry.version.PackageNotFoundException;
import dev.slipway.registry.version.PackageTooLargeException;
import dev.slipway.registry.version.Sha256;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.ServiceException;
import io.grpc.Channel;
import io.grpc.StatusRuntimeException;
import java.time.Duration;
import java.util.Iterator;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * Freezes and reads packages in the artifact service. Thread-safe; calls block for at most 30
 * seconds each.
 */
public final class ArtifactLookup {
  private static final Duration DEADLINE = Duration.ofSeconds(30);
  private static final String SERVICE = "artifact";
  private static final String MODEL_FILE = "MLmodel";
  private static final int MAX_MODEL_FILE_BYTES = 4 << 20;

  private final ArtifactServiceBlockingStub stub;

  /** Creates the lookup over a channel that the caller owns. */
  public ArtifactLookup(Channel channel) {
    stub = ArtifactServiceGrpc.newBlockingStub(channel);
  }

  /**
   * Is a frozen folder.
   *
   * @param modelFile content digest of the {@code MLmodel} at its root; absent when it has none
   */
  public record FrozenFolder(Sha256 digest, long sizeBytes, Optional<Sha256> modelFile) {}

  /**
   * Freezes a folder for a holder.
   *
   * @throws PackageNotFoundException if there are no files below the path
   * @throws PackageTooLargeException if there are too many
   * @throws ModelFileInvalidException if its {@code MLmodel} has more than 4 MiB
   * @throws UpstreamUnavailableException if the service does not answer
   */
  public FrozenFolder freeze(String path, String holder) {
    try {
      Manifest page =
          withDeadline()
              .snapshot(SnapshotRequest.newBuilder().setPath(path).setHolder(holder).build());
      return new FrozenFolder(
          new Sha256(page.getDigest()), page.getSizeBytes(), findModelFile(page, path));
    } catch (StatusRuntimeException e) {
      throw translate(e, path);
    }
  }

  /**
   * Reads a whole small file.
   *
   * @throws UpstreamUnavailableException if the service does not answer
   */
  public byte[] read(Sha256 content) {
    try {
      ByteString bytes = ByteString.EMPTY;
      Iterator<DownloadResponse> messages =
          withDeadline().download(DownloadRequest.newBuilder().setSha256(content.hex()).build());
      while (messages.hasNext()) {
        bytes = bytes.concat(messages.next().getChunk().getData());
      }
      return bytes.toByteArray();
    } catch (StatusRuntimeException e) {
      throw translate(e, content.hex());
    }
  }

  /**
   * Lets go of what a holder keeps; harmless when it keeps nothing.
   *
   * @throws UpstreamUnavailableException if the service does not answer
   */
  public void release(String holder) {
    try {
      var unused =
          withDeadline()
              .releaseSnapshot(ReleaseSnapshotRequest.newBuilder().setHolder(holder).build());
    } catch (StatusRuntimeException e) {
      throw translate(e, holder);
    }
  }

  private Optional<Sha256> findModelFile(Manifest first, String path) {
    Manifest page = first;
    while (true) {
      for (ManifestEntry entry : page.getEntriesList()) {
        if (entry.getPath().equals(MODEL_FILE)) {
          if (entry.getSizeBytes() > MAX_MODEL_FILE_BYTES) {
            throw new ModelFileInvalidException(
                path, "it has " + entry.getSizeBytes() + " bytes; at most 4 MiB are read", null);
          }
          return Optional.of(new Sha256(entry.getSha256()));
        }
        if (entry.getPath().compareTo(MODEL_FILE) > 0) {
          // Entries are sorted by bytes, and the name is ASCII.
          return Optional.empty();
        }
      }
      if (page.getNextPageToken().isEmpty()) {
        return Optional.empty();
      }
      page =
          withDeadline()
              .getManifest(
                  GetManifestRequest.newBuilder()
                      .setDigest(first.getDigest())
                      .setPageToken(page.getNextPageToken())
                      .build());
    }
  }

  private ArtifactServiceBlockingStub withDeadline() {
    return stub.withDeadlineAfter(DEADLINE.toMillis(), TimeUnit.MILLISECONDS);
  }

  private static ServiceException translate(StatusRuntimeException failure, String path) {
    return switch (failure.getStatus().getCode()) {
      case NOT_FOUND -> new PackageNotFoundException(path);
      case INVALID_ARGUMENT ->
          InvalidRequestException.of(
              "source", String.valueOf(failure.getStatus().getDescription()));
      case FAILED_PRECONDITION -> new PackageTooLargeException(path);
      case UNAVAILABLE, DEADLINE_EXCEEDED, CANCELLED, RESOURCE_EXHAUSTED ->
          new UpstreamUnavailableException(SERVICE, failure);
      default -> new UpstreamFailureException(SERVICE, failure);
    };
  }
}
