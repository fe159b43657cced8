package dev.slipway.client;

import dev.slipway.artifact.v1.ArtifactServiceGrpc;
import dev.slipway.artifact.v1.ArtifactServiceGrpc.ArtifactServiceBlockingV2Stub;
import dev.slipway.artifact.v1.AssetContent;
import dev.slipway.artifact.v1.AssetServiceGrpc;
import dev.slipway.artifact.v1.AssetServiceGrpc.AssetServiceBlockingV2Stub;
import dev.slipway.artifact.v1.AssetVersion;
import dev.slipway.artifact.v1.DeleteRequest;
import dev.slipway.artifact.v1.PushAssetRequest;
import dev.slipway.artifact.v1.UpdateAssetRequest;
import io.grpc.Channel;
import io.grpc.StatusException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Pushes local files and folders as versions of assets: uploads them to a path of their own, and
 * turns that into the version in one step. A cut connection pushes nothing twice.
 *
 * <p>All methods block, throw {@link TransferException} when the service refuses or stays away,
 * other {@link IOException}s for the local disk, and {@link InterruptedException} when the thread
 * is interrupted; then there is no version, but for a service that went away while it answered.
 * Thread-safe.
 */
public final class AssetUploads {
  private static final Logger log = LoggerFactory.getLogger(AssetUploads.class);

  private static final String STAGING = ".asset-uploads/";
  // Recording a million files takes its time.
  private static final long PUSH_SECONDS = 600;
  private static final long DELETE_SECONDS = 10;

  private final AssetServiceBlockingV2Stub assets;
  private final ArtifactServiceBlockingV2Stub artifacts;
  private final ArtifactTransfers transfers;

  /** Creates uploads over a channel of the artifact service. */
  public AssetUploads(Channel channel) {
    this.assets = AssetServiceGrpc.newBlockingV2Stub(channel);
    this.artifacts = ArtifactServiceGrpc.newBlockingV2Stub(channel);
    this.transfers = new ArtifactTransfers(channel);
  }

  /**
   * Pushes a new asset, or a given version of one.
   *
   * @param files a file, or a folder with at least one file
   * @param request what to push; the source of the files and {@code request_id} are set here
   */
  public AssetVersion push(Path files, PushAssetRequest request, TransferListener listener)
      throws IOException, InterruptedException {
    return upload(
        files,
        listener,
        (content, id) ->
            stub()
                .pushAsset(
                    request.toBuilder()
                        .setContent(request.getContent().toBuilder().mergeFrom(content))
                        .setRequestId(id)
                        .build()));
  }

  /**
   * Pushes the next version of an asset.
   *
   * @param files a file, or a folder with at least one file
   * @param request what to push; the source of the files and {@code request_id} are set here
   */
  public AssetVersion update(Path files, UpdateAssetRequest request, TransferListener listener)
      throws IOException, InterruptedException {
    return upload(
        files,
        listener,
        (content, id) ->
            stub()
                .updateAsset(
                    request.toBuilder()
                        .setContent(request.getContent().toBuilder().mergeFrom(content))
                        .setRequestId(id)
                        .build()));
  }

  private AssetServiceBlockingV2Stub stub() {
    return assets.withDeadlineAfter(PUSH_SECONDS, TimeUnit.SECONDS);
  }

  /** Turns what was uploaded into a version. */
  private interface Push {
    AssetVersion make(AssetContent content, String requestId) throws StatusException;
  }

  private AssetVersion upload(Path files, TransferListener listener, Push push)
      throws IOException, InterruptedException {
    String id = UUID.randomUUID().toString();
    String staging = STAGING + id;
    boolean pushed = false;
    try {
      String path = staging;
      long count = 1;
      if (Files.isDirectory(files)) {
        count = transfers.uploadFolder(files, staging, listener).files();
        if (count == 0) {
          throw new IOException(files + " has no files");
        }
      } else {
        path = staging + '/' + files.getFileName();
        transfers.uploadFile(files, path, listener);
      }
      // The service may take long uploads for given up, and has removed some of them.
      AssetContent content =
          AssetContent.newBuilder().setPath(path).setDeleteSource(true).setFileCount(count).build();
      AssetVersion version = transfers.retrying("push of " + files, () -> push.make(content, id));
      pushed = true;
      return version;
    } finally {
      if (!pushed) {
        deleteQuietly(staging);
      }
    }
  }

  private void deleteQuietly(String staging) {
    // Who interrupts the push wants this nevertheless.
    boolean interrupted = Thread.interrupted();
    try {
      var unused =
          artifacts
              .withDeadlineAfter(DELETE_SECONDS, TimeUnit.SECONDS)
              .delete(
                  DeleteRequest.newBuilder()
                      .setPath(staging)
                      .setRecursive(true)
                      .setAllowMissing(true)
                      .build());
    } catch (StatusException e) {
      // The failure that brought us here is the one to tell.
      log.debug("could not remove {}", staging, e);
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
    }
  }
}
