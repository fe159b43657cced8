package dev.slipway.engine.packaging;

import dev.slipway.engine.error.ModelPackageException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The rule for paths inside a package: relative, slash-separated, normal, and never leaving the
 * folder.
 */
final class PackagePaths {

  private PackagePaths() {}

  /** Refuses a path that is not relative and normal. */
  static void check(String path) {
    boolean control = path.chars().anyMatch(c -> c < ' ' || c == 0x7f);
    if (path.isEmpty()
        || path.startsWith("/")
        || path.endsWith("/")
        || path.contains("\\")
        || control) {
      throw unsafe(path);
    }
    for (String segment : path.split("/", -1)) {
      if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
        throw unsafe(path);
      }
    }
    if (path.length() > 1 && path.charAt(1) == ':') {
      throw unsafe(path);
    }
  }

  /** Returns an existing file below the root, links followed. */
  static Path resolveFile(Path root, String path) {
    Path file = resolve(root, path);
    try {
      if (!Files.exists(file)) {
        throw new ModelPackageException("the package has no file " + path);
      }
      if (!file.toRealPath().startsWith(root.toRealPath())) {
        throw unsafe(path);
      }
    } catch (IOException e) {
      throw new ModelPackageException("cannot resolve " + path + ": " + e, e);
    }
    return file;
  }

  /** Returns the place of a file below the root, which need not exist. */
  static Path resolve(Path root, String path) {
    check(path);
    return root.resolve(path);
  }

  private static ModelPackageException unsafe(String path) {
    StringBuilder printable = new StringBuilder();
    path.chars().forEach(c -> printable.append(c < ' ' || c == 0x7f ? '?' : (char) c));
    return new ModelPackageException(
        "unsafe path \""
            + printable
            + "\": a path in a package is relative, slash-separated and stays inside it");
  }
}
