package dev.slipway.serving.upstream;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.PackageDigest;
import dev.slipway.runtime.server.StartupException;
import io.grpc.Channel;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Comparator;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Predicate;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Packages on this machine's disk, each in a folder named by its digest, fetched when first asked
 * for.
 *
 * <p>A folder appears whole: files are fetched into a temporary folder, checked against the
 * manifest, and the folder is renamed into place. A folder that is there is checked again whenever
 * it is asked for, and fetched again when a file is missing or has other bytes. Callers that ask
 * for the same digest at the same time share one fetch. A lock keeps the folder to one process at a
 * time, until it is closed. Thread-safe; every call blocks.
 */
public final class PackageCache implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(PackageCache.class);

  private static final int TRIES_PER_FILE = 3;
  private static final Duration LONGEST_SILENCE = Duration.ofSeconds(30);

  private static final String LOCK_FILE = "slipway.lock";
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  private final Path packages;
  private final Path incoming;
  private final ArtifactClient artifacts;
  private final FileChannel lock;

  /** Digests that someone fetches; or deletes, which ends with no folder. */
  private final Map<String, CompletableFuture<Optional<Path>>> running = new ConcurrentHashMap<>();

  /**
   * Creates the cache over a folder, which is made when it does not exist.
   *
   * @param artifacts leads to the artifact service; stays the caller's
   * @param timer where silence of the artifact service is noticed; stays the caller's
   * @throws StartupException if the folder cannot be used, or another server uses it
   */
  public PackageCache(Path folder, Channel artifacts, ScheduledExecutorService timer) {
    this(folder, new ArtifactClient(artifacts, timer, LONGEST_SILENCE));
  }

  PackageCache(Path folder, ArtifactClient artifacts) {
    this.packages = folder;
    this.incoming = folder.resolve("incoming");
    this.artifacts = artifacts;
    try {
      Files.createDirectories(incoming);
      this.lock = lock(folder);
      clear(incoming);
    } catch (IOException e) {
      throw new StartupException(
          "package cache "
              + folder
              + " cannot be used ("
              + e
              + "): choose another with --serve-cache-dir",
          e);
    }
  }

  private static FileChannel lock(Path folder) throws IOException {
    FileChannel channel =
        FileChannel.open(
            folder.resolve(LOCK_FILE), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
    FileLock lock = null;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      // Held by this very process.
      log.debug("{} is locked", folder, e);
    } finally {
      if (lock == null) {
        channel.close();
      }
    }
    if (lock == null) {
      throw new StartupException(
          "package cache "
              + folder
              + " is in use by another slipway: stop it or choose another with --serve-cache-dir");
    }
    return channel;
  }

  /** Lets go of the folder; what is in it stays. */
  @Override
  public void close() {
    try {
      lock.close();
    } catch (IOException e) {
      log.warn("cannot let go of {}", packages, e);
    }
  }

  /**
   * Returns the folder of a package, with every file verified.
   *
   * @throws PackageMissingException if the artifact service does not have it, or has other bytes
   * @throws PackageUnavailableException if it is not here and cannot be fetched at the moment
   */
  public Path get(String digest) {
    CompletableFuture<Optional<Path>> mine = new CompletableFuture<>();
    CompletableFuture<Optional<Path>> theirs = running.putIfAbsent(digest, mine);
    while (theirs != null) {
      Optional<Path> folder = join(theirs);
      if (folder.isPresent()) {
        return folder.get();
      }
      theirs = running.putIfAbsent(digest, mine);
    }
    try {
      Path folder = getOrFetch(digest);
      mine.complete(Optional.of(folder));
      return folder;
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      running.remove(digest, mine);
    }
  }

  private static Optional<Path> join(CompletableFuture<Optional<Path>> running) {
    try {
      return running.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      throw e;
    }
  }

  /**
   * Deletes the packages that nobody needs. One that is being fetched stays.
   *
   * @param needed tells by its digest whether a package is needed; asked again when nobody can
   *     fetch the package meanwhile
   */
  public void retain(Predicate<String> needed) {
    try (Stream<Path> folders = Files.list(packages)) {
      for (Path folder : folders.toList()) {
        String digest = folder.getFileName().toString();
        // Whatever else lies there is not ours.
        if (DIGEST.matcher(digest).matches() && !needed.test(digest)) {
          deleteUnless(needed, digest, folder);
        }
      }
    } catch (IOException e) {
      log.warn("cannot delete packages from {}", packages, e);
    }
  }

  private void deleteUnless(Predicate<String> needed, String digest, Path folder)
      throws IOException {
    CompletableFuture<Optional<Path>> deleting = new CompletableFuture<>();
    if (running.putIfAbsent(digest, deleting) != null) {
      return;
    }
    try {
      if (!needed.test(digest) && Files.isDirectory(folder)) {
        // Moved first, so that what is left after a crash is no package.
        Path old = incoming.resolve("old-" + UUID.randomUUID());
        Files.move(folder, old, StandardCopyOption.ATOMIC_MOVE);
        delete(old);
        log.info("deleted package {}: no version needs it any more", digest);
      }
    } finally {
      running.remove(digest, deleting);
      deleting.complete(Optional.empty());
    }
  }

  private Path getOrFetch(String digest) {
    Path folder = packages.resolve(digest);
    try {
      if (Files.isDirectory(folder)) {
        if (isIntact(folder, digest)) {
          return folder;
        }
        log.warn("the cached package {} is damaged; fetching it again", digest);
        Path damaged = incoming.resolve("damaged-" + UUID.randomUUID());
        Files.move(folder, damaged, StandardCopyOption.ATOMIC_MOVE);
        delete(damaged);
      }
      return fetch(digest, folder);
    } catch (IOException e) {
      throw new PackageUnavailableException(digest, "this server's disk failed", e);
    }
  }

  private Path fetch(String digest, Path folder) throws IOException {
    PackageDigest manifest = artifacts.getManifest(digest);
    Path temporary = Files.createDirectory(incoming.resolve(digest + "-" + UUID.randomUUID()));
    try {
      for (PackageDigest.Entry file : manifest.entries()) {
        fetchFile(digest, file, temporary.resolve(file.path()));
      }
      try {
        Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
      } catch (FileAlreadyExistsException | DirectoryNotEmptyException e) {
        // Whoever put it there, it is named by its bytes.
        log.debug("package {} is there already", digest);
      }
      log.info(
          "fetched package {}: {} files, {} bytes",
          digest,
          manifest.entries().size(),
          manifest.sizeBytes());
      return folder;
    } finally {
      delete(temporary);
    }
  }

  private void fetchFile(String digest, PackageDigest.Entry file, Path target) throws IOException {
    Files.createDirectories(target.getParent());
    for (int tried = 1; !artifacts.download(digest, file, target); tried++) {
      Files.delete(target);
      if (tried == TRIES_PER_FILE) {
        throw new PackageMissingException(
            digest,
            file.path() + " came with other bytes than its digest says, " + tried + " times");
      }
      log.warn("{} of package {} came damaged; fetching it again", file.path(), digest);
    }
  }

  /**
   * Tells whether a folder holds exactly the files whose manifest has the digest; reads every byte.
   */
  private static boolean isIntact(Path folder, String digest) {
    try {
      return PackageDigest.of(folder).hex().equals(digest);
    } catch (ModelPackageException e) {
      log.debug("cannot read the cached package {}", digest, e);
      return false;
    }
  }

  private static void clear(Path folder) throws IOException {
    try (Stream<Path> children = Files.list(folder)) {
      for (Path child : children.toList()) {
        delete(child);
      }
    }
  }

  private static void delete(Path root) throws IOException {
    if (!Files.exists(root)) {
      return;
    }
    try (Stream<Path> walk = Files.walk(root)) {
      for (Path path : walk.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(path);
      }
    }
  }
}
