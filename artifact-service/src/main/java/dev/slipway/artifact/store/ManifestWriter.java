package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Artifact;
import dev.slipway.artifact.content.ArtifactNotFoundException;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Entry;
import dev.slipway.artifact.content.ManifestDigest;
import dev.slipway.artifact.content.ManifestEntry;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.content.TooManyFilesException;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.result.ResultIterator;

/**
 * Records manifests inside a transaction of one who is going to keep them, and makes them and their
 * content safe from collection until that transaction ends. Memory does not depend on the number of
 * files. For one transaction.
 */
final class ManifestWriter {
  private final Handle handle;
  private final ManifestDao dao;
  private final long maxFiles;
  private final long removalsBefore;

  /**
   * Begins to write.
   *
   * @param maxFiles most files that a manifest may have
   */
  ManifestWriter(Handle handle, long maxFiles) {
    this.handle = handle;
    this.dao = handle.attach(ManifestDao.class);
    this.maxFiles = maxFiles;
    this.removalsBefore = handle.attach(BlobDao.class).removals();
  }

  /**
   * Records the files at or below a path, from one consistent view; returns the number of their
   * manifest. The caller now adds the row that keeps it, and ends the transaction soon: others wait
   * for it.
   *
   * @param entry what lies at the path
   * @param onCopied is run once the files are noted, before others have to wait; whatever locks
   *     paths belongs here, since who holds those may be waiting too
   * @throws ArtifactNotFoundException if there is no file at or below the path
   * @throws TooManyFilesException if there are more files than a manifest may have
   * @throws ContentRemovedException if what was below the path was deleted and its content removed
   *     meanwhile: begin anew
   */
  long record(ArtifactPath path, Entry entry, OffsetDateTime now, Runnable onCopied) {
    long begun = dao.begin(now);
    copyFiles(begun, path, entry);
    ManifestDigest digest = digest(begun);
    if (digest.fileCount() == 0) {
      throw new ArtifactNotFoundException(path);
    }
    onCopied.run();
    Sha256 name = digest.finish();
    Optional<Long> same = keep(name);
    if (same.isPresent()) {
      dao.discard(begun);
      return same.get();
    }
    dao.finish(begun, name.hex(), digest.sizeBytes(), digest.fileCount());
    secureContent(begun);
    return begun;
  }

  /**
   * Makes a manifest that is recorded safe, and returns its number. The caller now adds the row
   * that keeps it, and ends the transaction soon: others wait for it.
   *
   * @return empty when none of this digest is recorded
   */
  Optional<Long> keep(Sha256 digest) {
    handle.attach(MaintenanceDao.class).lockOutDecisions();
    Optional<Long> found = dao.findId(digest.hex());
    found.ifPresent(this::secureContent);
    return found;
  }

  /** Collections are locked out, so what is so now stays so until the transaction ends. */
  private void secureContent(long manifest) {
    dao.reviveContent(manifest);
    if (handle.attach(BlobDao.class).removals() != removalsBefore) {
      dao.findRemoved(manifest)
          .ifPresent(
              sha256 -> {
                throw new ContentRemovedException(new Sha256(sha256));
              });
    }
  }

  private void copyFiles(long manifest, ArtifactPath path, Entry entry) {
    if (entry instanceof Artifact) {
      int directoryLength = PathRange.prefixLength(path.parent());
      dao.copyFile(manifest, directoryLength + 1, path.utf8());
      return;
    }
    PathRange range = PathRange.below(path);
    if (dao.countFiles(range.after(), range.end(), maxFiles + 1) > maxFiles) {
      throw new TooManyFilesException(path, maxFiles);
    }
    // One statement, so one view of the tree: what counts is what it copies, not what was counted
    // before.
    dao.copyRange(manifest, PathRange.prefixLength(path) + 1, range.after(), range.end());
  }

  private ManifestDigest digest(long manifest) {
    ManifestDigest digest = new ManifestDigest();
    try (ResultIterator<ManifestEntry> entries = dao.iterate(manifest)) {
      entries.forEachRemaining(digest::add);
    }
    return digest;
  }
}
