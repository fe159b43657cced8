package dev.slipway.artifact.blob;

import dev.slipway.runtime.error.ServiceException;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Locale;

/** Makes files outlive a loss of power, and names what disks complain of. Stateless. */
public final class Disk {
  private Disk() {}

  /** Returns once the bytes of a file are on disk. */
  public static void syncFile(Path file) throws IOException {
    try (FileChannel channel = FileChannel.open(file, StandardOpenOption.WRITE)) {
      channel.force(true);
    }
  }

  /** Returns once the names in a directory are on disk: a rename counts only then. */
  public static void syncDirectory(Path directory) throws IOException {
    try (FileChannel channel = FileChannel.open(directory, StandardOpenOption.READ)) {
      channel.force(true);
    }
  }

  /**
   * Returns whether the bytes of a file have another name too: whoever changes them through this
   * one changes what the other shows. Never where the system has no such names.
   */
  public static boolean isShared(Path file) throws IOException {
    return namesAreCounted(file)
        && ((Number) Files.getAttribute(file, "unix:nlink")).intValue() > 1;
  }

  /** Returns whether {@link #isShared} can tell. */
  static boolean namesAreCounted(Path file) {
    return file.getFileSystem().supportedFileAttributeViews().contains("unix");
  }

  /**
   * Returns what to throw for a failed file operation: no space where that is the reason, else
   * unavailable.
   */
  public static ServiceException failure(IOException e) {
    String said = e instanceof FileSystemException f ? f.getReason() : e.getMessage();
    String reason = said == null ? "" : said.toLowerCase(Locale.ROOT);
    return reason.contains("no space left") || reason.contains("disk quota exceeded")
        ? new NoSpaceException(e)
        : new StoreUnavailableException(e);
  }
}
