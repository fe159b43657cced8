package dev.slipway.engine.packaging;

import dev.slipway.engine.error.ModelPackageException;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.security.DigestInputStream;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/**
 * The name of a package's content: the SHA-256 of its manifest text, one line per file, {@code
 * <sha256 hex> <size> <relative path>\n}, sorted by the bytes of the paths in UTF-8. The artifact
 * service computes the same digest for a snapshot, so a downloaded package can be checked against
 * it.
 *
 * @param entries the files, sorted
 */
public record PackageDigest(List<Entry> entries) {

  private static final Comparator<Entry> BY_PATH_BYTES =
      (left, right) ->
          Arrays.compareUnsigned(
              left.path().getBytes(StandardCharsets.UTF_8),
              right.path().getBytes(StandardCharsets.UTF_8));

  /**
   * Sorts the files.
   *
   * @throws ModelPackageException if a path appears twice
   */
  public PackageDigest {
    entries = entries.stream().sorted(BY_PATH_BYTES).toList();
    Set<String> paths = new HashSet<>();
    for (Entry entry : entries) {
      if (!paths.add(entry.path())) {
        throw new ModelPackageException("the manifest has the path " + entry.path() + " twice");
      }
    }
  }

  /**
   * One file.
   *
   * @param path relative to the package, slash-separated
   * @param sizeBytes its length
   * @param sha256 64 lower-case hexadecimal digits
   */
  public record Entry(String path, long sizeBytes, String sha256) {

    /**
     * Checks the parts.
     *
     * @throws ModelPackageException if the path is unsafe, the size negative or the digest
     *     malformed
     */
    public Entry {
      PackagePaths.check(path);
      if (sizeBytes < 0) {
        throw new ModelPackageException("the size of " + path + " is negative");
      }
      if (!sha256.matches("[0-9a-f]{64}")) {
        throw new ModelPackageException(
            "the SHA-256 of " + path + " is not 64 lower-case hexadecimal digits");
      }
    }
  }

  /**
   * Reads every file below a folder.
   *
   * @throws ModelPackageException if a file cannot be read, or something below is neither a file
   *     nor a folder: a symbolic link could name bytes outside the package
   */
  public static PackageDigest of(Path root) {
    try (Stream<Path> paths = Files.walk(root)) {
      return new PackageDigest(
          paths
              .filter(path -> !Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
              .map(path -> entry(root, path))
              .toList());
    } catch (IOException | UncheckedIOException e) {
      throw new ModelPackageException("cannot list the package: " + e, e);
    }
  }

  private static Entry entry(Path root, Path file) {
    String path =
        root.relativize(file).toString().replace(file.getFileSystem().getSeparator(), "/");
    if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
      throw new ModelPackageException(
          path + " is not a regular file: a package holds files and folders only");
    }
    MessageDigest digest = sha256();
    long size = 0;
    try (InputStream in = new DigestInputStream(Files.newInputStream(file), digest)) {
      byte[] buffer = new byte[1 << 16];
      for (int read = in.read(buffer); read >= 0; read = in.read(buffer)) {
        size += read;
      }
    } catch (IOException e) {
      throw new ModelPackageException("cannot read " + path + ": " + e, e);
    }
    return new Entry(path, size, HexFormat.of().formatHex(digest.digest()));
  }

  private static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
  }

  /** Returns the manifest text that is digested. */
  public String canonicalText() {
    StringBuilder text = new StringBuilder();
    for (Entry entry : entries) {
      text.append(entry.sha256())
          .append(' ')
          .append(entry.sizeBytes())
          .append(' ')
          .append(entry.path())
          .append('\n');
    }
    return text.toString();
  }

  /** Returns the digest: 64 lower-case hexadecimal digits. */
  public String hex() {
    return HexFormat.of()
        .formatHex(sha256().digest(canonicalText().getBytes(StandardCharsets.UTF_8)));
  }

  /** Returns the sum of all file lengths. */
  public long sizeBytes() {
    return entries.stream().mapToLong(Entry::sizeBytes).sum();
  }
}
