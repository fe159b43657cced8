package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Database;
import dev.slipway.tracking.store.FeedDao.CommittedRow;
import dev.slipway.tracking.watch.FeedChanges;
import dev.slipway.tracking.watch.FeedQuery;
import dev.slipway.tracking.watch.LogPositions;
import java.util.SortedMap;
import java.util.TreeMap;

/** Finds what changed in runs and experiments, on whichever replica. Thread-safe. */
public final class FeedStore {
  private final Database database;

  /** Creates the store. */
  public FeedStore(Database database) {
    this.database = database;
    SqlArrays.register(database.jdbi());
  }

  /** Returns up to where the metric logs are written. */
  public LogPositions logs() {
    return database.read(
        handle -> {
          SortedMap<Long, Long> commits = new TreeMap<>();
          for (CommittedRow row : handle.attach(FeedDao.class).logs()) {
            commits.put(row.logId(), row.committedNo());
          }
          return new LogPositions(commits);
        });
  }

  /**
   * Returns what changed. All of it is durable: nobody may hear of a change that a crash could
   * undo.
   */
  public FeedChanges read(FeedQuery query) {
    FeedChanges changes =
        database.read(
            handle ->
                // A transaction lets PostgreSQL hand segments over a few at a time.
                handle.inTransaction(transaction -> new FeedRead(transaction, query).read()));
    database.awaitDurable();
    return changes;
  }
}
