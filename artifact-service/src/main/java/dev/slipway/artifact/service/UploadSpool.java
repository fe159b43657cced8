package dev.slipway.artifact.service;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.artifact.blob.Disk;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.upload.UploadFinishingException;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.artifact.upload.UploadSpecChangedException;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.UUID;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps the files of unfinished uploads in a folder of this machine. An upload with an id has two:
 * {@code <id>.spec}, what it is to become, and {@code <id>.part}, the bytes so far; both outlive
 * the process. One without id has one, {@code ~<random>.part}, which its stream removes.
 * Thread-safe; one process per folder.
 */
public final class UploadSpool {
  private static final Logger log = LoggerFactory.getLogger(UploadSpool.class);

  private static final String PART = ".part";
  private static final String SPEC = ".spec";

  /**
   * Tells how far an unfinished upload came.
   *
   * @param path where it is to lie
   * @param committedBytes bytes that are there
   * @param expireTime when it is swept unless more bytes come
   */
  public record Progress(ArtifactPath path, long committedBytes, Instant expireTime) {}

  private final Path folder;
  private final Duration expiry;
  private final Clock clock;

  @GuardedBy("this")
  private final Map<UploadId, ArtifactUpload> streams = new HashMap<>();

  /**
   * Opens the spool, and creates its folder where absent.
   *
   * @param expiry how long an upload is kept after its last byte
   */
  public UploadSpool(Path folder, Duration expiry, Clock clock) {
    this.folder = folder;
    this.expiry = expiry;
    this.clock = clock;
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  /**
   * Begins an upload, or resumes it and takes it over from the stream that has it.
   *
   * @throws UploadSpecChangedException if it was begun with another spec
   * @throws UploadFinishingException if another stream has brought it to its end and is publishing
   *     it
   */
  public ArtifactUpload open(UploadSpec spec) {
    try {
      if (spec.uploadId().isEmpty()) {
        return new ArtifactUpload(spec, folder.resolve('~' + UUID.randomUUID().toString() + PART));
      }
      return openNamed(spec, spec.uploadId().get());
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  private synchronized ArtifactUpload openNamed(UploadSpec spec, UploadId id) throws IOException {
    ArtifactUpload other = streams.get(id);
    if (other != null && !other.takeOver()) {
      throw new UploadFinishingException(id);
    }
    Path specFile = specFile(id);
    List<String> text = format(spec);
    if (!Files.exists(specFile)) {
      // Renamed into place, so that a crash leaves no half spec that nothing would ever match.
      Path written = folder.resolve('~' + UUID.randomUUID().toString() + SPEC);
      Files.write(written, text);
      Files.move(written, specFile, StandardCopyOption.ATOMIC_MOVE);
    } else if (!Files.readAllLines(specFile).equals(text)) {
      throw new UploadSpecChangedException(id);
    }
    ArtifactUpload upload = new ArtifactUpload(spec, partFile(id));
    streams.put(id, upload);
    return upload;
  }

  /** Returns how far an unfinished upload came. */
  public Optional<Progress> find(UploadId id) {
    try {
      List<String> spec = Files.readAllLines(specFile(id));
      long committed = 0;
      Instant touched = Files.getLastModifiedTime(specFile(id)).toInstant();
      if (Files.exists(partFile(id))) {
        committed = Files.size(partFile(id));
        touched = Files.getLastModifiedTime(partFile(id)).toInstant();
      }
      return Optional.of(
          new Progress(new ArtifactPath(spec.get(0)), committed, touched.plus(expiry)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  /** Ends a stream's hold on an upload; the bytes stay if it has an id. Idempotent. */
  public void suspend(ArtifactUpload upload) {
    upload.close();
    if (upload.spec().uploadId().isEmpty()) {
      upload.deleteFile();
    } else {
      forget(upload);
    }
  }

  /**
   * Ends a stream's hold on an upload, and removes the upload unless another stream has taken it
   * over.
   */
  public void discard(ArtifactUpload upload) {
    upload.close();
    if (upload.spec().uploadId().isEmpty()) {
      upload.deleteFile();
    } else if (forget(upload)) {
      remove(upload.spec().uploadId().get());
    }
  }

  private synchronized boolean forget(ArtifactUpload upload) {
    return streams.remove(upload.spec().uploadId().orElseThrow(), upload);
  }

  /** Ends and removes an upload, unless it is just being published or not there. */
  public synchronized void abort(UploadId id) {
    ArtifactUpload stream = streams.get(id);
    if (stream != null && !stream.takeOver()) {
      return;
    }
    streams.remove(id);
    remove(id);
  }

  private void remove(UploadId id) {
    try {
      Files.deleteIfExists(partFile(id));
      Files.deleteIfExists(specFile(id));
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  /**
   * Removes the files that nobody touched for the time of expiry; returns how many. Throws nothing.
   */
  public int sweep() {
    Instant limit = clock.instant().minus(expiry);
    int removed = 0;
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        if (isStale(file, limit) && Files.deleteIfExists(file)) {
          removed++;
        }
      }
    } catch (IOException e) {
      log.warn("cannot sweep {}", folder, e);
    }
    if (removed > 0) {
      log.info("removed {} files of stale uploads", removed);
    }
    return removed;
  }

  private synchronized boolean isStale(Path file, Instant limit) throws IOException {
    String name = file.getFileName().toString();
    for (UploadId id : streams.keySet()) {
      if (name.equals(id + PART) || name.equals(id + SPEC)) {
        return false;
      }
    }
    try {
      if (!Files.getLastModifiedTime(file).toInstant().isBefore(limit)) {
        return false;
      }
      // A spec is as old as the first byte; what counts is the last.
      Path part = folder.resolve(name.replaceFirst("\\.spec$", PART));
      return !Files.exists(part) || Files.getLastModifiedTime(part).toInstant().isBefore(limit);
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private Path partFile(UploadId id) {
    return folder.resolve(id + PART);
  }

  private Path specFile(UploadId id) {
    return folder.resolve(id + SPEC);
  }

  /** Paths and media types have no line breaks. */
  private static List<String> format(UploadSpec spec) {
    return List.of(
        spec.path().value(),
        size(spec.sizeBytes()),
        spec.sha256().map(Sha256::hex).orElse("-"),
        spec.contentType().orElse("-"),
        Boolean.toString(spec.createOnly()));
  }

  private static String size(OptionalLong sizeBytes) {
    return sizeBytes.isPresent() ? Long.toString(sizeBytes.getAsLong()) : "-";
  }
}
