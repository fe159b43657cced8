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

  /**
   * Tells a listener of every commit through this store's database that gave an experiment a new
   * revision, on the thread that committed.
   *
   * @param listener must be quick
   */
  public void onChange(Runnable listener) {
    database.jdbi().getConfig(ChangeListener.class).set(listener);
  }

  /** Returns up to where the metric logs are written, the last one even if it is gone. */
  public LogPositions logs() {
    return database.read(
        handle -> {
          FeedDao dao = handle.attach(FeedDao.class);
          SortedMap<Long, Long> commits = new TreeMap<>();
          long last = dao.lastLogWithSegments();
          if (last > 0) {
            // Unless it is among those that are read now, it is gone.
            commits.put(last, LogPositions.ALL);
          }
          for (CommittedRow row : dao.logs()) {
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
    if (!query.isAnsweredByNothing(changes)) {
      database.awaitDurable();
    }
    return changes;
  }
}
