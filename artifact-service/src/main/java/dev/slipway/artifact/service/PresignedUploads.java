package dev.slipway.artifact.service;

import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.DirectTransfers;
import dev.slipway.artifact.blob.PresignedUrlsUnsupportedException;
import dev.slipway.artifact.blob.StoreBusyException;
import dev.slipway.artifact.blob.StoreUnavailableException;
import dev.slipway.artifact.content.Artifact;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.ContentTypes;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.store.ArtifactStore;
import dev.slipway.artifact.store.PresignedUploadStore;
import dev.slipway.artifact.upload.DigestMismatchException;
import dev.slipway.artifact.upload.PartMissingException;
import dev.slipway.artifact.upload.PartPlan;
import dev.slipway.artifact.upload.PresignedUpload;
import dev.slipway.artifact.upload.SizeMismatchException;
import dev.slipway.artifact.upload.UploadFinishingException;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadNotFoundException;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.artifact.upload.UploadSpecChangedException;
import dev.slipway.runtime.error.InvalidRequestException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Semaphore;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the rules of uploads whose bytes go straight to the object store.
 *
 * <p>Rows and store are known to all replicas, so any of them goes on with what another began. The
 * row is written before anything is begun in the store, and removed after all is gone there. What
 * was joined is read once, verified, copied under its digest, and only then published; repeating
 * any step is harmless. Thread-safe.
 */
public final class PresignedUploads {
  private static final Logger log = LoggerFactory.getLogger(PresignedUploads.class);

  private static final int READ_BYTES = 256 << 10;
  private static final Duration KEEP_ALIVE_PERIOD = Duration.ofMinutes(1);
  // Each takes a thread of the server for as long as the store needs to send the file.
  private static final int MAX_COMPLETIONS = 16;

  private final ArtifactService service;
  private final ArtifactStore artifacts;
  private final ContentBinder binder;
  private final PresignedUploadStore uploads;
  private final BlobStore blobs;
  private final Optional<DirectTransfers> direct;
  private final Optional<PresignedUploadSweeper> sweeper;
  private final Duration expiry;
  private final Clock clock;
  private final Set<UploadId> completing = ConcurrentHashMap.newKeySet();
  private final Semaphore completions = new Semaphore(MAX_COMPLETIONS);

  /**
   * Creates the rules.
   *
   * @param expiry how long an upload is kept after it was last used
   */
  public PresignedUploads(
      ArtifactService service,
      ArtifactStore artifacts,
      ContentBinder binder,
      PresignedUploadStore uploads,
      BlobStore blobs,
      Duration expiry,
      Clock clock) {
    this.service = service;
    this.artifacts = artifacts;
    this.binder = binder;
    this.uploads = uploads;
    this.blobs = blobs;
    this.direct = blobs.direct();
    this.sweeper =
        direct.map(store -> new PresignedUploadSweeper(uploads, store, completing::contains));
    this.expiry = expiry;
    this.clock = clock;
  }

  /**
   * Says which URLs are wanted.
   *
   * @param firstPartNumber number of the first part, from 1
   * @param maxUrls how many at most, 1 or more
   * @param lifetime how long they are to live, whole seconds
   */
  public record UrlRange(int firstPartNumber, int maxUrls, Duration lifetime) {}

  /**
   * Is a part that is to be sent, or is in the store already.
   *
   * @param number its number, from 1
   * @param url where to send it
   * @param storedEtag the store's tag of it; empty when the store does not have it
   */
  public record PartUrl(int number, String url, Optional<String> storedEtag) {}

  /**
   * Is URLs of an upload.
   *
   * @param upload the upload
   * @param parts in order of number
   * @param expireTime when the URLs expire
   */
  public record UploadUrls(PresignedUpload upload, List<PartUrl> parts, Instant expireTime) {}

  /**
   * Is an upload that was begun, or found to be done; exactly one is there.
   *
   * @param urls where to send the bytes
   * @param artifact what was published without any
   */
  public record Begun(Optional<UploadUrls> urls, Optional<Artifact> artifact) {}

  /**
   * Is a URL by which content can be read.
   *
   * @param url where to read
   * @param range what is read, always the whole
   * @param expireTime when the URL expires
   */
  public record DownloadUrl(String url, ArtifactService.Range range, Instant expireTime) {}

  /**
   * Begins an upload, or answers the one that was begun with the same request id.
   *
   * @param spec what it is to become; its upload id is ignored
   * @throws PresignedUrlsUnsupportedException if the store cannot presign
   * @throws UploadSpecChangedException if the request id began an upload with another spec or plan
   */
  public Begun begin(UploadSpec spec, PartPlan plan, Optional<String> requestId, UrlRange range) {
    requireDirect("Upload");
    // The name follows from the request, so that a retry finds what the first try began, and also
    // what it has become.
    UploadId id =
        new UploadId(
            requestId
                .map(text -> UUID.nameUUIDFromBytes(text.getBytes(StandardCharsets.UTF_8)))
                .orElseGet(UUID::randomUUID)
                .toString());
    UploadSpec named = spec.withUploadId(id);
    try {
      return beginOrFind(named, plan, range);
    } catch (UploadNotFoundException e) {
      // It was just ended, or the store has it no more: it begins anew.
      return beginOrFind(named, plan, range);
    }
  }

  private Begun beginOrFind(UploadSpec spec, PartPlan plan, UrlRange range) {
    UploadId id = spec.uploadId().orElseThrow();
    Optional<ArtifactService.Published> published = service.publishStored(spec);
    if (published.isPresent()) {
      uploads.find(id).ifPresent(this::remove);
      return new Begun(Optional.empty(), published.map(ArtifactService.Published::artifact));
    }
    requireStorable(spec);
    requireInPlan(plan, range);
    uploads.find(id).filter(upload -> upload.isExpired(now())).ifPresent(this::remove);
    PresignedUpload upload = uploads.findOrInsert(id, spec, plan, now().plus(kept(range)));
    if (!upload.spec().equals(spec) || !upload.plan().equals(plan)) {
      throw new UploadSpecChangedException(id);
    }
    return new Begun(Optional.of(urls(upload, range)), Optional.empty());
  }

  private static void requireStorable(UploadSpec spec) {
    if (spec.sizeBytes().isPresent()
        && spec.sizeBytes().getAsLong() > DirectTransfers.MAX_CONTENT_BYTES) {
      throw InvalidRequestException.of(
          "spec.size_bytes",
          "is "
              + spec.sizeBytes().getAsLong()
              + "; the store takes files of at most "
              + DirectTransfers.MAX_CONTENT_BYTES
              + " bytes");
    }
  }

  /**
   * Answers URLs of an upload that was begun.
   *
   * @param spec must be that of the upload, when given
   * @throws PresignedUrlsUnsupportedException if the store cannot presign
   * @throws UploadNotFoundException if no such upload is open
   * @throws UploadSpecChangedException if the spec is another
   */
  public UploadUrls renew(UploadId id, Optional<UploadSpec> spec, UrlRange range) {
    requireDirect("Upload");
    PresignedUpload upload = find(id).orElseThrow(() -> new UploadNotFoundException(id));
    if (spec.isPresent() && !spec.get().withUploadId(id).equals(upload.spec())) {
      throw new UploadSpecChangedException(id);
    }
    requireInPlan(upload.plan(), range);
    artifacts.requirePublishable(upload.spec().path(), upload.spec().createOnly());
    return urls(upload, range);
  }

  private static void requireInPlan(PartPlan plan, UrlRange range) {
    if (range.firstPartNumber() > plan.partCount()) {
      throw InvalidRequestException.of(
          "first_part_number",
          "is " + range.firstPartNumber() + "; there are " + plan.partCount() + " parts");
    }
  }

  /** Nothing is swept whose URLs are good. */
  private Duration kept(UrlRange range) {
    return range.lifetime().compareTo(expiry) > 0 ? range.lifetime() : expiry;
  }

  private UploadUrls urls(PresignedUpload upload, UrlRange range) {
    UploadId id = upload.id();
    keepAlive(id, kept(range));
    DirectTransfers store = requireDirect("Upload");
    boolean fresh = upload.storeUploadId().isEmpty();
    String storeUploadId = upload.storeUploadId().orElseGet(() -> beginInStore(store, id));
    SortedMap<Integer, DirectTransfers.StoredPart> stored =
        fresh ? Collections.emptySortedMap() : findParts(store, upload, storeUploadId);
    Instant expireTime = now().plus(range.lifetime());
    int end =
        (int)
            Math.min(
                upload.plan().partCount() + 1L, (long) range.firstPartNumber() + range.maxUrls());
    List<PartUrl> parts = new ArrayList<>();
    for (int number = range.firstPartNumber(); number < end; number++) {
      parts.add(
          new PartUrl(
              number,
              store.partUrl(
                  id,
                  storeUploadId,
                  number,
                  upload.plan().knownSizeBytes(number),
                  range.lifetime()),
              Optional.ofNullable(stored.get(number)).map(DirectTransfers.StoredPart::etag)));
    }
    return new UploadUrls(upload, parts, expireTime);
  }

  /** To URLs of what the store no longer has nobody could send anything. */
  private SortedMap<Integer, DirectTransfers.StoredPart> findParts(
      DirectTransfers store, PresignedUpload upload, String storeUploadId) {
    Optional<StoredParts> stored = storedParts(store, upload, storeUploadId);
    if (stored.isEmpty()) {
      remove(upload);
      throw new UploadNotFoundException(upload.id());
    }
    return stored.get().byNumber();
  }

  /**
   * Is what the store has of an upload.
   *
   * @param byNumber parts by number; once they are joined, the whole under each number
   * @param sizeBytes number of bytes of all together
   */
  private record StoredParts(
      SortedMap<Integer, DirectTransfers.StoredPart> byNumber, long sizeBytes) {}

  /** Returns what the store has; empty when it knows no such upload (any more). */
  private static Optional<StoredParts> storedParts(
      DirectTransfers store, PresignedUpload upload, String storeUploadId) {
    Optional<SortedMap<Integer, DirectTransfers.StoredPart>> stored =
        store.findParts(upload.id(), storeUploadId);
    if (stored.filter(parts -> !parts.isEmpty()).isEmpty()) {
      Optional<DirectTransfers.StoredPart> joined = store.findJoined(upload.id());
      if (joined.isPresent()) {
        return joined.map(whole -> joinedParts(upload.plan(), whole));
      }
    }
    return stored.map(
        parts ->
            new StoredParts(
                parts,
                parts.values().stream().mapToLong(DirectTransfers.StoredPart::sizeBytes).sum()));
  }

  private static StoredParts joinedParts(PartPlan plan, DirectTransfers.StoredPart whole) {
    SortedMap<Integer, DirectTransfers.StoredPart> parts = new TreeMap<>();
    for (int number = 1; number <= plan.partCount(); number++) {
      parts.put(number, whole);
    }
    return new StoredParts(parts, whole.sizeBytes());
  }

  private void keepAlive(UploadId id, Duration time) {
    Instant now = now();
    if (!uploads.extend(id, now, now.plus(time))) {
      throw new UploadNotFoundException(id);
    }
  }

  private String beginInStore(DirectTransfers store, UploadId id) {
    String storeUploadId = store.begin(id);
    if (uploads.begin(id, storeUploadId)) {
      return storeUploadId;
    }
    // Somebody was faster, or has ended the upload.
    store.abandon(id, storeUploadId);
    return uploads
        .find(id)
        .flatMap(PresignedUpload::storeUploadId)
        .orElseThrow(() -> new UploadNotFoundException(id));
  }

  /**
   * Joins the parts of an upload, verifies the whole and publishes it.
   *
   * @param etags the store's tags by part number, from 1 without gaps; none for what the store has
   *     of a file of known size
   * @throws UploadNotFoundException if no such upload is open
   * @throws UploadFinishingException if another call is just completing it
   * @throws PartMissingException if the store does not have one of the parts
   * @throws SizeMismatchException if the size is not the declared one; the upload is discarded
   * @throws DigestMismatchException if the digest is not the declared one; the upload is discarded
   * @throws StoreBusyException if as many are being completed as the server takes at a time
   */
  public ArtifactService.Published complete(UploadId id, SortedMap<Integer, String> etags) {
    Optional<Artifact> finished = artifacts.findByUploadId(id);
    if (finished.isPresent()) {
      // Left when a server stopped right after it had published.
      uploads.find(id).ifPresent(this::remove);
      return new ArtifactService.Published(finished.get(), false);
    }
    if (direct.isEmpty()) {
      throw new UploadNotFoundException(id);
    }
    if (!completing.add(id)) {
      throw new UploadFinishingException(id);
    }
    try {
      return completeAlone(id, etags);
    } catch (UploadNotFoundException | PartMissingException e) {
      // Another replica may have been faster.
      return artifacts
          .findByUploadId(id)
          .map(artifact -> new ArtifactService.Published(artifact, false))
          .orElseThrow(() -> e);
    } finally {
      completing.remove(id);
    }
  }

  private ArtifactService.Published completeAlone(UploadId id, SortedMap<Integer, String> etags) {
    if (!completions.tryAcquire()) {
      throw new StoreBusyException();
    }
    try {
      PresignedUpload upload = find(id).orElseThrow(() -> new UploadNotFoundException(id));
      keepAlive(id, expiry);
      artifacts.requirePublishable(upload.spec().path(), upload.spec().createOnly());
      DirectTransfers store = requireDirect("Upload");
      String storeUploadId =
          upload.storeUploadId().orElseThrow(() -> new PartMissingException(id, 1));
      try {
        join(store, upload, storeUploadId, etags);
        return publish(store, upload, storeUploadId);
      } catch (SizeMismatchException | DigestMismatchException e) {
        remove(upload);
        throw e;
      }
    } finally {
      completions.release();
    }
  }

  private static void join(
      DirectTransfers store,
      PresignedUpload upload,
      String storeUploadId,
      SortedMap<Integer, String> named) {
    Optional<SortedMap<Integer, DirectTransfers.StoredPart>> stored =
        store.findParts(upload.id(), storeUploadId);
    if (stored.filter(parts -> !parts.isEmpty()).isEmpty()
        && store.findJoined(upload.id()).isPresent()) {
      // By a call that failed afterwards.
      return;
    }
    if (stored.isEmpty()) {
      throw new UploadNotFoundException(upload.id());
    }
    SortedMap<Integer, String> etags = named.isEmpty() ? tagsOfAll(upload, stored.get()) : named;
    long size = 0;
    for (var part : etags.entrySet()) {
      DirectTransfers.StoredPart there = stored.get().get(part.getKey());
      if (there == null || !there.etag().equals(part.getValue())) {
        throw new PartMissingException(upload.id(), part.getKey());
      }
      if (there.sizeBytes() < PartPlan.MIN_PART_BYTES && part.getKey() < etags.lastKey()) {
        throw InvalidRequestException.of(
            "parts[" + (part.getKey() - 1) + "]",
            "has " + there.sizeBytes() + " bytes; each part but the last needs 5 MiB or more");
      }
      size += there.sizeBytes();
    }
    if (upload.plan().sizeBytes().isPresent()
        && size < upload.plan().sizeBytes().getAsLong()
        && etags.lastKey() < upload.plan().partCount()) {
      throw new PartMissingException(upload.id(), etags.lastKey() + 1);
    }
    upload.spec().requireSize(size);
    if (!store.join(upload.id(), storeUploadId, etags)) {
      throw new PartMissingException(upload.id(), etags.firstKey());
    }
  }

  /** Whoever has lost the tags takes what the store has: the size says whether it is all. */
  private static SortedMap<Integer, String> tagsOfAll(
      PresignedUpload upload, SortedMap<Integer, DirectTransfers.StoredPart> stored) {
    if (upload.plan().sizeBytes().isEmpty()) {
      throw InvalidRequestException.of("parts", "is required where the size is not known");
    }
    SortedMap<Integer, String> etags = new TreeMap<>();
    for (int number = 1; number <= upload.plan().partCount(); number++) {
      DirectTransfers.StoredPart part = stored.get(number);
      if (part == null) {
        throw new PartMissingException(upload.id(), number);
      }
      etags.put(number, part.etag());
    }
    return etags;
  }

  private ArtifactService.Published publish(
      DirectTransfers store, PresignedUpload upload, String storeUploadId) {
    UploadSpec spec = upload.spec();
    Joined joined = read(store, upload.id());
    spec.requireSize(joined.content.sizeBytes());
    spec.requireDigest(joined.content.sha256());
    String contentType =
        spec.contentType()
            .or(() -> ContentTypes.ofName(spec.path().name()))
            .orElseGet(joined::typeOfBytes);
    // By now another replica may have ended it, and begun another one under its name.
    if (!uploads.refer(upload.id(), storeUploadId, joined.content.sha256())) {
      throw new UploadNotFoundException(upload.id());
    }
    ArtifactService.Published published =
        binder.bind(
            joined.content.sha256(),
            found -> {
              if (!store.keep(upload.id(), joined.etag, joined.content)) {
                throw new UploadNotFoundException(upload.id());
              }
              Artifact artifact =
                  artifacts.publish(
                      spec.path(),
                      found.stored(joined.content, blobs::ensureDurable),
                      contentType,
                      spec.uploadId(),
                      spec.createOnly());
              return new ArtifactService.Published(artifact, found.content().isPresent());
            });
    removeQuietly(upload);
    return published;
  }

  /** Is what was read: the store's name of it, ours, and what its first bytes say of its type. */
  private record Joined(String etag, Content content, String typeOfBytes) {}

  /** Takes minutes where the file is large. */
  private Joined read(DirectTransfers store, UploadId id) {
    MessageDigest digest = Sha256.newDigest();
    DirectTransfers.Joined opened =
        store.openJoined(id).orElseThrow(() -> new UploadNotFoundException(id));
    try (InputStream in = opened.bytes()) {
      byte[] head = in.readNBytes(ContentTypes.HEAD_BYTES);
      digest.update(head);
      long size = head.length;
      byte[] buffer = new byte[READ_BYTES];
      Instant nextKeepAlive = now().plus(KEEP_ALIVE_PERIOD);
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
        size += n;
        if (!now().isBefore(nextKeepAlive)) {
          keepAlive(id, expiry);
          nextKeepAlive = now().plus(KEEP_ALIVE_PERIOD);
        }
      }
      // For the copy.
      keepAlive(id, expiry);
      return new Joined(
          opened.etag(), new Content(Sha256.of(digest), size), ContentTypes.ofBytes(head));
    } catch (IOException e) {
      throw new StoreUnavailableException(e);
    }
  }

  /**
   * Returns how an unfinished upload stands, as the store says; empty when there is no such one.
   */
  public Optional<ArtifactService.UploadStatus> status(UploadId id) {
    if (direct.isEmpty() || artifacts.findByUploadId(id).isPresent()) {
      return Optional.empty();
    }
    return find(id)
        .flatMap(
            upload ->
                committedBytes(upload)
                    .map(
                        bytes ->
                            new ArtifactService.UploadStatus(
                                Optional.of(
                                    new UploadSpool.Progress(
                                        upload.spec().path(),
                                        bytes,
                                        completing.contains(id),
                                        upload.expireTime())),
                                Optional.empty())));
  }

  private Optional<Long> committedBytes(PresignedUpload upload) {
    if (upload.storeUploadId().isEmpty()) {
      return Optional.of(0L);
    }
    return storedParts(requireDirect("Upload"), upload, upload.storeUploadId().get())
        .map(StoredParts::sizeBytes);
  }

  /** Discards an unfinished upload, unless it is just being completed here; does nothing else. */
  public void abort(UploadId id) {
    if (direct.isPresent() && !completing.contains(id)) {
      uploads.find(id).ifPresent(this::remove);
    }
  }

  /**
   * Returns how many uploads {@link #sweep} would remove.
   *
   * @param step is run before each of those that the store has
   */
  public int countStale(Runnable step) {
    return sweeper.map(it -> it.count(now(), step)).orElse(0);
  }

  /**
   * Removes uploads that have expired and are not just being completed, and what lies in the store
   * for a day and belongs to none; returns how many. Throws nothing.
   *
   * @param step is run before each
   */
  public int sweep(Runnable step) {
    return sweeper.map(it -> it.sweep(now(), step)).orElse(0);
  }

  /**
   * Makes a URL by which the content of a range can be read.
   *
   * @param fileName under which a browser saves it
   * @throws PresignedUrlsUnsupportedException if the store cannot presign
   */
  public DownloadUrl downloadUrl(ArtifactService.Range range, String fileName, Duration lifetime) {
    DirectTransfers store = requireDirect("Download");
    String contentType = range.artifact().map(Artifact::contentType).orElse(ContentTypes.UNKNOWN);
    Instant expireTime = now().plus(lifetime);
    return new DownloadUrl(
        store.downloadUrl(range.content(), fileName, contentType, lifetime), range, expireTime);
  }

  private Optional<PresignedUpload> find(UploadId id) {
    return uploads.find(id).filter(upload -> !upload.isExpired(now()));
  }

  private void remove(PresignedUpload upload) {
    sweeper.orElseThrow(() -> new PresignedUrlsUnsupportedException("Upload")).remove(upload);
  }

  /** What is published stays so; the row is found again by the sweep. */
  private void removeQuietly(PresignedUpload upload) {
    try {
      remove(upload);
    } catch (RuntimeException e) {
      log.warn("upload {} is published, but cannot be cleaned up yet", upload.id(), e);
    }
  }

  private DirectTransfers requireDirect(String instead) {
    return direct.orElseThrow(() -> new PresignedUrlsUnsupportedException(instead));
  }

  private Instant now() {
    // Databases keep microseconds.
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }
}
