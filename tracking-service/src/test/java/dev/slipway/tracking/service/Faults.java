package dev.slipway.tracking.service;

import dev.slipway.runtime.database.Database;
import java.sql.SQLException;
import java.util.Deque;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentLinkedDeque;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.transaction.DelegatingTransactionHandler;
import org.jdbi.v3.core.transaction.TransactionException;
import org.jdbi.v3.core.transaction.TransactionHandler;

/**
 * Makes commits of some threads fail, the way a database does whose connection breaks before or
 * after it has committed. Commits beyond those planned succeed.
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

  private final Set<String> threads;
  private final Deque<Fault> planned = new ConcurrentLinkedDeque<>();

  private Faults(Set<String> threads) {
    this.threads = threads;
  }

  /** Installs itself between a database and the threads with the names. */
  static Faults on(Database database, String... threads) {
    Faults faults = new Faults(Set.of(threads));
    TransactionHandler real = database.jdbi().getTransactionHandler();
    database.jdbi().setTransactionHandler(faults.new Failing(real));
    return faults;
  }

  /** Plans the next commit alone; what was planned before and did not happen is forgotten. */
  void only(Fault fault) {
    planned.clear();
    planned.add(fault);
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
      Fault fault = threads.contains(Thread.currentThread().getName()) ? planned.poll() : null;
      if (fault == null) {
        super.commit(handle);
      } else {
        fault.commit(() -> super.commit(handle));
      }
    }
  }
}
