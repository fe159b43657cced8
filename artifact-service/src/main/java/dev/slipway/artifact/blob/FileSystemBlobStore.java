package dev.slipway.artifact.blob;

import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.ContentDamagedException;
import dev.slipway.artifact.content.Sha256;
import java.io.IOException;
import java.io.InputStream;
import java.nio.channels.Channels;
import java.nio.channels.FileChannel;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.OptionalLong;
import java.util.UUID;

/**
 * Keeps content in a folder, as files {@code blobs/<first two digits>/<digest>}.
 *
 * <p>A file is synced, renamed into place, and its directory synced: a name is never there without
 * all its bytes. Open files stay readable after a delete. Thread-safe, also between processes that
 * share the folder.
 */
public final class FileSystemBlobStore implements BlobStore {
  private final Path blobs;
  private final Path incoming;

  /**
   * Opens the store, and creates its folders where absent.
   *
   * @throws StoreUnavailableException if the folder cannot be written
   */
  public FileSystemBlobStore(Path root) {
    this.blobs = root.resolve("blobs");
    this.incoming = root.resolve("incoming");
    try {
      Files.createDirectories(blobs);
      Files.createDirectories(incoming);
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  @Override
  public void put(Content content, Path file) {
    Path target = pathOf(content.sha256());
    try {
      if (Files.isRegularFile(target) && Files.size(target) == content.sizeBytes()) {
        return;
      }
      Path directory = target.getParent();
      if (!Files.isDirectory(directory)) {
        Files.createDirectories(directory);
        Disk.syncDirectory(blobs);
      }
      Disk.syncFile(file);
      moveIntoPlace(file, target);
      Disk.syncDirectory(directory);
    } catch (IOException e) {
      throw Disk.failure(e);
    }
  }

  private void moveIntoPlace(Path file, Path target) throws IOException {
    try {
      Files.move(file, target, StandardCopyOption.ATOMIC_MOVE);
    } catch (AtomicMoveNotSupportedException e) {
      // The spool is on another file system: copy beside the target first, so that the last step is
      // a rename all the same.
      Path copy = incoming.resolve(UUID.randomUUID().toString());
      try {
        Files.copy(file, copy);
        Disk.syncFile(copy);
        Files.move(copy, target, StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(copy);
      }
    }
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
    return blobs.resolve(sha256.hex().substring(0, 2)).resolve(sha256.hex());
  }
}
