package dev.slipway.artifact.blob;

import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.ContentDamagedException;
import dev.slipway.artifact.content.Sha256;
import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioClient;
import io.minio.RemoveObjectArgs;
import io.minio.StatObjectArgs;
import io.minio.UploadObjectArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Duration;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Semaphore;
import okhttp3.OkHttpClient;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps content in a bucket of MinIO or any S3-compatible store, as objects {@code blobs/<first two
 * digits>/<digest>}.
 *
 * <p>An object appears when its last byte is in, by the store's own promise. Files above {@value
 * #PART_BYTES} bytes go up in parts of that size; the number of such uploads at a time is bounded,
 * as the SDK holds a part of each in memory. Thread-safe.
 */
public final class MinioBlobStore implements BlobStore {
  private static final Logger log = LoggerFactory.getLogger(MinioBlobStore.class);

  private static final long PART_BYTES = 16L << 20;
  private static final int MAX_UPLOADS_IN_PARTS = 4;
  private static final Duration CONNECT_TIMEOUT = Duration.ofSeconds(10);
  private static final Duration TRANSFER_TIMEOUT = Duration.ofSeconds(60);
  private static final Set<String> ABSENT = Set.of("NoSuchKey", "NoSuchObject");
  private static final Set<String> FULL = Set.of("XMinioStorageFull", "QuotaExceeded");
  private static final Set<String> BUCKET_IS_THERE =
      Set.of("BucketAlreadyOwnedByYou", "BucketAlreadyExists");

  private final MinioClient client;
  private final String bucket;
  private final Semaphore uploadsInParts = new Semaphore(MAX_UPLOADS_IN_PARTS, true);

  /**
   * Connects to the store, and creates the bucket when absent.
   *
   * @throws StoreUnavailableException if the store does not answer or refuses the keys
   */
  public MinioBlobStore(MinioSettings settings) {
    this.bucket = settings.bucket();
    OkHttpClient http =
        new OkHttpClient.Builder()
            .connectTimeout(CONNECT_TIMEOUT)
            .readTimeout(TRANSFER_TIMEOUT)
            .writeTimeout(TRANSFER_TIMEOUT)
            .build();
    this.client =
        MinioClient.builder()
            .endpoint(settings.endpoint())
            .region(settings.region())
            .credentials(settings.accessKey(), settings.secretKey())
            .httpClient(http, true)
            .build();
    try {
      createBucketIfAbsent(settings.region());
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private void createBucketIfAbsent(String region) {
    if (bucketExists()) {
      return;
    }
    call(
        () -> {
          try {
            client.makeBucket(MakeBucketArgs.builder().bucket(bucket).region(region).build());
            log.info("created bucket {}", bucket);
          } catch (ErrorResponseException e) {
            // Another replica may have been faster.
            if (!BUCKET_IS_THERE.contains(e.errorResponse().code())) {
              throw e;
            }
          }
          return null;
        });
  }

  private boolean bucketExists() {
    return call(() -> client.bucketExists(BucketExistsArgs.builder().bucket(bucket).build()));
  }

  @Override
  public void put(Content content, Path file) {
    OptionalLong stored = findSize(content.sha256());
    if (stored.isPresent() && stored.getAsLong() == content.sizeBytes()) {
      return;
    }
    boolean inParts = content.sizeBytes() > PART_BYTES;
    if (inParts) {
      uploadsInParts.acquireUninterruptibly();
    }
    try {
      call(
          () ->
              client.uploadObject(
                  UploadObjectArgs.builder()
                      .bucket(bucket)
                      .object(objectName(content.sha256()))
                      .filename(file.toString(), PART_BYTES)
                      .contentType("application/octet-stream")
                      .build()));
    } finally {
      if (inParts) {
        uploadsInParts.release();
      }
    }
  }

  @Override
  public InputStream open(Content content, long offset, long length) {
    if (length == 0) {
      if (findSize(content.sha256()).isEmpty()) {
        throw new ContentDamagedException(content.sha256(), "it is missing");
      }
      return InputStream.nullInputStream();
    }
    return call(
        () -> {
          try {
            return client.getObject(
                GetObjectArgs.builder()
                    .bucket(bucket)
                    .object(objectName(content.sha256()))
                    .offset(offset)
                    .length(length)
                    .build());
          } catch (ErrorResponseException e) {
            if (ABSENT.contains(e.errorResponse().code())) {
              throw new ContentDamagedException(content.sha256(), "it is missing");
            }
            if (e.errorResponse().code().equals("InvalidRange")) {
              throw new ContentDamagedException(content.sha256(), "it is shorter than it was");
            }
            throw e;
          }
        });
  }

  @Override
  public OptionalLong findSize(Sha256 sha256) {
    return call(
        () -> {
          try {
            return OptionalLong.of(
                client
                    .statObject(
                        StatObjectArgs.builder().bucket(bucket).object(objectName(sha256)).build())
                    .size());
          } catch (ErrorResponseException e) {
            if (ABSENT.contains(e.errorResponse().code())) {
              return OptionalLong.empty();
            }
            throw e;
          }
        });
  }

  @Override
  public void delete(Sha256 sha256) {
    call(
        () -> {
          client.removeObject(
              RemoveObjectArgs.builder().bucket(bucket).object(objectName(sha256)).build());
          return null;
        });
  }

  @Override
  public boolean answers() {
    try {
      return bucketExists();
    } catch (StoreUnavailableException e) {
      log.debug("the store does not answer", e);
      return false;
    }
  }

  @Override
  public void close() {
    try {
      client.close();
    } catch (Exception e) {
      log.warn("the client of the store did not close", e);
    }
  }

  /** Is one call of the SDK. */
  private interface StoreCall<T> {
    T make() throws MinioException;
  }

  private static <T> T call(StoreCall<T> call) {
    try {
      return call.make();
    } catch (ErrorResponseException e) {
      throw FULL.contains(e.errorResponse().code())
          ? new NoSpaceException(e)
          : new StoreUnavailableException(e);
    } catch (MinioException e) {
      throw new StoreUnavailableException(e);
    } catch (IllegalStateException e) {
      // What the SDK makes of an IOException of its HTTP client: connection refused, reset, timed
      // out.
      throw e.getCause() instanceof IOException ? new StoreUnavailableException(e) : e;
    }
  }

  private static String objectName(Sha256 sha256) {
    return "blobs/" + sha256.hex().substring(0, 2) + '/' + sha256.hex();
  }
}
