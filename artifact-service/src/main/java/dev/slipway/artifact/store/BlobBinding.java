package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Content;
import dev.slipway.runtime.database.Dialect;
import java.time.OffsetDateTime;
import java.util.Optional;
import org.jdbi.v3.core.Handle;

/**
 * Makes content safe from collection for a transaction that adds a row which names it. Stateless.
 *
 * <p>A collection condemns and removes only rows that it could lock and that, once locked, are
 * without reference. So whoever holds the lock of a row that is not being removed can add a
 * reference, and whoever comes later sees it.
 */
final class BlobBinding {
  private BlobBinding() {}

  /**
   * Locks the row of content until the transaction ends, adding it where absent, and revives it.
   * Bytes that were stored anew are relied on again.
   *
   * @throws ContentRemovedException if the bytes were, or may just be, removed since they were made
   *     sure of, or were found to be damaged since
   */
  static void bind(Handle handle, Dialect dialect, StoredContent stored, OffsetDateTime now) {
    BlobDao dao = handle.attach(BlobDao.class);
    Content content = stored.content();
    String sha256 = content.sha256().hex();
    Optional<BlobDao.BlobRow> row =
        dialect == Dialect.POSTGRESQL ? dao.lockAgainstCollection(sha256) : dao.lock(sha256);
    if (row.isEmpty()) {
      dao.insert(sha256, content.sizeBytes(), now);
    } else {
      bindAgain(dao, row.get(), stored);
    }
    // Read behind the lock: no removal of this content can begin any more. Where none at all has
    // begun since the bytes were seen, they are there.
    if (dao.removals() != stored.removals() && !stored.isStored().test(content)) {
      throw new ContentRemovedException(content.sha256());
    }
  }

  private static void bindAgain(BlobDao dao, BlobDao.BlobRow row, StoredContent stored) {
    Content content = stored.content();
    if (row.isRemoving() || (row.suspect() && !stored.anew())) {
      throw new ContentRemovedException(content.sha256());
    }
    if (row.suspect() || row.sizeBytes() != content.sizeBytes()) {
      dao.trust(content.sha256().hex(), content.sizeBytes());
    }
    if (row.state() == BlobState.CONDEMNED.number()) {
      dao.revive(content.sha256().hex());
    }
  }
}
