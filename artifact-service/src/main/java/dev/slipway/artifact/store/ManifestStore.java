package dev.slipway.artifact.store;

import dev.slipway.artifact.content.ArtifactNotFoundException;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Directory;
import dev.slipway.artifact.content.Entry;
import dev.slipway.artifact.content.Manifest;
import dev.slipway.artifact.content.ManifestEntry;
import dev.slipway.artifact.content.ManifestNotFoundException;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.content.TooManyFilesException;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import java.time.Clock;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/** Keeps immutable manifests and who holds them. Thread-safe. */
public final class ManifestStore {
  private static final PathRange ALL = PathRange.below(ArtifactPath.ROOT);

  private final Database database;
  private final Clock clock;
  private final long maxFiles;

  /**
   * Creates the store on a migrated database.
   *
   * @param maxFiles most files that a manifest may have, {@link Manifest#MAX_FILES} but in tests
   */
  public ManifestStore(Database database, Clock clock, long maxFiles) {
    this.database = database;
    this.clock = clock;
    this.maxFiles = maxFiles;
  }

  /**
   * Records the files at or below a path for a holder, in one step and from one consistent view;
   * answers what the holder has of this path already, where it has. Memory does not depend on the
   * number of files.
   *
   * @throws ArtifactNotFoundException if there is no file at or below the path
   * @throws TooManyFilesException if there are more files than a manifest may have
   */
  public Manifest snapshot(ArtifactPath path, ArtifactPath holder) {
    OffsetDateTime now = Timestamps.now(clock);
    return Races.writeAgainstCollection(
        database,
        handle -> {
          ManifestDao dao = handle.attach(ManifestDao.class);
          Optional<Manifest> held = dao.findHeld(holder.value(), path.utf8());
          if (held.isPresent()) {
            return held.get();
          }
          Recorded recorded = record(handle, path, now, () -> {});
          dao.hold(holder.value(), path.utf8(), recorded.id(), now);
          return recorded.manifest();
        });
  }

  /**
   * Is a manifest with the number of its row.
   *
   * @param id number of its row
   * @param manifest what it says
   * @param directory whether the path that it was taken of is a directory
   */
  record Recorded(long id, Manifest manifest, boolean directory) {}

  /**
   * Records the files at or below a path within a transaction, which must note who keeps the
   * manifest, and end soon: collections and others who record wait for it.
   *
   * @param onCopied is run once the files are noted, before others have to wait; the caller locks
   *     no path after it
   * @throws ArtifactNotFoundException if there is no file at or below the path
   * @throws TooManyFilesException if there are more files than a manifest may have
   * @throws ContentRemovedException if a collection took what was at the path: run it again
   */
  Recorded record(Handle handle, ArtifactPath path, OffsetDateTime now, Runnable onCopied) {
    Entry entry =
        handle
            .attach(EntryDao.class)
            .find(path.utf8())
            .map(EntryRow::entry)
            .orElseThrow(() -> new ArtifactNotFoundException(path));
    long id = new ManifestWriter(handle, maxFiles).record(path, entry, now, onCopied);
    return new Recorded(
        id,
        handle.attach(ManifestDao.class).findById(id).orElseThrow(),
        entry instanceof Directory);
  }

  /**
   * Makes a manifest that is recorded safe from collection, within a transaction which must note
   * who keeps it, as {@link #record} does; returns the number of its row.
   *
   * @throws ManifestNotFoundException if none of this digest is recorded
   */
  long keep(Handle handle, Sha256 digest) {
    return new ManifestWriter(handle, maxFiles)
        .keep(digest)
        .orElseThrow(() -> new ManifestNotFoundException(digest));
  }

  /**
   * Returns a manifest.
   *
   * @throws ManifestNotFoundException if none of this digest is recorded
   */
  public Manifest get(Sha256 digest) {
    return database
        .read(handle -> handle.attach(ManifestDao.class).find(digest.hex()))
        .orElseThrow(() -> new ManifestNotFoundException(digest));
  }

  /** Returns a page of a manifest's files, in order of the paths' UTF-8 bytes. */
  public Page<ManifestEntry> list(Sha256 digest, PageRequest page) {
    byte[] after = page.after(keys -> new ArtifactPath(keys.get(0)).utf8()).orElse(ALL.after());
    List<ManifestEntry> rows =
        database.read(
            handle ->
                handle
                    .attach(ManifestDao.class)
                    .list(digest.hex(), after, ALL.end(), page.size() + 1));
    return Page.of(rows, page, last -> List.of(last.path().value()));
  }

  /**
   * Returns the first files at or below a path inside a manifest, in order of the paths' UTF-8
   * bytes; none when there is nothing.
   *
   * @param part the root for all
   * @param limit how many at most
   */
  public List<ManifestEntry> list(Sha256 digest, ArtifactPath part, int limit) {
    PathRange below = PathRange.below(part);
    return database.read(
        handle -> {
          ManifestDao dao = handle.attach(ManifestDao.class);
          return dao.findEntry(digest.hex(), part.utf8())
              .map(List::of)
              .orElseGet(() -> dao.list(digest.hex(), below.after(), below.end(), limit));
        });
  }

  /** Ends all that a holder keeps; returns how many snapshots that were. */
  public int release(ArtifactPath holder) {
    return database.write(handle -> handle.attach(ManifestDao.class).release(holder.value()));
  }

  /** Ends what a holder keeps of a path; returns how many snapshots that were, 0 or 1. */
  public int release(ArtifactPath holder, ArtifactPath path) {
    return database.write(
        handle -> handle.attach(ManifestDao.class).release(holder.value(), path.utf8()));
  }
}
