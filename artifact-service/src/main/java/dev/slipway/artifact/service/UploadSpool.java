package dev.slipway.artifact.service;

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
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
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
  // No upload id has it.
  private static final char UNNAMED = '~';
  private static final int LOCKS = 64;

  /**
   * Tells how far an unfinished upload came.
   *
   * @param path where it is to lie
   * @param committedBytes bytes that are there
   * @param finishing whether it is whole and just being published
   * @param expireTime when it is swept unless more bytes come
   */
  public record Progress(
      ArtifactPath path, long committedBytes, boolean finishing, Instant expireTime) {}

  private final Path folder;
  private final Duration expiry;
  private final Clock clock;

  // An upload's stream and files change only under the lock of its id, so that one upload never
  // waits for the disk work of another, but for the few that share a lock with it.
  private final Map<UploadId, ArtifactUpload> streams = new ConcurrentHashMap<>();
  private final Object[] locks = new Object[LOCKS];

  // Files of streams without id.
  private final Map<Path, ArtifactUpload> unnamed = new ConcurrentHashMap<>();

  /**
   * Opens the spool, creates its folder where absent, and removes what streams without id left when
   * their process died.
   *
   * @param expiry how long an upload is kept after its last byte
   */
  public UploadSpool(Path folder, Duration expiry, Clock clock) {
    this.folder = folder;
    this.expiry = expiry;
    this.clock = clock;
    Arrays.setAll(locks, i -> new Object());
    try {
      Files.createDirectories(folder);
      try (DirectoryStream<Path> orphans = Files.newDirectoryStream(folder, UNNAMED + "*")) {
        for (Path orphan : orphans) {
          Files.deleteIfExists(orphan);
        }
      }
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
      return spec.uploadId().isPresent()
          ? openNamed(spec, spec.uploadId().get())
          : openUnnamed(spec);
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  private ArtifactUpload openUnnamed(UploadSpec spec) throws IOException {
    Path file = temporary(PART);
    ArtifactUpload upload = new ArtifactUpload(spec, file);
    unnamed.put(file, upload);
    return upload;
  }

  private Path temporary(String suffix) {
    return folder.resolve(UNNAMED + UUID.randomUUID().toString() + suffix);
  }

  private ArtifactUpload openNamed(UploadSpec spec, UploadId id) throws IOException {
    synchronized (lock(id)) {
      Path specFile = specFile(id);
      List<String> text = format(spec);
      boolean begun = Files.exists(specFile);
      // First of all: whoever is refused has taken nothing over.
      if (begun && !Files.readAllLines(specFile).equals(text)) {
        throw new UploadSpecChangedException(id);
      }
      ArtifactUpload other = streams.get(id);
      if (other != null && !other.takeOver()) {
        throw new UploadFinishingException(id);
      }
      if (!begun) {
        // Renamed into place, so that a crash leaves no half spec that nothing would ever match.
        Path written = temporary(SPEC);
        Files.write(written, text);
        Files.move(written, specFile, StandardCopyOption.ATOMIC_MOVE);
      }
      ArtifactUpload upload = new ArtifactUpload(spec, partFile(id));
      streams.put(id, upload);
      return upload;
    }
  }

  private Object lock(UploadId id) {
    return locks[Math.floorMod(id.hashCode(), LOCKS)];
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
      ArtifactUpload stream = streams.get(id);
      return Optional.of(
          new Progress(
              new ArtifactPath(spec.get(0)),
              committed,
              stream != null && stream.isFinishing(),
              touched.plus(expiry)));
    } catch (NoSuchFileException e) {
      return Optional.empty();
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  /**
   * Returns what lies directly in a directory, of which or below which uploads are under way: those
   * that have a stream, and those that are not stale.
   */
  public Set<ArtifactPath> listUnderWay(ArtifactPath directory) {
    Set<ArtifactPath> found = new HashSet<>();
    for (ArtifactUpload upload : unnamed.values()) {
      childOf(directory, upload.spec().path()).ifPresent(found::add);
    }
    try (DirectoryStream<Path> specs = Files.newDirectoryStream(folder, "*" + SPEC)) {
      for (Path file : specs) {
        Optional<UploadId> id = id(file.getFileName().toString());
        if (id.isPresent()) {
          find(id.get())
              .filter(
                  upload ->
                      streams.containsKey(id.get())
                          || !upload.expireTime().isBefore(clock.instant()))
              .flatMap(upload -> childOf(directory, upload.path()))
              .ifPresent(found::add);
        }
      }
    } catch (IOException e) {
      throw Disk.failure(e);
    }
    return found;
  }

  private static Optional<ArtifactPath> childOf(ArtifactPath directory, ArtifactPath path) {
    String prefix = directory.value() + '/';
    if (!path.value().startsWith(prefix)) {
      return Optional.empty();
    }
    int end = path.value().indexOf('/', prefix.length());
    return Optional.of(end < 0 ? path : new ArtifactPath(path.value().substring(0, end)));
  }

  /** Ends a stream's hold on an upload; the bytes stay if it has an id. Idempotent. */
  public void suspend(ArtifactUpload upload) {
    upload.close();
    if (upload.spec().uploadId().isPresent()) {
      UploadId id = upload.spec().uploadId().get();
      synchronized (lock(id)) {
        streams.remove(id, upload);
      }
    } else {
      deleteUnnamed(upload);
    }
  }

  /**
   * Ends a stream's hold on an upload, and removes the upload unless another stream has taken it
   * over.
   */
  public void discard(ArtifactUpload upload) {
    upload.close();
    if (upload.spec().uploadId().isPresent()) {
      UploadId id = upload.spec().uploadId().get();
      synchronized (lock(id)) {
        if (streams.remove(id, upload)) {
          remove(id);
        }
      }
    } else {
      deleteUnnamed(upload);
    }
  }

  private void deleteUnnamed(ArtifactUpload upload) {
    upload.deleteFile();
    boolean unused = unnamed.remove(upload.file(), upload);
  }

  /** Ends and removes an upload, unless it is just being published or not there. */
  public void abort(UploadId id) {
    synchronized (lock(id)) {
      ArtifactUpload stream = streams.get(id);
      if (stream != null && !stream.takeOver()) {
        return;
      }
      streams.remove(id);
      remove(id);
    }
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
   * Discards the uploads that nobody touched for the time of expiry; returns how many. Throws
   * nothing.
   */
  public int sweep() {
    Set<String> discarded = stale(Files::deleteIfExists);
    if (!discarded.isEmpty()) {
      log.info("discarded {} stale uploads", discarded.size());
    }
    return discarded.size();
  }

  /** Returns how many uploads {@link #sweep} would discard. Throws nothing. */
  public int countStale() {
    return stale(file -> true).size();
  }

  /** Is what is done with a stale file; returns whether it counts. */
  private interface StaleFile {
    boolean treat(Path file) throws IOException;
  }

  /** Returns the names, without ending, of the uploads whose stale files count. */
  private Set<String> stale(StaleFile treatment) {
    Instant limit = clock.instant().minus(expiry);
    Set<String> uploads = new HashSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
      for (Path file : files) {
        if (treatIfStale(file, limit, treatment)) {
          String name = file.getFileName().toString();
          uploads.add(name.substring(0, Math.max(0, name.lastIndexOf('.'))));
        }
      }
    } catch (IOException e) {
      log.warn("cannot sweep {}", folder, e);
    }
    return uploads;
  }

  private boolean treatIfStale(Path file, Instant limit, StaleFile treatment) throws IOException {
    String name = file.getFileName().toString();
    Optional<UploadId> id = id(name);
    if (id.isEmpty()) {
      return !unnamed.containsKey(file) && isStale(file, limit) && treatment.treat(file);
    }
    // Under the lock, so that no stream opens what is just being removed.
    synchronized (lock(id.get())) {
      // A spec is as old as the first byte; what counts is the last.
      return !streams.containsKey(id.get())
          && isStale(specFile(id.get()), limit)
          && isStale(partFile(id.get()), limit)
          && treatment.treat(file);
    }
  }

  /** Returns the upload that a file is of; empty for any other file. */
  private static Optional<UploadId> id(String name) {
    boolean ours = name.endsWith(PART) || name.endsWith(SPEC);
    if (!ours || name.charAt(0) == UNNAMED) {
      return Optional.empty();
    }
    try {
      return Optional.of(new UploadId(name.substring(0, name.length() - PART.length())));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }

  /** Returns whether a file is old or not there. */
  private static boolean isStale(Path file, Instant limit) throws IOException {
    try {
      return Files.getLastModifiedTime(file).toInstant().isBefore(limit);
    } catch (NoSuchFileException e) {
      return true;
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
