package dev.slipway.artifact.blob;

import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.ContentDamagedException;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.upload.PartPlan;
import io.minio.BucketExistsArgs;
import io.minio.GetObjectArgs;
import io.minio.MakeBucketArgs;
import io.minio.MinioAsyncClient;
import io.minio.MinioClient;
import io.minio.RemoveObjectArgs;
import io.minio.StatObjectArgs;
import io.minio.UploadObjectArgs;
import io.minio.errors.ErrorResponseException;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
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
 * <p>An object appears when its last byte is in, by the store's own promise. Large files go up in
 * parts. As the SDK holds a part of each file in memory, the memory of all is bounded; so is their
 * number, as each has a thread of the server. Thread-safe.
 */
public final class MinioBlobStore implements BlobStore {
  private static final Logger log = LoggerFactory.getLogger(MinioBlobStore.class);

  private static final String PREFIX = "blobs/";
  private static final long MEBIBYTE = 1 << 20;
  // Of the server's 64 handlers and more, most stay free for others while the store is slow.
  private static final int MAX_PUTS = 24;
  // What is smaller is sent as fast as it is asked for.
  private static final long ASKED_BYTES = MEBIBYTE / 4;
  private static final Set<String> BUCKET_IS_THERE =
      Set.of("BucketAlreadyOwnedByYou", "BucketAlreadyExists");

  private final MinioClient client;
  private final String bucket;
  private final MinioClient probe;
  private final DirectTransfers direct;
  private final MinioAsyncClient async;
  private final MinioListing listing;
  private final Semaphore puts = new Semaphore(MAX_PUTS);
  private final int memoryMebibytes =
      (int) Math.max(64, Math.min(512, Runtime.getRuntime().maxMemory() / MEBIBYTE / 8));
  private final Semaphore memory = new Semaphore(memoryMebibytes, true);

  /**
   * Connects to the store, and creates the bucket when absent.
   *
   * @throws StoreUnavailableException if the store does not answer or refuses the keys
   */
  public MinioBlobStore(MinioSettings settings) {
    this.bucket = settings.bucket();
    MinioHttp http = new MinioHttp(settings);
    OkHttpClient transfers = http.transfers();
    this.client = client(settings, transfers);
    this.direct = new DirectTransfers(settings, http.joins(), DirectTransfers.MAX_COPY_BYTES);
    this.async =
        MinioAsyncClient.builder()
            .endpoint(settings.endpoint())
            .region(settings.region())
            .credentials(settings.accessKey(), settings.secretKey())
            .httpClient(transfers, true)
            .build();
    this.listing = new MinioListing(async, bucket, PREFIX);
    this.probe = client(settings, http.probes());
    try {
      createBucketIfAbsent(settings.region());
    } catch (RuntimeException e) {
      close();
      throw e;
    }
  }

  private static MinioClient client(MinioSettings settings, OkHttpClient http) {
    return MinioClient.builder()
        .endpoint(settings.endpoint())
        .region(settings.region())
        .credentials(settings.accessKey(), settings.secretKey())
        .httpClient(http, true)
        .build();
  }

  private void createBucketIfAbsent(String region) {
    if (bucketExists(client)) {
      return;
    }
    MinioCalls.call(
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

  private boolean bucketExists(MinioClient asked) {
    return MinioCalls.call(
        () -> asked.bucketExists(BucketExistsArgs.builder().bucket(bucket).build()));
  }

  @Override
  public void put(Content content, Path file) {
    put(content, file, false);
  }

  @Override
  public void replace(Content content, Path file) {
    put(content, file, true);
  }

  private void put(Content content, Path file, boolean anew) {
    if (!puts.tryAcquire()) {
      throw new StoreBusyException();
    }
    try {
      if (anew || content.sizeBytes() < ASKED_BYTES || !ensureDurable(content)) {
        upload(content, file);
      }
    } finally {
      puts.release();
    }
  }

  private void upload(Content content, Path file) {
    long partBytes = PartPlan.partSizeBytes(content.sizeBytes());
    // A part that is larger than all the memory, of an upload that was begun with more, goes alone.
    long mebibytes = Math.min(partBytes, content.sizeBytes()) / MEBIBYTE + 1;
    int held = (int) Math.min(mebibytes, memoryMebibytes);
    memory.acquireUninterruptibly(held);
    try {
      MinioCalls.call(
          () ->
              client.uploadObject(
                  UploadObjectArgs.builder()
                      .bucket(bucket)
                      .object(objectName(content.sha256()))
                      .filename(file.toString(), partBytes)
                      .contentType("application/octet-stream")
                      .build()));
    } finally {
      memory.release(held);
    }
  }

  @Override
  public boolean ensureDurable(Content content) {
    OptionalLong stored = findSize(content.sha256());
    return stored.isPresent() && stored.getAsLong() == content.sizeBytes();
  }

  /** Returns how much goes in as many parts as there may be, of which one fits into memory. */
  @Override
  public long maxContentBytes() {
    long wholePart = (memoryMebibytes - 1) * MEBIBYTE;
    return Math.min(DirectTransfers.MAX_CONTENT_BYTES, PartPlan.MAX_PARTS * wholePart);
  }

  @Override
  public InputStream open(Content content, long offset, long length) {
    if (length == 0) {
      if (findSize(content.sha256()).isEmpty()) {
        throw new ContentDamagedException(content.sha256(), "it is missing");
      }
      return InputStream.nullInputStream();
    }
    return MinioCalls.call(
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
            if (MinioCalls.isAbsent(e)) {
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
    return MinioCalls.call(
        () -> {
          try {
            return OptionalLong.of(
                client
                    .statObject(
                        StatObjectArgs.builder().bucket(bucket).object(objectName(sha256)).build())
                    .size());
          } catch (ErrorResponseException e) {
            if (MinioCalls.isAbsent(e)) {
              return OptionalLong.empty();
            }
            throw e;
          }
        });
  }

  @Override
  public List<Content> list(Optional<Sha256> after, int limit) {
    return MinioCalls.call(() -> listing.list(after.map(MinioBlobStore::objectName), limit));
  }

  @Override
  public int discardLeftovers(Instant before, boolean dryRun) {
    return MinioCalls.call(() -> listing.discardUploads(before, dryRun));
  }

  @Override
  public void delete(Sha256 sha256) {
    MinioCalls.call(
        () -> {
          client.removeObject(
              RemoveObjectArgs.builder().bucket(bucket).object(objectName(sha256)).build());
          return null;
        });
  }

  @Override
  public Optional<DirectTransfers> direct() {
    return Optional.of(direct);
  }

  @Override
  public boolean answers() {
    try {
      return bucketExists(probe);
    } catch (RuntimeException e) {
      log.debug("the store does not answer", e);
      return false;
    }
  }

  @Override
  public void close() {
    close(direct);
    close(probe);
    close(async);
    close(client);
  }

  private static void close(AutoCloseable client) {
    try {
      client.close();
    } catch (Exception e) {
      log.warn("the client of the store did not close", e);
    }
  }

  static String objectName(Sha256 sha256) {
    return PREFIX + sha256.hex().substring(0, 2) + '/' + sha256.hex();
  }
}
