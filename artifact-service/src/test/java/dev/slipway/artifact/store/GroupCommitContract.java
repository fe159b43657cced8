package dev.slipway.artifact.store;

import static java.util.Comparator.reverseOrder;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import java.util.stream.IntStream;
import org.jdbi.v3.core.Handle;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Holds what group commits promise on every database. */
abstract class GroupCommitContract {
  private static final int CALLERS = 20;
  private static final int REFUSED = 7;

  private final Set<Integer> transactions = ConcurrentHashMap.newKeySet();
  private final List<Integer> done = Collections.synchronizedList(new ArrayList<>());
  private final CountDownLatch begun = new CountDownLatch(1);
  private final CountDownLatch released = new CountDownLatch(1);
  private Database database;
  private GroupCommit commits;
  private volatile boolean refuses;

  abstract DatabaseConfig database();

  @BeforeEach
  void open() {
    database = Database.open(database(), "artifact", "db/migration/artifact", new MetricRegistry());
    database.jdbi().useHandle(handle -> handle.execute("CREATE TABLE note (id INT PRIMARY KEY)"));
    commits = new GroupCommit(database, 1);
  }

  @AfterEach
  void close() {
    database.close();
  }

  /** Starts callers while another has the only turn, and gives it back when all of them wait. */
  private List<FutureTask<Integer>> writeWhileOneIsAtIt() throws InterruptedException {
    FutureTask<Integer> first = new FutureTask<>(() -> commits.write("", this::waitForOthers));
    new Thread(first).start();
    begun.await();
    List<FutureTask<Integer>> callers = new ArrayList<>();
    for (int id = 0; id < CALLERS; id++) {
      int own = id;
      FutureTask<Integer> caller =
          new FutureTask<>(() -> commits.write(order(own), handle -> note(handle, own)));
      callers.add(caller);
      Thread thread = new Thread(caller);
      thread.start();
      while (thread.getState() != Thread.State.WAITING) {
        Thread.sleep(1);
      }
    }
    released.countDown();
    return callers;
  }

  /** Returns what sorts the last caller first. */
  private static String order(int id) {
    return String.valueOf((char) ('a' + CALLERS - id));
  }

  private int waitForOthers(Handle handle) {
    begun.countDown();
    try {
      released.await();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    }
    return -1;
  }

  private int note(Handle handle, int id) {
    transactions.add(System.identityHashCode(handle));
    done.add(id);
    int unused = handle.execute("INSERT INTO note (id) VALUES (?)", id);
    if (refuses && id == REFUSED) {
      throw new IllegalArgumentException("refused");
    }
    return id;
  }

  private List<Integer> notes() {
    return database.read(
        handle ->
            handle.createQuery("SELECT id FROM note ORDER BY id").mapTo(Integer.class).list());
  }

  @Test
  void write_manyWhileOneIsAtIt_shareATransactionAndHearTheirOwn() throws Exception {
    List<FutureTask<Integer>> callers = writeWhileOneIsAtIt();

    for (int id = 0; id < CALLERS; id++) {
      assertThat(callers.get(id).get()).isEqualTo(id);
    }
    assertThat(transactions).hasSize(1);
    assertThat(done).as("in the order of what they lock").isSortedAccordingTo(reverseOrder());
    assertThat(notes()).isEqualTo(IntStream.range(0, CALLERS).boxed().toList());
  }

  @Test
  void write_oneOfManyFails_theOthersAreCommitted() throws Exception {
    refuses = true;
    List<FutureTask<Integer>> callers = writeWhileOneIsAtIt();

    for (int id = 0; id < CALLERS; id++) {
      FutureTask<Integer> caller = callers.get(id);
      if (id == REFUSED) {
        assertThatThrownBy(caller::get)
            .isInstanceOf(ExecutionException.class)
            .hasRootCauseExactlyInstanceOf(IllegalArgumentException.class);
      } else {
        assertThat(caller.get()).isEqualTo(id);
      }
    }
    assertThat(notes())
        .isEqualTo(IntStream.range(0, CALLERS).filter(id -> id != REFUSED).boxed().toList());
  }
}
