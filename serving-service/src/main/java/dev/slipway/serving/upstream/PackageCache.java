package dev.slipway.serving.upstream;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.packaging.PackageDigest;
import io.grpc.Channel;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Comparator;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
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
 * for the same digest at the same time share one fetch. One process at a time uses the folder.
 * Thread-safe; every call blocks.
 */
public final class PackageCache {
  private static final Logger log = LoggerFactory.getLogger(PackageCache.class);

  private static final int TRIES_PER_FILE = 3;

  private final Path packages;
  private final Path incoming;
  private final ArtifactClient artifacts;
  private final Map<String, CompletableFuture<Path>> running = new ConcurrentHashMap<>();

  /**
   * Creates the cache over a folder, which is made when it does not exist.
   *
   * @param artifacts leads to the artifact service; stays the caller's
   * @throws UncheckedIOException if the folder cannot be made
   */
  public PackageCache(Path folder, Channel artifacts) {
    this.packages = folder.resolve("packages");
    this.incoming = folder.resolve("incoming");
    this.artifacts = new ArtifactClient(artifacts);
    try {
      Files.createDirectories(packages);
      Files.createDirectories(incoming);
      clear(incoming);
    } catch (IOException e) {
      throw new UncheckedIOException("cannot use the model cache in " + folder, e);
    }
  }

  /**
   * Returns the folder of a package, with every file verified.
   *
   * @throws PackageMissingException if the artifact service does not have it, or has other bytes
   * @throws PackageUnavailableException if it is not here and cannot be fetched at the moment
   */
  public Path get(String digest) {
    CompletableFuture<Path> mine = new CompletableFuture<>();
    CompletableFuture<Path> theirs = running.putIfAbsent(digest, mine);
    if (theirs != null) {
      try {
        return theirs.join();
      } catch (CompletionException e) {
        if (e.getCause() instanceof RuntimeException cause) {
          throw cause;
        }
        throw e;
      }
    }
    try {
      Path folder = getOrFetch(digest);
      mine.complete(folder);
      return folder;
    } catch (RuntimeException | Error e) {
      mine.completeExceptionally(e);
      throw e;
    } finally {
      running.remove(digest, mine);
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
