package dev.slipway.artifact.blob;

import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Sha256;
import io.minio.AbortMultipartUploadArgs;
import io.minio.ListMultipartUploadsArgs;
import io.minio.ListObjectsArgs;
import io.minio.MinioAsyncClient;
import io.minio.Result;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import io.minio.messages.ListMultipartUploadsResult;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Looks at all that lies in a bucket below a prefix, a page at a time. Thread-safe. */
final class MinioListing {
  private static final Logger log = LoggerFactory.getLogger(MinioListing.class);

  private static final int PAGE = 1000;

  private final MinioAsyncClient client;
  private final String bucket;
  private final String prefix;

  MinioListing(MinioAsyncClient client, String bucket, String prefix) {
    this.client = client;
    this.bucket = bucket;
    this.prefix = prefix;
  }

  /** Returns content in order of its name, which is that of its digest. */
  List<Content> list(Optional<String> afterObject, int limit) throws MinioException {
    ListObjectsArgs.Builder args =
        ListObjectsArgs.builder()
            .bucket(bucket)
            .prefix(prefix)
            .recursive(true)
            .maxKeys(Math.min(PAGE, limit));
    afterObject.ifPresent(args::startAfter);
    List<Content> found = new ArrayList<>();
    // Asks for the next page when this one is used up.
    for (Result<Item> result : client.listObjects(args.build())) {
      Item item = result.get();
      String name = item.objectName().substring(item.objectName().lastIndexOf('/') + 1);
      if (!item.isDir() && Sha256.isValid(name)) {
        found.add(new Content(new Sha256(name), item.size()));
      }
      if (found.size() == limit) {
        break;
      }
    }
    return found;
  }

  /**
   * Ends uploads in parts that were begun before a time, and returns how many. A MinIO server tells
   * of those that it was asked for itself since it started, and ends all of them after a day.
   */
  int discardUploads(Instant before, boolean dryRun) throws MinioException {
    int discarded = 0;
    ListMultipartUploadsResult page = uploads(null, null);
    while (true) {
      for (ListMultipartUploadsResult.Upload upload : page.uploads()) {
        if (upload.objectName().startsWith(prefix)
            && upload.initiated().toInstant().isBefore(before)) {
          if (!dryRun) {
            abort(upload);
          }
          discarded++;
        }
      }
      if (!page.isTruncated()) {
        return discarded;
      }
      page = uploads(page.nextKeyMarker(), page.nextUploadIdMarker());
    }
  }

  private ListMultipartUploadsResult uploads(String keyMarker, String uploadIdMarker)
      throws MinioException {
    return MinioCalls.await(
            client.listMultipartUploads(
                // Without a prefix, which a MinIO server takes for the whole name of an object.
                ListMultipartUploadsArgs.builder()
                    .bucket(bucket)
                    .keyMarker(keyMarker)
                    .uploadIdMarker(uploadIdMarker)
                    .maxUploads(PAGE)
                    .build()))
        .result();
  }

  private void abort(ListMultipartUploadsResult.Upload upload) throws MinioException {
    try {
      var unused =
          MinioCalls.await(
              client.abortMultipartUpload(
                  AbortMultipartUploadArgs.builder()
                      .bucket(bucket)
                      .object(upload.objectName())
                      .uploadId(upload.uploadId())
                      .build()));
    } catch (ErrorResponseException e) {
      if (!e.errorResponse().code().equals("NoSuchUpload")) {
        throw e;
      }
      log.debug("{} was ended meanwhile", upload.objectName(), e);
    }
  }
}
