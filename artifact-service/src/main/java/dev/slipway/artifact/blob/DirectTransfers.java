package dev.slipway.artifact.blob;

import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.upload.PartPlan;
import dev.slipway.artifact.upload.UploadId;
import io.minio.AbortMultipartUploadArgs;
import io.minio.CompleteMultipartUploadArgs;
import io.minio.ComposeObjectArgs;
import io.minio.CopyObjectArgs;
import io.minio.CreateMultipartUploadArgs;
import io.minio.GetObjectArgs;
import io.minio.GetObjectResponse;
import io.minio.GetPresignedObjectUrlArgs;
import io.minio.Http;
import io.minio.ListMultipartUploadsArgs;
import io.minio.ListObjectsArgs;
import io.minio.ListPartsArgs;
import io.minio.MinioAsyncClient;
import io.minio.MinioClient;
import io.minio.RemoveObjectArgs;
import io.minio.Result;
import io.minio.SourceObject;
import io.minio.StatObjectArgs;
import io.minio.StatObjectResponse;
import io.minio.UploadPartCopyArgs;
import io.minio.errors.ErrorResponseException;
import io.minio.errors.MinioException;
import io.minio.messages.Item;
import io.minio.messages.ListMultipartUploadsResult;
import io.minio.messages.ListPartsResult;
import io.minio.messages.Part;
import java.io.InputStream;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import java.util.function.Consumer;
import okhttp3.OkHttpClient;

/**
 * Lets clients move bytes straight to an S3-compatible store and from it, by presigned URLs.
 *
 * <p>What comes up lies as object {@code uploads/<upload id>}, of which nobody is told, until it
 * has been verified and is copied under its digest. Thread-safe. Every method but those that sign
 * may throw {@link StoreUnavailableException}.
 */
public final class DirectTransfers implements AutoCloseable {
  private static final String PREFIX = "uploads/";
  private static final String NO_SUCH_UPLOAD = "NoSuchUpload";
  private static final String INVALID_PART = "InvalidPart";
  private static final int PRECONDITION_FAILED = 412;
  private static final int MAX_LISTED = 1000;

  /** The most bytes that a file has, which is the limit of S3. */
  public static final long MAX_CONTENT_BYTES = 5L << 40;

  /** The most bytes that one request copies; S3 takes 5 GiB, but says nothing meanwhile. */
  static final long MAX_COPY_BYTES = 1L << 30;

  private final MinioAsyncClient parts;
  private final MinioClient objects;
  private final MinioClient signer;
  private final SizedUrls sizedUrls;
  private final String bucket;
  private final long maxCopyBytes;

  /**
   * Connects to nobody.
   *
   * @param http for requests that the store may need minutes to answer; closed with this
   * @param maxCopyBytes the most bytes that one request copies, 5 MiB to 5 GiB; more only where a
   *     file would have too many parts
   */
  DirectTransfers(MinioSettings settings, OkHttpClient http, long maxCopyBytes) {
    this.bucket = settings.bucket();
    this.maxCopyBytes = maxCopyBytes;
    this.sizedUrls = new SizedUrls(settings, Clock.systemUTC());
    this.parts =
        MinioAsyncClient.builder()
            .endpoint(settings.endpoint())
            .region(settings.region())
            .credentials(settings.accessKey(), settings.secretKey())
            .httpClient(http, true)
            .build();
    this.objects =
        MinioClient.builder()
            .endpoint(settings.endpoint())
            .region(settings.region())
            .credentials(settings.accessKey(), settings.secretKey())
            .httpClient(http)
            .build();
    // Signs and never calls, as the store may be known by this name to clients alone.
    this.signer =
        MinioClient.builder()
            .endpoint(settings.publicEndpoint().orElse(settings.endpoint()))
            .region(settings.region())
            .credentials(settings.accessKey(), settings.secretKey())
            .httpClient(http)
            .build();
  }

  /**
   * Is a part that the store has.
   *
   * @param etag the store's name of its bytes, without quotes
   * @param sizeBytes number of bytes
   */
  public record StoredPart(String etag, long sizeBytes) {}

  /**
   * Is what was joined, while it is read. The stream belongs to the caller, who closes it.
   *
   * @param bytes all of it
   * @param etag the store's name of these very bytes, as it gave it
   */
  public record Joined(InputStream bytes, String etag) {}

  /** Begins an upload in parts and returns the store's own name of it. */
  public String begin(UploadId id) {
    return MinioCalls.call(() -> begin(objectName(id)));
  }

  private String begin(String object) throws MinioException {
    return MinioCalls.await(
            parts.createMultipartUpload(
                CreateMultipartUploadArgs.builder()
                    .bucket(bucket)
                    .object(object)
                    .headers(new Http.Headers("Content-Type", "application/octet-stream"))
                    .build()))
        .result()
        .uploadId();
  }

  /**
   * Returns a URL to which one part can be sent. Asks nobody.
   *
   * @param sizeBytes how many bytes the part has, when it is known; the store then refuses a part
   *     that has more or fewer
   */
  public String partUrl(
      UploadId id,
      String storeUploadId,
      int partNumber,
      OptionalLong sizeBytes,
      Duration lifetime) {
    String signed =
        sign(
            GetPresignedObjectUrlArgs.builder()
                .method(Http.Method.PUT)
                .bucket(bucket)
                .object(objectName(id))
                .expiry((int) lifetime.toSeconds(), TimeUnit.SECONDS)
                .extraQueryParams(
                    Map.of("partNumber", Integer.toString(partNumber), "uploadId", storeUploadId))
                .build());
    return sizeBytes.isEmpty()
        ? signed
        : MinioCalls.call(() -> sizedUrls.sign(signed, sizeBytes.getAsLong(), lifetime));
  }

  /**
   * Returns a URL by which content can be read. Asks nobody.
   *
   * @param fileName under which a browser saves it
   * @param contentType what a browser is told that it is
   */
  public String downloadUrl(
      Content content, String fileName, String contentType, Duration lifetime) {
    return sign(
        GetPresignedObjectUrlArgs.builder()
            .method(Http.Method.GET)
            .bucket(bucket)
            .object(MinioBlobStore.objectName(content.sha256()))
            .expiry((int) lifetime.toSeconds(), TimeUnit.SECONDS)
            .extraQueryParams(
                Map.of(
                    "response-content-disposition",
                    disposition(fileName),
                    "response-content-type",
                    contentType))
            .build());
  }

  /** Names a file as RFC 6266 says; never to be shown in place, as anybody may have uploaded it. */
  private static String disposition(String fileName) {
    return "attachment; filename*=UTF-8''"
        + URLEncoder.encode(fileName, StandardCharsets.UTF_8)
            .replace("+", "%20")
            .replace("*", "%2A");
  }

  private String sign(GetPresignedObjectUrlArgs args) {
    return MinioCalls.call(() -> signer.getPresignedObjectUrl(args));
  }

  /** Returns the parts that the store has; empty when it knows no such upload (any more). */
  public Optional<SortedMap<Integer, StoredPart>> findParts(UploadId id, String storeUploadId) {
    return MinioCalls.call(
        () -> {
          SortedMap<Integer, StoredPart> found = new TreeMap<>();
          int marker = 0;
          ListPartsResult page;
          do {
            try {
              page = listParts(id, storeUploadId, marker);
            } catch (ErrorResponseException e) {
              if (e.errorResponse().code().equals(NO_SUCH_UPLOAD)) {
                return Optional.empty();
              }
              throw e;
            }
            for (Part part : page.parts()) {
              found.put(part.partNumber(), new StoredPart(unquoted(part.etag()), part.partSize()));
              marker = part.partNumber();
            }
          } while (page.isTruncated() && !page.parts().isEmpty());
          return Optional.of(found);
        });
  }

  private ListPartsResult listParts(UploadId id, String storeUploadId, int marker)
      throws MinioException {
    ListPartsArgs.Builder args =
        ListPartsArgs.builder()
            .bucket(bucket)
            .object(objectName(id))
            .uploadId(storeUploadId)
            .maxParts(MAX_LISTED);
    if (marker > 0) {
      args.partNumberMarker(marker);
    }
    return MinioCalls.await(parts.listParts(args.build())).result();
  }

  /** Returns a tag as it is compared: some stores put it in quotes. */
  public static String unquoted(String etag) {
    return etag.length() > 1 && etag.startsWith("\"") && etag.endsWith("\"")
        ? etag.substring(1, etag.length() - 1)
        : etag;
  }

  /**
   * Joins parts, after which none can be sent any more. Does nothing when they are joined already.
   *
   * @param etags by part number
   * @return whether the store had all of these parts
   */
  public boolean join(UploadId id, String storeUploadId, SortedMap<Integer, String> etags) {
    Part[] joined =
        etags.entrySet().stream()
            .map(part -> new Part(part.getKey(), part.getValue()))
            .toArray(Part[]::new);
    return MinioCalls.call(
        () -> {
          try {
            join(objectName(id), storeUploadId, joined);
            return true;
          } catch (ErrorResponseException e) {
            return switch (e.errorResponse().code()) {
              case NO_SUCH_UPLOAD -> true;
              case INVALID_PART -> false;
              default -> throw e;
            };
          }
        });
  }

  private void join(String object, String storeUploadId, Part[] joined) throws MinioException {
    var unused =
        MinioCalls.await(
            parts.completeMultipartUpload(
                CompleteMultipartUploadArgs.builder()
                    .bucket(bucket)
                    .object(object)
                    .uploadId(storeUploadId)
                    .parts(joined)
                    .build()));
  }

  /** Returns what the parts of an upload were joined to, as if it were one part. */
  public Optional<StoredPart> findJoined(UploadId id) {
    return MinioCalls.call(
        () -> {
          try {
            StatObjectResponse joined =
                objects.statObject(
                    StatObjectArgs.builder().bucket(bucket).object(objectName(id)).build());
            return Optional.of(new StoredPart(unquoted(joined.etag()), joined.size()));
          } catch (ErrorResponseException e) {
            if (MinioCalls.isAbsent(e)) {
              return Optional.empty();
            }
            throw e;
          }
        });
  }

  /** Opens what was joined; the caller closes. Empty when there is nothing. */
  public Optional<Joined> openJoined(UploadId id) {
    return MinioCalls.call(
        () -> {
          try {
            GetObjectResponse bytes =
                objects.getObject(
                    GetObjectArgs.builder().bucket(bucket).object(objectName(id)).build());
            return Optional.of(new Joined(bytes, bytes.headers().get("ETag")));
          } catch (ErrorResponseException e) {
            if (MinioCalls.isAbsent(e)) {
              return Optional.empty();
            }
            throw e;
          }
        });
  }

  /**
   * Stores what was joined as content that the caller has found it to be. It appears whole or not
   * at all.
   *
   * @param etag of what the caller has read
   * @return whether just that is still there
   */
  public boolean keep(UploadId id, String etag, Content content) {
    return MinioCalls.call(
        () -> {
          // With size and tag, which are known, the SDK does not ask for them.
          SourceObject source =
              new SourceObject(
                  SourceObject.builder().bucket(bucket).object(objectName(id)).build(),
                  content.sizeBytes(),
                  etag);
          try {
            if (content.sizeBytes() <= maxCopyBytes) {
              copy(source, MinioBlobStore.objectName(content.sha256()));
            } else {
              copyInParts(source, content);
            }
            return true;
          } catch (ErrorResponseException e) {
            if (MinioCalls.isAbsent(e) || e.response().code() == PRECONDITION_FAILED) {
              return false;
            }
            throw e;
          }
        });
  }

  private void copy(SourceObject source, String object) throws MinioException {
    objects.copyObject(
        CopyObjectArgs.builder().bucket(bucket).object(object).source(source).build());
  }

  /**
   * Copies part by part; each is refused when the source is another meanwhile. The SDK's own copy
   * of so much never ends for just 5 GiB, and asks for all parts at once above.
   */
  private void copyInParts(SourceObject source, Content content) throws MinioException {
    String object = MinioBlobStore.objectName(content.sha256());
    PartPlan plan =
        PartPlan.of(
            content.sizeBytes(),
            Math.max(maxCopyBytes, PartPlan.leastPartBytes(content.sizeBytes())));
    String storeUploadId = begin(object);
    try {
      Part[] copied = new Part[plan.partCount()];
      for (int number = 1; number <= copied.length; number++) {
        copied[number - 1] = copyPart(source, object, storeUploadId, plan, number);
      }
      join(object, storeUploadId, copied);
    } catch (MinioException | RuntimeException e) {
      try {
        abort(object, storeUploadId);
      } catch (MinioException | RuntimeException suppressed) {
        e.addSuppressed(suppressed);
      }
      throw e;
    }
  }

  private Part copyPart(
      SourceObject source, String object, String storeUploadId, PartPlan plan, int number)
      throws MinioException {
    long first = plan.offset(number);
    Http.Headers headers = source.makeCopyHeaders();
    headers.set(
        Http.Headers.X_AMZ_COPY_SOURCE_RANGE,
        "bytes=" + first + '-' + (first + plan.sizeBytes(number) - 1));
    // The builder of UploadPartCopyArgs cannot make one.
    ComposeObjectArgs target =
        ComposeObjectArgs.builder()
            .bucket(bucket)
            .object(object)
            .sources(new ArrayList<>(List.of(source)))
            .build();
    return MinioCalls.await(
            parts.uploadPartCopy(new UploadPartCopyArgs(target, storeUploadId, number, headers)))
        .part();
  }

  /** Removes what an upload has in the store, joined or in parts. Idempotent. */
  public void discard(UploadId id, String storeUploadId) {
    MinioCalls.call(
        () -> {
          abort(objectName(id), storeUploadId);
          return null;
        });
    discardJoined(id);
  }

  /** Removes what was joined. Idempotent. */
  public void discardJoined(UploadId id) {
    MinioCalls.call(
        () -> {
          objects.removeObject(
              RemoveObjectArgs.builder().bucket(bucket).object(objectName(id)).build());
          return null;
        });
  }

  /** Tells of each upload that was joined before a time; it may be discarded meanwhile. */
  public void forEachJoined(Instant before, Consumer<UploadId> told) {
    MinioCalls.call(
        () -> {
          // Asks for the next page when this one is used up.
          for (Result<Item> result :
              objects.listObjects(
                  ListObjectsArgs.builder()
                      .bucket(bucket)
                      .prefix(PREFIX)
                      .recursive(true)
                      .maxKeys(MAX_LISTED)
                      .build())) {
            Item item = result.get();
            if (!item.isDir() && item.lastModified().toInstant().isBefore(before)) {
              uploadId(item.objectName()).ifPresent(told);
            }
          }
          return null;
        });
  }

  /**
   * Tells of each upload that was begun before a time and not joined, by our name and the store's;
   * it may be abandoned meanwhile. A MinIO server tells of those that it was asked for itself since
   * it started, and ends all of them after a day.
   */
  public void forEachBegun(Instant before, BiConsumer<UploadId, String> told) {
    MinioCalls.call(
        () -> {
          ListMultipartUploadsResult page = listBegun(null, null);
          while (true) {
            for (ListMultipartUploadsResult.Upload upload : page.uploads()) {
              if (upload.initiated().toInstant().isBefore(before)) {
                uploadId(upload.objectName()).ifPresent(id -> told.accept(id, upload.uploadId()));
              }
            }
            if (!page.isTruncated()) {
              return null;
            }
            page = listBegun(page.nextKeyMarker(), page.nextUploadIdMarker());
          }
        });
  }

  private ListMultipartUploadsResult listBegun(String keyMarker, String uploadIdMarker)
      throws MinioException {
    return MinioCalls.await(
            parts.listMultipartUploads(
                // Without a prefix, which a MinIO server takes for the whole name of an object.
                ListMultipartUploadsArgs.builder()
                    .bucket(bucket)
                    .keyMarker(keyMarker)
                    .uploadIdMarker(uploadIdMarker)
                    .maxUploads(MAX_LISTED)
                    .build()))
        .result();
  }

  private static Optional<UploadId> uploadId(String objectName) {
    return Optional.of(objectName)
        .filter(name -> name.startsWith(PREFIX))
        .map(name -> name.substring(PREFIX.length()))
        .filter(UploadId::isValid)
        .map(UploadId::new);
  }

  /** Ends what nobody has been told of. Idempotent. */
  public void abandon(UploadId id, String storeUploadId) {
    MinioCalls.call(
        () -> {
          abort(objectName(id), storeUploadId);
          return null;
        });
  }

  private void abort(String object, String storeUploadId) throws MinioException {
    try {
      var unused =
          MinioCalls.await(
              parts.abortMultipartUpload(
                  AbortMultipartUploadArgs.builder()
                      .bucket(bucket)
                      .object(object)
                      .uploadId(storeUploadId)
                      .build()));
    } catch (ErrorResponseException e) {
      if (!e.errorResponse().code().equals(NO_SUCH_UPLOAD)) {
        throw e;
      }
    }
  }

  @Override
  public void close() {
    // The three share one HTTP client.
    parts.close();
  }

  private static String objectName(UploadId id) {
    return PREFIX + id;
  }
}
