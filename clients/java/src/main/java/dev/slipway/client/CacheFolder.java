package dev.slipway.client;

import dev.slipway.artifact.v1.ManifestEntry;
import java.io.Closeable;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.security.MessageDigest;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Keeps sets of files by the digest of their manifest, within a bound, for any number of processes
 * at once.
 *
 * <p>{@code content/<digest>} has the files below {@code files} and their size in {@code size}; its
 * modification time is that of the last use. It appears by a rename. {@code partial/<random>} is
 * what is being made, and counts as what it will be; its owner has its lock, so that what a dead
 * owner left is known. {@code refs/<digest of a name>} tells which content a version has.
 * Thread-safe.
 */
@SuppressWarnings("try") // Locks are held, not referred to.
final class CacheFolder implements Closeable {
  private static final String FILES = "files";
  private static final String SIZE = "size";
  private static final String REF = "ref";
  // Anything else in a folder is not ours, e.g. what a file manager leaves there.
  private static final Pattern OWN_NAME = Pattern.compile("[0-9a-f]{32}|[0-9a-f]{64}");

  private final Path content;
  private final Path partial;
  private final Path refs;
  private final long maxBytes;
  private final boolean verify;
  private final CacheLocks locks;
  private final AtomicBoolean closed = new AtomicBoolean();

  CacheFolder(AssetCacheOptions options) throws IOException {
    Path folder = options.folder();
    this.content = Files.createDirectories(folder.resolve("content")).toRealPath();
    this.partial = Files.createDirectories(folder.resolve("partial"));
    this.refs = Files.createDirectories(folder.resolve("refs"));
    this.maxBytes = options.maxBytes();
    this.verify = options.verify();
    this.locks = CacheLocks.open(folder);
  }

  /** Makes the files of a set that is absent. */
  interface Maker {
    /** Makes a folder with the files; it does not exist yet. */
    void make(Path folder) throws IOException, InterruptedException;
  }

  /**
   * Is a set of files that nothing removes while it is open.
   *
   * @param files the folder of the files
   * @param made whether it was made for this use
   * @param use keeps it
   */
  record Use(Path files, boolean made, CacheLocks.Held use) implements Closeable {
    @Override
    public void close() throws IOException {
      use.close();
    }
  }

  private Path place(String digest) {
    return content.resolve(digest);
  }

  /** Returns a set of files if it is there, and whole; the caller closes. */
  Optional<Use> find(String digest) throws IOException, InterruptedException {
    if (!Files.exists(place(digest))) {
      return Optional.empty();
    }
    CacheLocks.Held use = locks.shared(digest, CacheLocks.Aspect.PRESENCE);
    boolean found = false;
    try {
      found = touch(digest) && isWhole(digest);
      return found
          ? Optional.of(new Use(place(digest).resolve(FILES), false, use))
          : Optional.empty();
    } finally {
      if (!found) {
        use.close();
      }
    }
  }

  /**
   * Returns a set of files, which is made when absent; of many who want it at once one makes it,
   * and the others wait. The caller closes.
   *
   * @throws AssetCacheFullException if there is no room
   */
  Use findOrMake(String digest, long bytes, Maker maker) throws IOException, InterruptedException {
    removeDamaged(digest);
    // From here on nobody removes it, so that what is made is there to use.
    CacheLocks.Held use = locks.shared(digest, CacheLocks.Aspect.PRESENCE);
    boolean done = false;
    try {
      boolean made = false;
      if (!touch(digest)) {
        try (CacheLocks.Held making = locks.exclusive(digest, CacheLocks.Aspect.MAKING)) {
          if (!touch(digest)) {
            make(digest, bytes, maker);
            made = true;
          }
        }
      }
      done = true;
      return new Use(place(digest).resolve(FILES), made, use);
    } finally {
      if (!done) {
        use.close();
      }
    }
  }

  private boolean isWhole(String digest) throws IOException {
    return !verify || isIntact(place(digest).resolve(FILES), digest);
  }

  private void removeDamaged(String digest) throws IOException, InterruptedException {
    if (!verify || !Files.exists(place(digest))) {
      return;
    }
    try (CacheLocks.Held use = locks.shared(digest, CacheLocks.Aspect.PRESENCE)) {
      if (!touch(digest) || isWhole(digest)) {
        return;
      }
    }
    try (CacheLocks.Held all = locks.all()) {
      if (!remove(digest)) {
        throw new IOException(
            place(digest) + " is damaged and in use: close it everywhere, and fetch it again");
      }
    }
  }

  /** Notes a use; returns whether it is there. */
  private boolean touch(String digest) throws IOException {
    try {
      Files.setLastModifiedTime(place(digest), FileTime.from(Instant.now()));
      return true;
    } catch (NoSuchFileException e) {
      return false;
    }
  }

  private void make(String digest, long bytes, Maker maker)
      throws IOException, InterruptedException {
    String name = randomName();
    try (CacheLocks.Held own = locks.exclusive(name, CacheLocks.Aspect.PRESENCE)) {
      Path begun = reserve(name, bytes);
      try {
        maker.make(begun.resolve(FILES));
        // Else it would count as used for the last time when it was begun.
        Files.setLastModifiedTime(begun, FileTime.from(Instant.now()));
        // So that nobody who counts meets it twice.
        try (CacheLocks.Held all = locks.all()) {
          Files.move(begun, place(digest), StandardCopyOption.ATOMIC_MOVE);
        }
      } finally {
        delete(begun);
      }
    }
  }

  private static String randomName() {
    return UUID.randomUUID().toString().replace("-", "");
  }

  private Path reserve(String name, long bytes) throws IOException, InterruptedException {
    try (CacheLocks.Held all = locks.all()) {
      makeRoom(bytes);
      Path begun = Files.createDirectory(partial.resolve(name));
      Files.writeString(begun.resolve(SIZE), Long.toString(bytes));
      return begun;
    }
  }

  /** Is a set of files that might be removed. */
  private record Candidate(Path place, long bytes, FileTime lastUse) {}

  /** Removes what was not used for longest, but nothing in use. The folder's lock is held. */
  private void makeRoom(long bytes) throws IOException {
    long used = bytesOfUnfinished();
    List<Candidate> candidates = new ArrayList<>();
    for (Path place : list(content)) {
      long size = size(place);
      used += size;
      candidates.add(new Candidate(place, size, Files.getLastModifiedTime(place)));
    }
    candidates.sort(Comparator.comparing(Candidate::lastUse));
    boolean removed = false;
    for (Candidate candidate : candidates) {
      if (used + bytes <= maxBytes) {
        break;
      }
      if (remove(candidate.place().getFileName().toString())) {
        used -= candidate.bytes();
        removed = true;
      }
    }
    if (removed) {
      removeDanglingRefs();
    }
    if (used + bytes > maxBytes) {
      throw new AssetCacheFullException(bytes, used, maxBytes);
    }
  }

  /** Adds up what is being made, and removes what dead processes have left. */
  private long bytesOfUnfinished() throws IOException {
    long bytes = 0;
    for (Path begun : list(partial)) {
      Optional<CacheLocks.Held> abandoned =
          locks.tryExclusive(begun.getFileName().toString(), CacheLocks.Aspect.PRESENCE);
      if (abandoned.isPresent()) {
        try (CacheLocks.Held own = abandoned.get()) {
          delete(begun);
        }
      } else {
        bytes += size(begun);
      }
    }
    return bytes;
  }

  /** Returns what this class has put into a folder. */
  private static List<Path> list(Path folder) throws IOException {
    return children(folder).stream()
        .filter(path -> OWN_NAME.matcher(path.getFileName().toString()).matches())
        .toList();
  }

  private static List<Path> children(Path folder) throws IOException {
    try (Stream<Path> paths = Files.list(folder)) {
      return paths.toList();
    }
  }

  /** Returns the noted size; 0 for what is just going. */
  private static long size(Path place) throws IOException {
    try {
      return Long.parseLong(Files.readString(place.resolve(SIZE)));
    } catch (NoSuchFileException | NumberFormatException e) {
      return 0;
    }
  }

  /**
   * Removes a set of files; returns false, and does nothing, when somebody uses it. The folder's
   * lock is held.
   */
  private boolean remove(String digest) throws IOException {
    Optional<CacheLocks.Held> alone = locks.tryExclusive(digest, CacheLocks.Aspect.PRESENCE);
    if (alone.isEmpty()) {
      return false;
    }
    Path leaving = partial.resolve(randomName());
    try (CacheLocks.Held own = alone.get()) {
      Files.move(place(digest), leaving, StandardCopyOption.ATOMIC_MOVE);
    } catch (NoSuchFileException e) {
      return true;
    }
    delete(leaving);
    return true;
  }

  /** Returns whether the files have the digest by which they are kept. */
  private static boolean isIntact(Path files, String digest) throws IOException {
    List<ManifestEntry> entries = new ArrayList<>();
    Files.walkFileTree(
        files,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            entries.add(
                ManifestEntry.newBuilder()
                    .setPath(RelativePath.of(files, file))
                    .setSizeBytes(attributes.size())
                    .setSha256(Digests.sha256(file))
                    .build());
            return FileVisitResult.CONTINUE;
          }
        });
    entries.sort(
        Comparator.comparing(
            entry -> entry.getPath().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned));
    return Digests.manifest(entries).equals(digest);
  }

  private Path ref(String name) {
    MessageDigest digest = Digests.newSha256();
    digest.update(name.getBytes(StandardCharsets.UTF_8));
    return refs.resolve(Digests.hex(digest));
  }

  /** Returns what was noted under a name; empty when nothing was, or it is damaged. */
  Optional<CacheRef> findRef(String name) throws IOException {
    return CacheRef.read(ref(name));
  }

  /** Notes something under a name. */
  void saveRef(String name, CacheRef value) throws IOException, InterruptedException {
    if (findRef(name).equals(Optional.of(value))) {
      return;
    }
    String own = randomName();
    try (CacheLocks.Held lock = locks.exclusive(own, CacheLocks.Aspect.PRESENCE)) {
      Path begun = Files.createDirectory(partial.resolve(own));
      try {
        value.write(begun.resolve(REF));
        Files.move(begun.resolve(REF), ref(name), StandardCopyOption.ATOMIC_MOVE);
      } finally {
        delete(begun);
      }
    }
  }

  private void removeDanglingRefs() throws IOException {
    for (Path file : list(refs)) {
      Optional<CacheRef> ref = CacheRef.read(file);
      if (ref.isEmpty() || !Files.exists(place(ref.get().digest()))) {
        Files.deleteIfExists(file);
      }
    }
  }

  /** Removes a file or folder, if it is there. */
  static void delete(Path path) throws IOException {
    if (Files.isDirectory(path)) {
      for (Path child : children(path)) {
        delete(child);
      }
    }
    Files.deleteIfExists(path);
  }

  /** Lets go of the locks; those that are held stay so. Idempotent. */
  @Override
  public void close() throws IOException {
    if (closed.compareAndSet(false, true)) {
      locks.close();
    }
  }
}
