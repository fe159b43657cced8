package dev.slipway.client;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Is the folder where jobs keep what they could not send: one folder in it for each run and writer,
 * with a lock and numbered files. The names and the order of the files are the format.
 */
final class SpillFolder {
  static final String LOCK = "lock";
  private static final String SUFFIX = ".spill";
  private static final Pattern SEGMENT = Pattern.compile("[0-9]{8}\\.spill");
  private static final Pattern SESSION = Pattern.compile("([0-9a-f]{32})\\.([A-Za-z0-9._-]{1,64})");

  private SpillFolder() {}

  /** Names a run and a writer of it. */
  record Owner(String runId, String writerId) {}

  /** Returns whose folder this is; empty when it is none of a session. */
  static Optional<Owner> owner(Path session) {
    Path name = session.toAbsolutePath().normalize().getFileName();
    Matcher owner = SESSION.matcher(name == null ? "" : name.toString());
    return owner.matches()
        ? Optional.of(new Owner(owner.group(1), owner.group(2)))
        : Optional.empty();
  }

  static Path session(Path folder, String runId, String writerId) {
    return folder.resolve(runId + "." + writerId);
  }

  static Path segment(Path session, long number) {
    return session.resolve(String.format("%08d%s", number, SUFFIX));
  }

  /** Returns the number of a file that {@link #segments} has returned. */
  static long number(Path segment) {
    String name = segment.getFileName().toString();
    return Long.parseLong(name.substring(0, name.length() - SUFFIX.length()));
  }

  /** Returns the files of a session in the order in which they were written. */
  static List<Path> segments(Path session) throws IOException {
    try (Stream<Path> entries = Files.list(session)) {
      return entries.filter(SpillFolder::isSegment).sorted().toList();
    }
  }

  private static boolean isSegment(Path file) {
    return SEGMENT.matcher(file.getFileName().toString()).matches();
  }

  /** Returns every session at or below a folder, in order of path. */
  static List<Path> sessions(Path folder) throws IOException {
    TreeSet<Path> found = new TreeSet<>();
    long unused =
        visit(
            folder,
            (file, unusedSize) -> {
              boolean ours = isSegment(file) || file.getFileName().toString().equals(LOCK);
              if (ours && owner(file.getParent()).isPresent()) {
                found.add(file.getParent());
              }
              return 0;
            });
    return List.copyOf(found);
  }

  /** Returns how many bytes all spill files at or below a folder have. */
  static long bytes(Path folder) throws IOException {
    return visit(folder, (file, size) -> isSegment(file) ? size : 0);
  }

  /** Removes the folder of a session that has no spill files; the caller has its lock. */
  static void removeEmpty(Path session) throws IOException {
    Files.deleteIfExists(session.resolve(LOCK));
    try {
      Files.deleteIfExists(session);
    } catch (DirectoryNotEmptyException e) {
      // Somebody has put something of his own there.
    }
  }

  private interface Measure {
    long of(Path file, long sizeBytes);
  }

  private static long visit(Path folder, Measure measure) throws IOException {
    long[] sum = {0};
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) {
            sum[0] += measure.of(file, attributes.size());
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException gone) throws IOException {
            // Others finish and delete theirs at any time; only the folder itself must be there.
            if (file.equals(folder)) {
              throw gone;
            }
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException failure) {
            return FileVisitResult.CONTINUE;
          }
        });
    return sum[0];
  }
}
