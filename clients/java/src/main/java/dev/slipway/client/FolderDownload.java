package dev.slipway.client;

import dev.slipway.artifact.v1.ManifestEntry;
import io.grpc.Status;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.UUID;

/**
 * Downloads many files into a folder beside the one that they are for, and renames it when all are
 * there. Holds one page of them in memory. For one thread.
 */
final class FolderDownload {
  private final TransferOptions options;
  private final TransferSizes sizes;
  private final Path folder;
  private final Path temporary;

  /**
   * Creates it.
   *
   * @param suffix of the folder's name while files are missing, where that is kept
   */
  FolderDownload(TransferOptions options, TransferSizes sizes, Path folder, String suffix) {
    this.options = options;
    this.sizes = sizes;
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
      PartFile.lock(channel, folder);
      downloadAll(pages, meter, download);
      Files.deleteIfExists(lockFile);
    }
  }

  private void downloadAll(Pages pages, TransferMeter meter, Download download)
      throws IOException, InterruptedException {
    Deque<Path> earlier = setAside();
    LargeFileTurns turns = new LargeFileTurns(options, sizes);
    Files.createDirectories(temporary);
    for (List<ManifestEntry> page = pages.next(); !page.isEmpty(); page = pages.next()) {
      List<ParallelTasks.Task<Path>> tasks = new ArrayList<>();
      for (ManifestEntry entry : page) {
        Path file = inside(temporary, entry.getPath());
        TransferMeter.File progress = meter.file(entry.getPath());
        tasks.add(
            () -> {
              Files.createDirectories(file.getParent());
              if (isThere(entry, file, earlier)) {
                progress.done(entry.getSizeBytes());
                return file;
              }
              return turns.take(
                  entry.getSizeBytes(),
                  () -> {
                    download.to(entry, file, progress);
                    return file;
                  });
            });
      }
      List<Path> unused = ParallelTasks.run("download", options.parallelFiles(), tasks);
    }
    for (Path folder : earlier) {
      deleteFolder(folder);
    }
    Files.move(temporary, folder, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * Renames what an earlier download has left, and returns it with what those before have left that
   * were cut as well, the latest first. Files are taken from there one by one as they are wanted,
   * so that nobody needs to know all names to see which are not wanted any more.
   */
  private Deque<Path> setAside() throws IOException {
    Deque<Path> earlier = new ArrayDeque<>();
    int number = 1;
    for (Path next = earlier(number); Files.exists(next); next = earlier(++number)) {
      earlier.addFirst(next);
    }
    if (Files.isDirectory(temporary)) {
      Files.move(temporary, earlier(number), StandardCopyOption.ATOMIC_MOVE);
      earlier.addFirst(earlier(number));
    }
    return earlier;
  }

  private Path earlier(int number) {
    return temporary.resolveSibling(temporary.getFileName() + "." + number);
  }

  /** Returns whether an earlier download brought the file, and takes it, or else a part, over. */
  private boolean isThere(ManifestEntry entry, Path file, Deque<Path> earlier) throws IOException {
    for (Path folder : earlier) {
      Path from = inside(folder, entry.getPath());
      if (Files.isRegularFile(from, LinkOption.NOFOLLOW_LINKS)
          && Files.size(from) == entry.getSizeBytes()
          && Digests.sha256(from).equals(entry.getSha256())) {
        Files.move(from, file, StandardCopyOption.ATOMIC_MOVE);
        return true;
      }
    }
    // Only where the download goes on with them: nobody else would remove them from the folder.
    if (sizes.suitRanges(entry.getSizeBytes())) {
      takeOverPart(entry, file, earlier);
    }
    return false;
  }

  private static void takeOverPart(ManifestEntry entry, Path file, Deque<Path> earlier)
      throws IOException {
    for (Path folder : earlier) {
      Path from = inside(folder, entry.getPath());
      // Where we were killed between the two moves, there is one of them without the other.
      if (Files.exists(PartFile.bytesOf(from)) && Files.exists(PartFile.rangesOf(from))) {
        Files.move(PartFile.bytesOf(from), PartFile.bytesOf(file));
        Files.move(PartFile.rangesOf(from), PartFile.rangesOf(file));
        return;
      }
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
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException failure)
              throws IOException {
            if (failure != null) {
              throw failure;
            }
            Files.delete(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
