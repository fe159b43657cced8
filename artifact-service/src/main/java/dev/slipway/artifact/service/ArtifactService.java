package dev.slipway.artifact.service;

import dev.slipway.artifact.blob.BlobStore;
import dev.slipway.artifact.blob.StoreUnavailableException;
import dev.slipway.artifact.content.Artifact;
import dev.slipway.artifact.content.ArtifactNotFoundException;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.ContentDamagedException;
import dev.slipway.artifact.content.ContentTypes;
import dev.slipway.artifact.content.Directory;
import dev.slipway.artifact.content.Entry;
import dev.slipway.artifact.content.OffsetBeyondEndException;
import dev.slipway.artifact.content.PathIsDirectoryException;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.store.ArtifactStore;
import dev.slipway.artifact.store.ContentLookup;
import dev.slipway.artifact.upload.DigestMismatchException;
import dev.slipway.artifact.upload.SizeMismatchException;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadNotFoundException;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.artifact.upload.UploadSpecChangedException;
import dev.slipway.artifact.upload.UploadTakenOverException;
import dev.slipway.runtime.error.InvalidRequestException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Holds the rules of uploads and downloads: bytes are stored and verified before the row that names
 * them. Thread-safe.
 */
public final class ArtifactService {
  private static final Logger log = LoggerFactory.getLogger(ArtifactService.class);

  private final ArtifactStore artifacts;
  private final BlobStore blobs;
  private final UploadSpool spool;
  private final ContentBinder binder;

  /** Creates the service over its stores. */
  public ArtifactService(
      ArtifactStore artifacts, ContentBinder binder, BlobStore blobs, UploadSpool spool) {
    this.artifacts = artifacts;
    this.binder = binder;
    this.blobs = blobs;
    this.spool = spool;
  }

  /**
   * Is a finished upload.
   *
   * @param artifact what was published
   * @param alreadyPresent whether its content was stored before
   */
  public record Published(Artifact artifact, boolean alreadyPresent) {}

  /**
   * Is the state of an upload: unfinished with its progress, or finished with its artifact; exactly
   * one is there.
   *
   * @param progress how far it came
   * @param artifact what it published
   */
  public record UploadStatus(
      Optional<UploadSpool.Progress> progress, Optional<Artifact> artifact) {}

  /**
   * Is a range of content to send.
   *
   * @param artifact where it came from; empty when it was asked for by digest
   * @param content the whole
   * @param offset first byte to send
   * @param length number of bytes to send
   */
  public record Range(Optional<Artifact> artifact, Content content, long offset, long length) {}

  /**
   * Publishes at once what needs no bytes: an upload that was finished before, or declared content
   * that is stored.
   *
   * @return empty when bytes are needed: open the upload
   * @throws UploadSpecChangedException if the upload was finished with another path or content
   * @throws SizeMismatchException if the stored content does not have the declared size
   */
  public Optional<Published> publishStored(UploadSpec spec) {
    Optional<Artifact> finished = spec.uploadId().flatMap(artifacts::findByUploadId);
    if (finished.isPresent()) {
      if (!spec.describes(finished.get())) {
        throw new UploadSpecChangedException(spec.uploadId().get());
      }
      // There when the server did not hear that its transaction had gone through.
      spec.uploadId().ifPresent(spool::abort);
      return finished.map(artifact -> new Published(artifact, true));
    }
    artifacts.requirePublishable(spec.path(), spec.createOnly());
    Optional<Published> published =
        spec.sha256().flatMap(sha256 -> binder.bind(sha256, found -> publishIfStored(spec, found)));
    if (published.isPresent()) {
      spec.uploadId().ifPresent(spool::abort);
    }
    return published;
  }

  private Optional<Published> publishIfStored(UploadSpec spec, ContentLookup found) {
    // A row alone does not count: should the store have lost the bytes, this upload brings them
    // back.
    Optional<Content> stored = found.content().filter(blobs::ensureDurable);
    if (stored.isEmpty()) {
      return Optional.empty();
    }
    spec.requireSize(stored.get().sizeBytes());
    String contentType;
    try {
      contentType = contentType(spec, stored.get());
    } catch (ContentDamagedException e) {
      log.debug("{} was removed meanwhile", stored.get(), e);
      return Optional.empty();
    }
    Artifact artifact =
        artifacts.publish(
            spec.path(),
            found.stored(stored.get(), blobs::ensureDurable),
            contentType,
            spec.uploadId(),
            spec.createOnly());
    return Optional.of(new Published(artifact, true));
  }

  private String contentType(UploadSpec spec, Content stored) {
    return spec.contentType()
        .or(() -> ContentTypes.ofName(spec.path().name()))
        .orElseGet(() -> ContentTypes.ofBytes(head(stored)));
  }

  private byte[] head(Content content) {
    long length = Math.min(ContentTypes.HEAD_BYTES, content.sizeBytes());
    try (InputStream in = blobs.open(content, 0, length)) {
      return in.readNBytes((int) length);
    } catch (IOException e) {
      throw new StoreUnavailableException(e);
    }
  }

  /**
   * Begins or resumes an upload; the caller ends it with {@link #finish} or {@link #suspend}.
   *
   * @throws InvalidRequestException if the declared size is more than the store takes
   * @throws UploadSpecChangedException if it was begun with another spec
   * @throws dev.slipway.artifact.upload.UploadFinishingException if another stream is publishing it
   */
  public ArtifactUpload open(UploadSpec spec) {
    if (spec.sizeBytes().isPresent()) {
      requireStorable("spec.size_bytes", spec.sizeBytes().getAsLong());
    }
    return spool.open(spec);
  }

  /**
   * Adds a chunk to an upload, as {@link ArtifactUpload#write} does.
   *
   * @throws InvalidRequestException if there are then more bytes than the store takes
   */
  public void write(ArtifactUpload upload, long offset, List<ByteBuffer> data, OptionalInt crc32c) {
    long length = data.stream().mapToLong(ByteBuffer::remaining).sum();
    requireStorable("chunk.offset", offset + length);
    upload.write(offset, data, crc32c);
  }

  /** It would be known only when all bytes have come. */
  private void requireStorable(String field, long sizeBytes) {
    if (sizeBytes > blobs.maxContentBytes()) {
      throw InvalidRequestException.of(
          field,
          "makes a file of %d bytes; those that are streamed have at most %d%s"
              .formatted(
                  sizeBytes,
                  blobs.maxContentBytes(),
                  blobs.direct().isPresent() ? ", larger ones go by CreateUploadUrls" : ""));
    }
  }

  /** Ends a stream before its file is whole; the bytes stay if the upload has an id. Idempotent. */
  public void suspend(ArtifactUpload upload) {
    spool.suspend(upload);
  }

  /** Ends an upload that can never become what it was to be, and removes its bytes. Idempotent. */
  public void discard(ArtifactUpload upload) {
    spool.discard(upload);
  }

  /**
   * Verifies an upload whose last byte is there, stores its bytes and publishes it. When this fails
   * for a reason that may pass, the bytes stay for another try if the upload has an id.
   *
   * @throws SizeMismatchException if the size is not the declared one; the upload is discarded
   * @throws DigestMismatchException if the digest is not the declared one; the upload is discarded
   * @throws UploadTakenOverException if another stream has taken the upload over
   * @throws UploadSpecChangedException if the upload was finished before with other content; this
   *     one is discarded
   */
  public Published finish(ArtifactUpload upload) {
    Published published;
    try {
      Content content = upload.verify();
      String contentType = upload.contentType();
      published =
          binder.bind(content.sha256(), found -> publish(upload, content, contentType, found));
    } catch (SizeMismatchException | DigestMismatchException | UploadSpecChangedException e) {
      spool.discard(upload);
      throw e;
    } catch (RuntimeException e) {
      spool.suspend(upload);
      throw e;
    }
    spool.discard(upload);
    return published;
  }

  private Published publish(
      ArtifactUpload upload, Content content, String contentType, ContentLookup found) {
    if (found.suspect()) {
      blobs.replace(content, upload.file());
    } else {
      blobs.put(content, upload.file());
    }
    UploadSpec spec = upload.spec();
    Artifact artifact =
        artifacts.publish(
            spec.path(),
            found.stored(content, blobs::ensureDurable),
            contentType,
            spec.uploadId(),
            spec.createOnly());
    return new Published(artifact, found.content().isPresent());
  }

  /**
   * Returns how an upload stands.
   *
   * @throws UploadNotFoundException if it is not known
   */
  public UploadStatus query(UploadId id) {
    Optional<UploadSpool.Progress> progress = spool.find(id);
    Optional<Artifact> artifact =
        progress.isPresent() ? Optional.empty() : artifacts.findByUploadId(id);
    if (progress.isEmpty() && artifact.isEmpty()) {
      throw new UploadNotFoundException(id);
    }
    return new UploadStatus(progress, artifact);
  }

  /** Discards an unfinished upload; does nothing to any other. */
  public void abort(UploadId id) {
    spool.abort(id);
  }

  /**
   * Finds a range of an artifact.
   *
   * @param length number of bytes, 0 for all; cut at the end of the file
   * @throws ArtifactNotFoundException if there is nothing at the path
   * @throws PathIsDirectoryException if the path is a directory
   * @throws OffsetBeyondEndException if the range begins behind the end
   */
  public Range range(ArtifactPath path, long offset, long length) {
    if (artifacts.find(path).orElseThrow(() -> new ArtifactNotFoundException(path))
        instanceof Artifact artifact) {
      return range(Optional.of(artifact), artifact.content(), offset, length);
    }
    throw new PathIsDirectoryException(path);
  }

  /**
   * Finds a range of content.
   *
   * @param length number of bytes, 0 for all; cut at the end
   * @throws ArtifactNotFoundException if there is no content of this digest
   * @throws OffsetBeyondEndException if the range begins behind the end
   */
  public Range range(Sha256 sha256, long offset, long length) {
    Content content =
        artifacts.findContent(sha256).orElseThrow(() -> new ArtifactNotFoundException(sha256));
    return range(Optional.empty(), content, offset, length);
  }

  private static Range range(
      Optional<Artifact> artifact, Content content, long offset, long length) {
    if (offset > content.sizeBytes()) {
      throw new OffsetBeyondEndException(offset, content.sizeBytes());
    }
    long available = content.sizeBytes() - offset;
    return new Range(
        artifact, content, offset, length == 0 ? available : Math.min(length, available));
  }

  /**
   * Opens the bytes of a range; the caller closes.
   *
   * @throws dev.slipway.artifact.content.ContentDamagedException if the store does not have them
   */
  public InputStream open(Range range) {
    return blobs.open(range.content(), range.offset(), range.length());
  }

  /**
   * Returns what lies at a path.
   *
   * @param withTotals whether to count the files below a directory
   * @throws ArtifactNotFoundException if there is nothing
   */
  public Entry stat(ArtifactPath path, boolean withTotals) {
    Entry entry = artifacts.find(path).orElseThrow(() -> new ArtifactNotFoundException(path));
    return withTotals && entry instanceof Directory ? artifacts.totals(path) : entry;
  }

  /**
   * Removes what lies at a path; its bytes go with a later garbage collection.
   *
   * @return number and size of the files that were removed
   * @throws ArtifactNotFoundException if there is nothing at the path, unless {@code allowMissing}
   * @throws PathIsDirectoryException if the path is a directory and {@code recursive} is not set
   */
  public Directory delete(ArtifactPath path, boolean recursive, boolean allowMissing) {
    Optional<Directory> removed = artifacts.delete(path, recursive);
    if (removed.isEmpty() && !allowMissing) {
      throw new ArtifactNotFoundException(path);
    }
    return removed.orElse(new Directory(path));
  }
}
