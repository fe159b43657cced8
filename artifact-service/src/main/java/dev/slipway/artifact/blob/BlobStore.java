package dev.slipway.artifact.blob;

import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Sha256;
import java.io.InputStream;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Keeps bytes under their SHA-256. Knows nothing of paths and references.
 *
 * <p>Content is there whole or not at all, also after a crash in the middle of {@link #put}.
 * Thread-safe; the same content may be put by several threads and processes at once. Every method
 * may throw {@link StoreUnavailableException}.
 */
public interface BlobStore extends AutoCloseable {
  /**
   * Stores content and returns once it is durable. Does nothing more when it is there already.
   *
   * @param content digest and size of the file, verified by the caller
   * @param file a file of the server's own spool, which stays under its name. The store may keep
   *     its very bytes: from now on whoever would change them must work on a copy, see {@link
   *     Disk#isShared}
   * @throws NoSpaceException if there is no room
   * @throws StoreBusyException if too many files are on their way already
   */
  void put(Content content, Path file);

  /**
   * Stores content as {@link #put} does, but also where something is there under its digest, which
   * it takes the place of.
   */
  void replace(Content content, Path file);

  /**
   * Returns whether content is there, with the size that it should have. What is there is durable
   * when this returns, whoever put it.
   */
  boolean ensureDurable(Content content);

  /** Returns the size in bytes of the largest content that {@link #put} takes. */
  long maxContentBytes();

  /**
   * Opens a range of content. The stream belongs to the caller, who closes it, and stays readable
   * when the content is deleted meanwhile, on the stores where this is possible. Ends early when
   * the store has fewer bytes than it should.
   *
   * @param offset first byte, 0 to the size
   * @param length number of bytes, 0 to the size less offset
   * @throws dev.slipway.artifact.content.ContentDamagedException if the store does not have it
   */
  InputStream open(Content content, long offset, long length);

  /** Returns the size in bytes of content that is there. */
  OptionalLong findSize(Sha256 sha256);

  /**
   * Returns what is there, with its size, in order of digest. Content that is put or removed
   * meanwhile may or may not be seen.
   *
   * @param after behind which digest to begin; empty: with the first
   * @param limit how many to return at most; fewer are the last
   */
  List<Content> list(Optional<Sha256> after, int limit);

  /**
   * Removes what calls of {@link #put} left that were cut off, e.g. by a crash, and returns how
   * many.
   *
   * @param before only what was begun before this
   * @param dryRun whether only to count
   */
  int discardLeftovers(Instant before, boolean dryRun);

  /** Removes content; does nothing when it is not there. */
  void delete(Sha256 sha256);

  /** Returns the ways by which clients reach the bytes themselves; empty where there are none. */
  default Optional<DirectTransfers> direct() {
    return Optional.empty();
  }

  /** Returns whether the store answers, within a few seconds. Throws nothing. */
  boolean answers();

  /** Gives back what the store holds; content stays. */
  @Override
  void close();
}
