package dev.slipway.cli.assets;

import java.io.IOException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileVisitOption;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Set;
import java.util.UUID;

/**
 * Copies files and folders so that they appear when they are whole. Links are followed, so that the
 * copy is files and folders alone. Stateless.
 */
final class FileTree {
  private FileTree() {}

  /**
   * Copies a file or folder.
   *
   * @param to must not exist; the folder that it lies in must
   * @throws FileAlreadyExistsException if the target exists
   * @throws InterruptedException if the thread is interrupted; then there is no copy
   */
  static void copy(Path from, Path to) throws IOException, InterruptedException {
    Path source = from.toRealPath();
    Path target = to.toAbsolutePath();
    if (Files.exists(target, LinkOption.NOFOLLOW_LINKS)) {
      throw new FileAlreadyExistsException(target.toString());
    }
    if (target.getParent().toRealPath().startsWith(source)) {
      throw new IOException(target + " lies in what would be copied there");
    }
    Path partial =
        target.resolveSibling("." + target.getFileName() + "." + UUID.randomUUID() + ".part");
    try {
      copyAll(source, partial);
      if (Thread.interrupted()) {
        throw new InterruptedException();
      }
      Files.move(partial, target, StandardCopyOption.ATOMIC_MOVE);
    } finally {
      delete(partial);
    }
  }

  /** Copies until the thread is interrupted. */
  private static void copyAll(Path from, Path to) throws IOException {
    Files.walkFileTree(
        from,
        Set.of(FileVisitOption.FOLLOW_LINKS),
        Integer.MAX_VALUE,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes attributes)
              throws IOException {
            Files.createDirectory(inside(folder));
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.copy(file, inside(file));
            return Thread.currentThread().isInterrupted()
                ? FileVisitResult.TERMINATE
                : FileVisitResult.CONTINUE;
          }

          private Path inside(Path path) {
            return path.equals(from) ? to : to.resolve(from.relativize(path));
          }
        });
  }

  private static void delete(Path path) throws IOException {
    if (!Files.exists(path)) {
      return;
    }
    Files.walkFileTree(
        path,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.delete(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path folder, IOException failure)
              throws IOException {
            Files.delete(folder);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
