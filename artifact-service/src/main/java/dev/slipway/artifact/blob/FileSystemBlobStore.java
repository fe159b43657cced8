package dev.slipway.artifact.blob;

import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.ContentDamagedException;
import dev.slipway.artifact.content.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeSet;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps content in a folder, as files {@code blobs/<first two digits>/<digest>}.
 *
 * <p>A file is synced, linked (or copied and renamed) into place, and its directory synced: a name
 * is never there without all its bytes, and nobody is told that content is there before its name is
 * on disk, whoever made the name. Open files stay readable after a delete. Thread-safe, also
 * between processes that share the folder.
 */
public final class FileSystemBlobStore implements BlobStore {
  private static final Logger log = LoggerFactory.getLogger(FileSystemBlobStore.class);

  private static final Duration LONGEST_COPY = Duration.ofHours(24);

  private final Path blobs;
  private final Path incoming;
  private final DirectorySync sync;

  // Directories whose own names this process has seen to be on disk.
  private final Set<Path> durableDirectories = ConcurrentHashMap.newKeySet();

  /** Returns once the names in a directory are on disk. */
  interface DirectorySync {
    void sync(Path directory) throws IOException;
  }

  /**
   * Opens the store, creates its folders where absent, and removes copies that a crash left half
   * done more than a day ago.
   *
   * @throws StoreUnavailableException if the folder cannot be written
   */
  public FileSystemBlobStore(Path root) {
    this(root, Disk::syncDirectory);
  }

  FileSystemBlobStore(Path root, DirectorySync sync) {
    this.blobs = root.resolve("blobs");
    this.incoming = root.resolve("incoming");
    this.sync = sync;
    try {
      createDirectories();
    } catch (IOException e) {
      throw Disk.failure(e);
    }
    int unused = discardLeftovers(Instant.now().minus(LONGEST_COPY), false);
  }

  private void createDirectories() throws IOException {
    Files.createDirectories(incoming);
    Files.createDirectories(blobs);
    sync.sync(blobs.getParent());
  }

  @Override
  public void put(Content content, Path file) {
    if (!ensureDurable(content)) {
      replace(content, file);
    }
  }

  @Override
  public void replace(Content content, Path file) {
    Path target = pathOf(content.sha256());
    try {
      Disk.syncFile(file);
      Files.createDirectories(target.getParent());
      if (!link(file, target)) {
        copyIntoPlace(file, target);
      }
      syncNames(target.getParent());
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  /**
   * Gives the bytes a second name; returns false where this is not possible: the spool is on
   * another file system, or what has the name is damaged.
   */
  private static boolean link(Path file, Path target) {
    if (!Disk.namesAreCounted(file)) {
      return false;
    }
    try {
      Files.createLink(target, file);
      return true;
    } catch (IOException | UnsupportedOperationException e) {
      log.debug("cannot link {}, so it is copied", file, e);
      return false;
    }
  }

  private void copyIntoPlace(Path file, Path target) throws IOException {
    Path copy = incoming.resolve(UUID.randomUUID().toString());
    try {
      Files.copy(file, copy);
      Disk.syncFile(copy);
      Files.move(copy, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      Files.deleteIfExists(copy);
    }
  }

  @Override
  public boolean ensureDurable(Content content) {
    Path target = pathOf(content.sha256());
    try {
      if (Files.size(target) != content.sizeBytes()) {
        return false;
      }
      // Whoever gave it its name may not have synced it yet, or died before; the bytes were synced
      // before they got it.
      syncNames(target.getParent());
      return true;
    } catch (NoSuchFileException e) {
      return false;
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  /**
   * A file is found after a loss of power when its name is on disk, and that of its directory,
   * which somebody else may just have made.
   */
  private void syncNames(Path directory) throws IOException {
    sync.sync(directory);
    if (!durableDirectories.contains(directory)) {
      sync.sync(blobs);
      durableDirectories.add(directory);
    }
  }

  @Override
  public long maxContentBytes() {
    return Long.MAX_VALUE;
  }

  @Override
  public InputStream open(Content content, long offset, long length) {
    try {
      FileChannel channel =
          FileChannel.open(pathOf(content.sha256()), StandardOpenOption.READ).position(offset);
      return new BoundedInputStream(Channels.newInputStream(channel), length);
    } catch (NoSuchFileException e) {
      throw new ContentDamagedException(content.sha256(), "it is missing");
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  @Override
  public OptionalLong findSize(Sha256 sha256) {
    try {
      return OptionalLong.of(Files.size(pathOf(sha256)));
    } catch (NoSuchFileException e) {
      return OptionalLong.empty();
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  @Override
  public List<Content> list(Optional<Sha256> after, int limit) {
    List<Content> found = new ArrayList<>();
    try {
      for (Path directory : directoriesFrom(after)) {
        list(directory, after, limit, found);
        if (found.size() == limit) {
          break;
        }
      }
    } catch (IOException e) {
      throw Disk.failure(e);
    }
    return found;
  }

  /** Adds what a directory has after a digest, until as many as wanted were found. */
  private static void list(Path directory, Optional<Sha256> after, int limit, List<Content> found)
      throws IOException {
    Optional<Sha256> last = after;
    boolean more = true;
    while (more && found.size() < limit) {
      int wanted = limit - found.size();
      SortedSet<Path> files = firstFiles(directory, last, wanted);
      for (Path file : files) {
        Sha256 sha256 = new Sha256(file.getFileName().toString());
        last = Optional.of(sha256);
        try {
          found.add(new Content(sha256, Files.size(file)));
        } catch (NoSuchFileException e) {
          log.debug("{} was removed meanwhile", file, e);
        }
      }
      more = files.size() == wanted;
    }
  }

  /** Returns the directories that may have what comes after a digest, in order of name. */
  private List<Path> directoriesFrom(Optional<Sha256> after) throws IOException {
    String first = after.map(FileSystemBlobStore::directoryName).orElse("");
    List<Path> directories = new ArrayList<>();
    try (DirectoryStream<Path> all = Files.newDirectoryStream(blobs, "[0-9a-f][0-9a-f]")) {
      for (Path directory : all) {
        if (directory.getFileName().toString().compareTo(first) >= 0) {
          directories.add(directory);
        }
      }
    }
    Collections.sort(directories);
    return directories;
  }

  /** Returns the first files of a directory after a digest, in order; holds no more than these. */
  private static SortedSet<Path> firstFiles(Path directory, Optional<Sha256> after, int limit)
      throws IOException {
    String last = after.map(Sha256::hex).orElse("");
    String prefix = directory.getFileName().toString();
    TreeSet<Path> first = new TreeSet<>();
    try (DirectoryStream<Path> files = Files.newDirectoryStream(directory)) {
      for (Path file : files) {
        String name = file.getFileName().toString();
        if (name.compareTo(last) > 0 && name.startsWith(prefix) && Sha256.isValid(name)) {
          first.add(file);
          if (first.size() > limit) {
            first.pollLast();
          }
        }
      }
    } catch (DirectoryIteratorException e) {
      throw e.getCause();
    }
    return first;
  }

  @Override
  public int discardLeftovers(Instant before, boolean dryRun) {
    FileTime limit = FileTime.from(before);
    int discarded = 0;
    try (DirectoryStream<Path> copies = Files.newDirectoryStream(incoming)) {
      for (Path copy : copies) {
        if (discardIfOld(copy, limit, dryRun)) {
          discarded++;
        }
      }
    } catch (IOException e) {
      throw Disk.failure(e);
    }
    return discarded;
  }

  private static boolean discardIfOld(Path copy, FileTime limit, boolean dryRun)
      throws IOException {
    try {
      if (Files.getLastModifiedTime(copy).compareTo(limit) >= 0) {
        return false;
      }
    } catch (NoSuchFileException e) {
      // It was renamed into place, or another process removes old copies too.
      return false;
    }
    if (dryRun) {
      return true;
    }
    log.info("removing {}, which a crash left", copy);
    return Files.deleteIfExists(copy);
  }

  @Override
  public void delete(Sha256 sha256) {
    try {
      Files.deleteIfExists(pathOf(sha256));
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  @Override
  public boolean answers() {
    return Files.isWritable(blobs);
  }

  @Override
  public void close() {}

  private Path pathOf(Sha256 sha256) {
    return blobs.resolve(directoryName(sha256)).resolve(sha256.hex());
  }

  private static String directoryName(Sha256 sha256) {
    return sha256.hex().substring(0, 2);
  }
}
