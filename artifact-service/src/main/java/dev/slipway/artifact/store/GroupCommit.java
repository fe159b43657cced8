package dev.slipway.artifact.store;

import dev.slipway.runtime.database.CommitUncertainException;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.Semaphore;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.HandleCallback;

/**
 * Runs work of many callers in few transactions, without making any of them wait for company: who
 * gets a turn takes along all that waits by then. Work that cannot be done does not concern the
 * others, as then each is run in a transaction of its own. Thread-safe.
 */
final class GroupCommit {
  private static final int MAX_GROUP = 64;

  private final Database database;
  private final Semaphore turns;
  private final Queue<Waiting<?>> queue = new ConcurrentLinkedQueue<>();

  /**
   * Creates it.
   *
   * @param transactions how many may run at a time, 1 or more
   */
  GroupCommit(Database database, int transactions) {
    this.database = database;
    this.turns = new Semaphore(transactions, true);
  }

  /** Is work of one caller, with what becomes of it. */
  private record Waiting<T>(
      String order, HandleCallback<T, RuntimeException> work, CompletableFuture<T> committed) {
    /** Does the work; what is returned tells the caller of it, once that is committed. */
    Runnable run(Handle handle) {
      T result = work.withHandle(handle);
      return () -> committed.complete(result);
    }

    void runAlone(Database database) {
      try {
        committed.complete(Races.write(database, work));
      } catch (RuntimeException | Error e) {
        committed.completeExceptionally(e);
      }
    }
  }

  /**
   * Runs work, perhaps together with that of others, and returns once it is durable. It is run
   * again where it lost a race or somebody else's work failed, so it must have no effect outside
   * the transaction.
   *
   * @param order tells what the work locks: in a group it is done in this order, so that groups
   *     that lock the same do not wait for each other in a circle
   */
  <T> T write(String order, HandleCallback<T, RuntimeException> work) {
    Waiting<T> mine = new Waiting<>(order, work, new CompletableFuture<>());
    queue.add(mine);
    turns.acquireUninterruptibly();
    try {
      // Behind more than a group it may take several; who has taken it along may be at it still.
      while (!mine.committed.isDone()) {
        List<Waiting<?>> group = next();
        if (group.isEmpty()) {
          break;
        }
        run(group);
      }
    } finally {
      turns.release();
    }
    try {
      return mine.committed.join();
    } catch (CompletionException e) {
      if (e.getCause() instanceof Error error) {
        throw error;
      }
      throw (RuntimeException) e.getCause();
    }
  }

  private List<Waiting<?>> next() {
    List<Waiting<?>> group = new ArrayList<>();
    while (group.size() < MAX_GROUP) {
      Waiting<?> next = queue.poll();
      if (next == null) {
        break;
      }
      group.add(next);
    }
    group.sort(Comparator.comparing(Waiting::order));
    return group;
  }

  private void run(List<Waiting<?>> group) {
    if (group.size() > 1 && runTogether(group)) {
      return;
    }
    group.forEach(waiting -> waiting.runAlone(database));
  }

  /** Returns whether that was all; where it was not, nothing has been written. */
  private boolean runTogether(List<Waiting<?>> group) {
    List<Runnable> committed;
    try {
      committed =
          database.write(
              handle -> {
                List<Runnable> done = new ArrayList<>();
                for (Waiting<?> waiting : group) {
                  done.add(waiting.run(handle));
                }
                return done;
              });
    } catch (DatabaseException | CommitUncertainException e) {
      group.forEach(waiting -> waiting.committed.completeExceptionally(e));
      return true;
    } catch (RuntimeException e) {
      return false;
    } catch (Error e) {
      group.forEach(waiting -> waiting.committed.completeExceptionally(e));
      throw e;
    }
    committed.forEach(Runnable::run);
    return true;
  }
}
