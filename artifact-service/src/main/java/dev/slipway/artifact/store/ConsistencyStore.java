package dev.slipway.artifact.store;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.maintenance.RecordedContent;
import dev.slipway.runtime.database.Database;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Tells what rows say of content, for checks, and keeps what these find. Thread-safe. */
public final class ConsistencyStore {
  private final Database database;

  /** Creates the store on a migrated database. */
  public ConsistencyStore(Database database) {
    this.database = database;
  }

  /**
   * Returns content in order of digest.
   *
   * @param below only what the artifacts at or below this path are bound to; the root: everything
   * @param after behind which digest to begin; empty: with the first
   */
  public List<RecordedContent> list(ArtifactPath below, Optional<Sha256> after, int limit) {
    String last = after.map(Sha256::hex).orElse("");
    PathRange range = PathRange.below(below);
    return database.read(
        handle -> {
          ConsistencyDao dao = handle.attach(ConsistencyDao.class);
          List<ConsistencyDao.Row> rows =
              below.isRoot()
                  ? dao.list(last, limit)
                  : dao.listBelow(below.utf8(), range.after(), range.end(), last, limit);
          return rows.stream().map(ConsistencyStore::recorded).toList();
        });
  }

  private static RecordedContent recorded(ConsistencyDao.Row row) {
    return new RecordedContent(new Content(new Sha256(row.sha256()), row.sizeBytes()), row.inUse());
  }

  /** Returns one content as it is now. */
  public Optional<RecordedContent> find(Sha256 sha256) {
    return database.read(
        handle ->
            handle.attach(ConsistencyDao.class).find(sha256.hex()).map(ConsistencyStore::recorded));
  }

  /**
   * Notes that the bytes of content are not those of its digest: from now on uploads of it store
   * them anew. Does nothing when no row names it.
   */
  public void suspect(Sha256 sha256) {
    database.write(
        handle -> {
          handle.attach(BlobDao.class).suspect(sha256.hex());
          return null;
        });
  }

  /** Returns the first paths that refer to content. */
  public List<ArtifactPath> listPaths(Sha256 sha256, int limit) {
    return database.read(
        handle ->
            handle.attach(ConsistencyDao.class).listPaths(sha256.hex(), limit).stream()
                .map(path -> new ArtifactPath(new String(path, StandardCharsets.UTF_8)))
                .toList());
  }

  /**
   * Returns some holders that refer to content through a manifest, sorted; asset versions are those
   * that their service names.
   */
  public List<String> listHolders(Sha256 sha256, int limit) {
    return database.read(
        handle -> {
          ConsistencyDao dao = handle.attach(ConsistencyDao.class);
          Stream<String> versions =
              dao.listVersions(sha256.hex(), limit).stream().map(ConsistencyStore::holder);
          return Stream.concat(dao.listHolders(sha256.hex(), limit).stream(), versions)
              .sorted()
              .limit(limit)
              .toList();
        });
  }

  private static String holder(ConsistencyDao.VersionRow row) {
    return "assets/"
        + new String(row.name(), StandardCharsets.UTF_8)
        + "/versions/"
        + AssetRows.number(row.scheme(), row.major(), row.minor());
  }
}
