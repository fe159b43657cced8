package dev.slipway.tracking.service;

import dev.slipway.runtime.database.Database;
import java.sql.SQLException;
import java.util.Deque;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.transaction.DelegatingTransactionHandler;
import org.jdbi.v3.core.transaction.TransactionException;
import org.jdbi.v3.core.transaction.TransactionHandler;

/**
 * Makes commits of one thread fail, the way a database does whose connection breaks before or after
 * it has committed. Commits beyond those planned succeed.
 */
final class Faults {
  /** Is what happens at one commit. */
  interface Fault {
    void commit(Runnable realCommit);
  }

  /** Commits, and loses the connection before the answer comes. */
  static final Fault LOST_AFTERWARDS =
      realCommit -> {
        realCommit.run();
        throw failure("08006");
      };

  /** Loses the connection before the commit gets there. */
  static final Fault LOST_BEFORE =
      realCommit -> {
        throw failure("08006");
      };

  private final String thread;
  private final Deque<Fault> planned = new ConcurrentLinkedDeque<>();

  private Faults(String thread) {
    this.thread = thread;
  }

  /** Installs itself between a database and the thread with the name. */
  static Faults on(Database database, String thread) {
    Faults faults = new Faults(thread);
    TransactionHandler real = database.jdbi().getTransactionHandler();
    database.jdbi().setTransactionHandler(faults.new Failing(real));
    return faults;
  }

  /** Plans the next commits, in order. */
  void next(Fault... faults) {
    planned.addAll(List.of(faults));
  }

  static TransactionException failure(String sqlState) {
    return new TransactionException("planned", new SQLException("planned", sqlState));
  }

  private final class Failing extends DelegatingTransactionHandler {
    Failing(TransactionHandler delegate) {
      super(delegate);
    }

    @Override
    public TransactionHandler specialize(Handle handle) throws SQLException {
      return new Failing(getDelegate().specialize(handle));
    }

    @Override
    public void commit(Handle handle) {
      Fault fault = Thread.currentThread().getName().equals(thread) ? planned.poll() : null;
      if (fault == null) {
        super.commit(handle);
      } else {
        fault.commit(() -> super.commit(handle));
      }
    }
  }
}
