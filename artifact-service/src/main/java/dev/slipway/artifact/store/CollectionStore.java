package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.maintenance.JudgedContent;
import dev.slipway.artifact.maintenance.Verdict;
import dev.slipway.runtime.database.Database;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;
import org.jdbi.v3.core.Handle;

/**
 * Keeps what garbage collections have decided. Decisions are made on locked rows, while nobody
 * binds whole manifests; rows that others have locked are passed over, so that nobody waits for a
 * collection longer than a few statements, and it never waits for them. Thread-safe.
 */
public final class CollectionStore {
  private static final int MANIFEST_ENTRIES_PER_TRANSACTION = 10_000;

  private final Database database;

  /** Creates the store on a migrated database. */
  public CollectionStore(Database database) {
    this.database = database;
  }

  /**
   * Returns content in order of digest, with what would be decided now. Manifests that nobody keeps
   * do not count. Reads only.
   *
   * @param after behind which digest to begin; empty: with the first
   * @param condemnedBefore content condemned before this is to be removed
   */
  public List<JudgedContent> examine(Optional<Sha256> after, int limit, Instant condemnedBefore) {
    OffsetDateTime before = Timestamps.of(condemnedBefore);
    return database.read(
        handle ->
            handle
                .attach(CollectionDao.class)
                .list(after.map(Sha256::hex).orElse(""), limit)
                .stream()
                .map(row -> new JudgedContent(content(row), judge(row, before)))
                .toList());
  }

  private static Content content(CollectionDao.Row row) {
    return new Content(new Sha256(row.sha256()), row.sizeBytes());
  }

  private static Verdict judge(CollectionDao.Row row, OffsetDateTime condemnedBefore) {
    return switch (BlobState.of(row.state())) {
      case LIVE -> row.referenced() ? Verdict.KEEP : Verdict.CONDEMN;
      case REVIVED -> row.referenced() ? Verdict.REVIVE : Verdict.CONDEMN;
      case CONDEMNED -> {
        if (row.referenced()) {
          yield Verdict.REVIVE;
        }
        yield row.condemnTime().orElseThrow().isBefore(condemnedBefore)
            ? Verdict.REMOVE
            : Verdict.KEEP;
      }
      case REMOVING -> Verdict.FINISH_REMOVAL;
    };
  }

  /**
   * Decides on some contents, in one step, and returns what was decided; content that somebody is
   * just binding is left out. What is to be removed cannot be bound any more; {@link #remove} goes
   * on with it.
   */
  public List<JudgedContent> decide(List<Sha256> contents, Instant now, Instant condemnedBefore) {
    OffsetDateTime before = Timestamps.of(condemnedBefore);
    return database.write(
        handle -> {
          MaintenanceDao maintenance = handle.attach(MaintenanceDao.class);
          long unused = maintenance.lockOutDecisions();
          CollectionDao dao = handle.attach(CollectionDao.class);
          List<String> locked = dao.lockFree(hex(contents));
          if (locked.isEmpty()) {
            return List.of();
          }
          List<JudgedContent> decided = new ArrayList<>();
          for (CollectionDao.Row row : dao.find(locked)) {
            Verdict verdict = judge(row, before);
            // Listed by a manifest that was released a moment ago: that has to go first.
            if (verdict != Verdict.REMOVE || !row.inManifest()) {
              decided.add(new JudgedContent(content(row), verdict));
            }
          }
          apply(handle, decided, Timestamps.of(now));
          return decided;
        });
  }

  private static void apply(Handle handle, List<JudgedContent> decided, OffsetDateTime now) {
    CollectionDao dao = handle.attach(CollectionDao.class);
    List<String> condemned = of(Verdict.CONDEMN, decided);
    if (!condemned.isEmpty()) {
      dao.condemn(condemned, now);
    }
    List<String> revived = of(Verdict.REVIVE, decided);
    if (!revived.isEmpty()) {
      dao.putBack(revived);
    }
    List<String> removed = of(Verdict.REMOVE, decided);
    if (!removed.isEmpty()) {
      handle.attach(MaintenanceDao.class).countRemoval();
      dao.beginRemoval(removed);
    }
  }

  private static List<String> of(Verdict verdict, List<JudgedContent> decided) {
    return decided.stream()
        .filter(judged -> judged.verdict() == verdict)
        .map(judged -> judged.content().sha256().hex())
        .toList();
  }

  private static List<String> hex(List<Sha256> digests) {
    return digests.stream().map(Sha256::hex).toList();
  }

  /**
   * Removes content whose removal has begun: its bytes, then its row, both while the row is locked,
   * so that whoever is to store the same bytes anew waits. Nothing else happens in the transaction:
   * a connection that was lost is noticed before the bytes are touched.
   *
   * @param deleteBytes removes the bytes, which may be gone already; when it fails, its failure is
   *     thrown and the row stays
   * @return whether it was removed; false when its removal had not begun, or is finished
   */
  public boolean remove(Sha256 content, Consumer<Sha256> deleteBytes) {
    return database.write(
        handle -> {
          CollectionDao dao = handle.attach(CollectionDao.class);
          if (dao.lockRemoving(content.hex()).isEmpty()) {
            return false;
          }
          deleteBytes.accept(content);
          dao.delete(content.hex());
          return true;
        });
  }

  /** Returns those of some stored contents that no row names. */
  public List<Content> findUnknown(List<Content> stored) {
    if (stored.isEmpty()) {
      return List.of();
    }
    List<String> digests = stored.stream().map(content -> content.sha256().hex()).toList();
    Set<String> known =
        database.read(
            handle -> new HashSet<>(handle.attach(CollectionDao.class).findKnown(digests)));
    return stored.stream().filter(content -> !known.contains(content.sha256().hex())).toList();
  }

  /**
   * Adds a row for stored content that has none, condemned from the beginning; does nothing when it
   * has one. Nobody has compared its bytes with its digest, so uploads of it store them anew.
   */
  public boolean condemnUnknown(Content stored, Instant now) {
    return Races.write(
        database,
        handle -> {
          CollectionDao dao = handle.attach(CollectionDao.class);
          if (!dao.findKnown(List.of(stored.sha256().hex())).isEmpty()) {
            return false;
          }
          dao.insertCondemned(stored.sha256().hex(), stored.sizeBytes(), Timestamps.of(now));
          return true;
        });
  }

  /** Returns how many manifests nobody keeps. */
  public long countUnheldManifests() {
    return database.read(handle -> handle.attach(CollectionDao.class).countUnheldManifests());
  }

  /**
   * Begins to remove some manifests that nobody keeps: they are unknown from now on. Returns their
   * numbers, and those of manifests whose removal was cut off.
   */
  public List<Long> beginManifestRemoval(int limit) {
    // They may be many to look through, and others wait for the lock: what is found here is looked
    // at again behind it.
    List<Long> unheld =
        database.read(handle -> handle.attach(CollectionDao.class).listUnheldManifests(limit));
    if (unheld.isEmpty()) {
      return unheld;
    }
    return database.write(
        handle -> {
          long unused = handle.attach(MaintenanceDao.class).lockOutDecisions();
          CollectionDao dao = handle.attach(CollectionDao.class);
          dao.beginManifestRemoval(unheld);
          return dao.findUnknownManifests(unheld);
        });
  }

  /**
   * Goes on removing a manifest whose removal has begun, in a step of bounded size; returns whether
   * it is gone now.
   */
  public boolean removeManifestStep(long manifest) {
    return database.write(
        handle -> {
          CollectionDao dao = handle.attach(CollectionDao.class);
          int deleted = dao.deleteManifestEntries(manifest, MANIFEST_ENTRIES_PER_TRANSACTION);
          if (deleted == MANIFEST_ENTRIES_PER_TRANSACTION) {
            return false;
          }
          int unused = dao.deleteManifest(manifest);
          return true;
        });
  }
}
