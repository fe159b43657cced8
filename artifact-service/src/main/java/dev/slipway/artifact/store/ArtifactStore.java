package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Artifact;
import dev.slipway.artifact.content.ArtifactAlreadyExistsException;
import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Directory;
import dev.slipway.artifact.content.Entry;
import dev.slipway.artifact.content.ParentIsFileException;
import dev.slipway.artifact.content.PathIsDirectoryException;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadSpecChangedException;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.Dialect;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import java.time.Clock;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Keeps the tree: which path is bound to which content. Rows only, never bytes.
 *
 * <p>A directory row exists exactly as long as something lies below it. Whoever adds to a directory
 * locks its row against removal, whoever empties or removes it locks it against everybody; so
 * nothing is ever left without its directories. Locks are taken downwards or on the parent first;
 * where two deletes meet all the same, the database ends one and it is run again. Thread-safe.
 */
public final class ArtifactStore {
  // H2 lets one transaction at a time add to a directory, and writes a part of its file for each.
  private static final int H2_PUBLISHERS = 1;
  private static final int POSTGRESQL_PUBLISHERS = 4;

  private final Database database;
  private final Clock clock;
  private final GroupCommit published;

  /** Creates the store on a migrated database. */
  public ArtifactStore(Database database, Clock clock) {
    this.database = database;
    this.clock = clock;
    this.published =
        new GroupCommit(
            database, database.dialect() == Dialect.H2 ? H2_PUBLISHERS : POSTGRESQL_PUBLISHERS);
  }

  /** Returns what lies at a path. The root is always there. */
  public Optional<Entry> find(ArtifactPath path) {
    return database.read(
        handle -> handle.attach(EntryDao.class).find(path.utf8()).map(EntryRow::entry));
  }

  /** Returns a directory with the number and size of all files below it. */
  public Directory totals(ArtifactPath directory) {
    PathRange range = PathRange.below(directory);
    return database.read(
        handle -> {
          Directory totals = handle.attach(EntryDao.class).totals(range.after(), range.end());
          return new Directory(directory, totals.fileCount(), totals.sizeBytes());
        });
  }

  /** Returns content that is stored and not being removed, whatever refers to it. */
  public Optional<Content> findContent(Sha256 sha256) {
    return database.read(
        handle ->
            handle
                .attach(BlobDao.class)
                .find(sha256.hex())
                .filter(found -> !found.isRemoving())
                .map(found -> new Content(sha256, found.sizeBytes())));
  }

  /** Returns what is known of content, for one who is going to make sure of its bytes. */
  public ContentLookup lookUp(Sha256 sha256) {
    return database.read(
        handle -> {
          BlobDao dao = handle.attach(BlobDao.class);
          // First of all: what begins to be removed after the row was read counts as later.
          long removals = dao.removals();
          Optional<BlobDao.BlobRow> row = dao.find(sha256.hex());
          return new ContentLookup(
              row.filter(found -> !found.isRemoving() && !found.suspect())
                  .map(found -> new Content(sha256, found.sizeBytes())),
              row.map(BlobDao.BlobRow::suspect).orElse(false),
              row.map(BlobDao.BlobRow::isRemoving).orElse(false),
              removals);
        });
  }

  /** Returns the artifact that an upload published, as long as its path still has it. */
  public Optional<Artifact> findByUploadId(UploadId uploadId) {
    return database.read(
        handle ->
            handle
                .attach(EntryDao.class)
                .findByUploadId(uploadId.value())
                .map(row -> (Artifact) row.entry()));
  }

  /**
   * Says early what {@link #publish} would refuse now. Promises nothing for later.
   *
   * @throws PathIsDirectoryException if there are artifacts below the path
   * @throws ParentIsFileException if a directory of the path is a file
   * @throws ArtifactAlreadyExistsException if {@code createOnly} and the path has an artifact
   */
  public void requirePublishable(ArtifactPath path, boolean createOnly) {
    database.read(
        handle -> {
          EntryDao dao = handle.attach(EntryDao.class);
          Optional<Entry> present = dao.find(path.utf8()).map(EntryRow::entry);
          if (present.isPresent()) {
            requireReplaceable(present.get(), createOnly);
            return null;
          }
          ArtifactPath ancestor = path;
          Optional<Entry> nearest = Optional.empty();
          while (nearest.isEmpty()) {
            ancestor = ancestor.parent();
            nearest = dao.find(ancestor.utf8()).map(EntryRow::entry);
          }
          if (nearest.get() instanceof Artifact) {
            throw new ParentIsFileException(ancestor);
          }
          return null;
        });
  }

  private static void requireReplaceable(Entry present, boolean createOnly) {
    if (present instanceof Directory) {
      throw new PathIsDirectoryException(present.path());
    }
    if (createOnly) {
      throw new ArtifactAlreadyExistsException(present.path());
    }
  }

  /**
   * Binds a path to content whose bytes are stored, in one step, and makes its directories; content
   * that was condemned is revived. Where the same upload has bound the path to this content before,
   * answers that. Many who do so at once share transactions.
   *
   * @throws PathIsDirectoryException if there are artifacts below the path
   * @throws ParentIsFileException if a directory of the path is a file
   * @throws ArtifactAlreadyExistsException if {@code createOnly} and another upload has bound the
   *     path
   * @throws UploadSpecChangedException if the same upload has bound the path to other content
   * @throws ContentRemovedException if the bytes were removed, or found to be damaged, since they
   *     were made sure of
   */
  public Artifact publish(
      ArtifactPath path,
      StoredContent stored,
      String contentType,
      Optional<UploadId> uploadId,
      boolean createOnly) {
    OffsetDateTime now = Timestamps.now(clock);
    Content content = stored.content();
    String uploadIdOrNull = uploadId.map(UploadId::value).orElse(null);
    return published.write(
        path.value(),
        handle -> {
          EntryDao dao = handle.attach(EntryDao.class);
          requireDirectory(dao, path.parent(), now);
          Optional<EntryRow> present = dao.find(path.utf8());
          if (present.isPresent()
              && uploadId.isPresent()
              && present.get().uploadId().equals(uploadId.map(UploadId::value))) {
            Artifact published = (Artifact) present.get().entry();
            if (!published.sha256().equals(content.sha256())) {
              throw new UploadSpecChangedException(uploadId.get());
            }
            return published;
          }
          present.ifPresent(row -> requireReplaceable(row.entry(), createOnly));
          BlobBinding.bind(handle, database.dialect(), stored, now);
          int updated =
              present.isEmpty()
                  ? 0
                  : dao.updateFile(
                      path.utf8(),
                      content.sha256().hex(),
                      content.sizeBytes(),
                      contentType,
                      uploadIdOrNull,
                      now);
          if (updated == 0) {
            dao.insertFile(
                path.utf8(),
                path.parent().utf8(),
                content.sha256().hex(),
                content.sizeBytes(),
                contentType,
                uploadIdOrNull,
                now);
          }
          OffsetDateTime createTime =
              present
                  .map(row -> ((Artifact) row.entry()).createTime().atOffset(ZoneOffset.UTC))
                  .orElse(now);
          return new Artifact(
              path,
              content.sizeBytes(),
              content.sha256(),
              contentType,
              createTime.toInstant(),
              now.toInstant());
        });
  }

  /**
   * Locks a directory against removal until the transaction ends; makes it, and those above, when
   * absent.
   */
  private void requireDirectory(EntryDao dao, ArtifactPath directory, OffsetDateTime now) {
    Optional<Integer> kind =
        database.dialect() == Dialect.POSTGRESQL
            ? dao.lockAgainstRemoval(directory.utf8())
            : dao.lock(directory.utf8());
    if (kind.isEmpty()) {
      requireDirectory(dao, directory.parent(), now);
      dao.insertDirectory(directory.utf8(), directory.parent().utf8(), now);
    } else if (kind.get() == EntryRow.FILE) {
      throw new ParentIsFileException(directory);
    }
  }

  /**
   * Returns a page of a directory, in order of the paths' UTF-8 bytes. A path that is a file, or
   * not there, has none.
   *
   * @param recursive whether to return all files at any depth instead of one level
   */
  public Page<Entry> list(ArtifactPath directory, boolean recursive, PageRequest page) {
    PathRange below = PathRange.below(directory);
    PathRange range =
        page.after(keys -> below.from(new ArtifactPath(keys.get(0)).utf8())).orElse(below);
    List<Entry> rows =
        database.search(
            handle -> {
              EntryDao dao = handle.attach(EntryDao.class);
              List<EntryRow> found =
                  recursive
                      ? dao.listFiles(range.after(), range.end(), page.size() + 1)
                      : dao.listLevel(directory.utf8(), range.after(), page.size() + 1);
              return found.stream().map(EntryRow::entry).toList();
            });
    return Page.of(rows, page, last -> List.of(last.path().value()));
  }

  /**
   * Removes a file, or a directory with all below it, in one step, and the directories that become
   * empty by it.
   *
   * @return number and size of the files that were removed; empty when there was nothing at the
   *     path
   * @throws PathIsDirectoryException if the path is a directory and {@code recursive} is not set
   */
  public Optional<Directory> delete(ArtifactPath path, boolean recursive) {
    return database.write(handle -> delete(handle.attach(EntryDao.class), path, recursive));
  }

  /**
   * Returns what lies directly in a directory, in order, of which nothing was changed since a time,
   * and below which no presigned upload is under way.
   *
   * @param after where to go on; empty for the beginning
   * @param limit how many are looked at, at most
   * @return what was found, and the last that was looked at; the latter empty at the end
   */
  public Unchanged listUnchanged(
      ArtifactPath directory, Instant since, Optional<ArtifactPath> after, int limit) {
    PathRange below = PathRange.below(directory);
    PathRange range = after.map(path -> below.from(path.utf8())).orElse(below);
    return database.read(
        handle -> {
          EntryDao dao = handle.attach(EntryDao.class);
          List<EntryRow> rows = dao.listLevel(directory.utf8(), range.after(), limit);
          List<ArtifactPath> found =
              rows.stream()
                  .map(row -> row.entry().path())
                  .filter(path -> isUnchanged(handle, path, since))
                  .toList();
          return new Unchanged(
              found,
              rows.size() < limit
                  ? Optional.empty()
                  : Optional.of(rows.get(limit - 1).entry().path()));
        });
  }

  /**
   * Is a page of what was not changed for long.
   *
   * @param paths what was found
   * @param last where to go on; empty at the end
   */
  public record Unchanged(List<ArtifactPath> paths, Optional<ArtifactPath> last) {
    /** Copies the list. */
    public Unchanged {
      paths = List.copyOf(paths);
    }
  }

  private boolean isUnchanged(Handle handle, ArtifactPath path, Instant since) {
    PathRange range = PathRange.below(path);
    return handle
            .attach(EntryDao.class)
            .lastChange(path.utf8(), range.after(), range.end())
            .filter(time -> time.toInstant().isBefore(since))
            .isPresent()
        && handle
            .attach(PresignedUploadDao.class)
            .findOpen(range.after(), range.end(), Timestamps.now(clock))
            .isEmpty();
  }

  /**
   * Removes a file, or a directory with all below it, unless something of it was changed since a
   * time, or a presigned upload is under way below it; returns whether it did.
   */
  public boolean deleteUnchanged(ArtifactPath path, Instant since) {
    return database.write(
        handle -> {
          EntryDao dao = handle.attach(EntryDao.class);
          lock(dao, path);
          return isUnchanged(handle, path, since) && delete(dao, path, true).isPresent();
        });
  }

  /** Removes as {@link #delete(ArtifactPath, boolean)} does, within a transaction. */
  static Optional<Directory> delete(EntryDao dao, ArtifactPath path, boolean recursive) {
    dao.lock(path.parent().utf8());
    Optional<Entry> present = dao.find(path.utf8()).map(EntryRow::entry);
    if (present.isEmpty()) {
      return Optional.empty();
    }
    Directory removed;
    if (present.get() instanceof Artifact file) {
      removed = new Directory(path, 1, file.sizeBytes());
    } else if (recursive) {
      removed = removeAllBelow(dao, path);
    } else {
      throw new PathIsDirectoryException(path);
    }
    dao.delete(path.utf8());
    removeEmptied(dao, path.parent());
    return Optional.of(removed);
  }

  /**
   * Locks what lies at or below a path, so that nothing is added, changed or removed there until
   * the transaction ends.
   */
  static void lock(EntryDao dao, ArtifactPath path) {
    dao.lock(path.parent().utf8());
    lockAllBelow(dao, path);
  }

  private static Directory removeAllBelow(EntryDao dao, ArtifactPath directory) {
    lockAllBelow(dao, directory);
    PathRange range = PathRange.below(directory);
    Directory totals = dao.totals(range.after(), range.end());
    dao.deleteRange(range.after(), range.end());
    return new Directory(directory, totals.fileCount(), totals.sizeBytes());
  }

  private static void lockAllBelow(EntryDao dao, ArtifactPath directory) {
    PathRange range = PathRange.below(directory);
    dao.lock(directory.utf8());
    // Directories that were being added while we waited for a lock are seen, and locked, by the
    // next round.
    int locked = -1;
    for (int found = 0; found != locked; ) {
      locked = found;
      found = dao.lockDirectories(range.after(), range.end()).size();
    }
  }

  /** Removes a directory when nothing lies in it; its row is locked by the caller. */
  private static void removeEmptied(EntryDao dao, ArtifactPath directory) {
    if (directory.isRoot() || dao.findChild(directory.utf8()).isPresent()) {
      return;
    }
    dao.lock(directory.parent().utf8());
    dao.delete(directory.utf8());
    removeEmptied(dao, directory.parent());
  }
}
