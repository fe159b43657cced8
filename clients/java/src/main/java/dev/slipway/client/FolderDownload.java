package dev.slipway.client;

import dev.slipway.artifact.v1.ManifestEntry;
import io.grpc.Status;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;

/**
 * Downloads many files into a folder beside the one that they are for, and renames it when all are
 * there. Holds one page of them in memory. For one thread.
 */
final class FolderDownload {
  private final TransferOptions options;
  private final Path folder;
  private final Path temporary;

  /**
   * Creates it.
   *
   * @param suffix of the folder's name while files are missing, where that is kept
   */
  FolderDownload(TransferOptions options, Path folder, String suffix) {
    this.options = options;
    this.folder = folder;
    Path name = folder.toAbsolutePath().getFileName();
    this.temporary =
        folder
            .toAbsolutePath()
            .resolveSibling(
                "." + name + (options.resumable() ? suffix : ".part-" + UUID.randomUUID()));
  }

  /** Is what is to be downloaded, page by page. */
  interface Pages {
    /** Returns the next files; empty when there are no more. */
    List<ManifestEntry> next() throws IOException, InterruptedException;
  }

  /** Is how one file is downloaded and verified. */
  interface Download {
    void to(ManifestEntry entry, Path file, TransferMeter.File progress)
        throws IOException, InterruptedException;
  }

  /**
   * Downloads all.
   *
   * @throws FileAlreadyExistsException if the folder exists
   */
  void run(Pages pages, TransferMeter meter, Download download)
      throws IOException, InterruptedException {
    if (Files.exists(folder)) {
      throw new FileAlreadyExistsException(folder.toString());
    }
    if (!options.resumable()) {
      try {
        downloadAll(pages, meter, download);
      } finally {
        deleteFolder(temporary);
      }
      return;
    }
    Path lockFile = temporary.resolveSibling(temporary.getFileName() + ".lock");
    try (FileChannel channel =
        FileChannel.open(lockFile, StandardOpenOption.CREATE, StandardOpenOption.WRITE)) {
      // Until the channel is closed.
      lock(channel);
      downloadAll(pages, meter, download);
      Files.deleteIfExists(lockFile);
    }
  }

  private void lock(FileChannel channel) throws IOException {
    FileLock lock;
    try {
      lock = channel.tryLock();
    } catch (OverlappingFileLockException e) {
      lock = null;
    }
    if (lock == null) {
      throw new IOException("another download to " + folder + " is under way");
    }
  }

  private void downloadAll(Pages pages, TransferMeter meter, Download download)
      throws IOException, InterruptedException {
    boolean resumes = Files.isDirectory(temporary);
    Files.createDirectories(temporary);
    Set<Path> wanted = new HashSet<>();
    for (List<ManifestEntry> page = pages.next(); !page.isEmpty(); page = pages.next()) {
      List<ParallelTasks.Task<Path>> tasks = new ArrayList<>();
      for (ManifestEntry entry : page) {
        Path file = inside(temporary, entry.getPath());
        if (resumes) {
          wanted.add(file);
          clearWayTo(file);
        }
        TransferMeter.File progress = meter.file(entry.getPath());
        tasks.add(
            () -> {
              Files.createDirectories(file.getParent());
              if (isThere(entry, file)) {
                progress.done(entry.getSizeBytes());
              } else {
                download.to(entry, file, progress);
              }
              return file;
            });
      }
      List<Path> unused = ParallelTasks.run("download", options.parallelFiles(), tasks);
    }
    if (resumes) {
      deleteOthers(wanted);
    }
    Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
  }

  /** Returns whether an earlier download brought the file; removes what it brought of it else. */
  private boolean isThere(ManifestEntry entry, Path file) throws IOException {
    if (!options.resumable() || !Files.exists(file)) {
      return false;
    }
    if (Files.isRegularFile(file)
        && Files.size(file) == entry.getSizeBytes()
        && Digests.sha256(file).equals(entry.getSha256())) {
      return true;
    }
    deleteFolder(file);
    return false;
  }

  /** Removes a file of an earlier download that has become a directory since. */
  private void clearWayTo(Path file) throws IOException {
    for (Path at = file.getParent(); !at.equals(temporary); at = at.getParent()) {
      if (Files.isRegularFile(at)) {
        Files.delete(at);
      }
    }
  }

  /** What was there when an earlier download began may have been removed since. */
  private void deleteOthers(Set<Path> wanted) throws IOException {
    Files.walkFileTree(
        temporary,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            if (!wanted.contains(file)) {
              Files.delete(file);
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            if (!directory.equals(temporary) && isEmpty(directory)) {
              Files.delete(directory);
            }
            return FileVisitResult.CONTINUE;
          }
        });
  }

  private static boolean isEmpty(Path directory) throws IOException {
    try (Stream<Path> children = Files.list(directory)) {
      return children.findAny().isEmpty();
    }
  }

  /** Refuses names that would lead out of the folder, whoever sent them. */
  static Path inside(Path folder, String relative) throws IOException {
    if (!relative.isEmpty() && relative.indexOf('\\') < 0 && relative.indexOf('\0') < 0) {
      Path inside = folder.getFileSystem().getPath(relative).normalize();
      if (!inside.isAbsolute() && !inside.startsWith("..") && !inside.toString().isEmpty()) {
        return folder.resolve(inside);
      }
    }
    throw new TransferException(
        "the manifest has an unsafe path: " + relative, Status.Code.DATA_LOSS, null);
  }

  private static void deleteFolder(Path folder) throws IOException {
    if (!Files.exists(folder)) {
      return;
    }
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths = new ArrayList<>(walk.toList());
    }
    Collections.reverse(paths);
    for (Path path : paths) {
      Files.deleteIfExists(path);
    }
  }
}
