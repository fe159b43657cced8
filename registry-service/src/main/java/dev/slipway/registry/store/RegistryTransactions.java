package dev.slipway.registry.store;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.actor.RequestIdReusedException;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.Dialect;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.LongConsumer;
import org.jdbi.v3.core.Handle;
import org.jdbi.v3.core.transaction.TransactionIsolationLevel;

/**
 * Runs commands and consistent reads.
 *
 * <p>A command locks the revision row before anything else. Commands therefore run one after
 * another over all replicas, revisions are gapless, events become visible in their order, and no
 * two commands can wait for each other's rows. Thread-safe.
 */
public final class RegistryTransactions {
  private final Database database;
  private final Clock clock;
  private final LongConsumer committed;
  private final Runnable queued;

  /**
   * Creates the runner.
   *
   * @param committed told the revision of each command of this process once it is durable; must not
   *     block
   */
  public RegistryTransactions(Database database, Clock clock, LongConsumer committed) {
    this(database, clock, committed, () -> {});
  }

  /**
   * Creates the runner.
   *
   * @param committed told the revision of each command of this process once it is durable; must not
   *     block
   * @param queued told when webhooks are to be told of a command of this process, once it is
   *     durable; must not block
   */
  public RegistryTransactions(
      Database database, Clock clock, LongConsumer committed, Runnable queued) {
    this.database = database;
    this.clock = clock;
    this.committed = committed;
    this.queued = queued;
  }

  /** Returns what kind of database it is. */
  Dialect dialect() {
    return database.dialect();
  }

  /** Runs a command: all of it or nothing, durable when this returns. */
  <T> T command(Caller caller, Function<RegistryCommand, T> work) {
    Outcome<T> outcome =
        database.write(
            handle -> {
              long revision = handle.attach(RevisionDao.class).lock() + 1;
              RegistryCommand command = new RegistryCommand(handle, caller, now(), revision);
              T result = work.apply(command);
              return new Outcome<>(
                  result, command.recorded() ? revision : 0, command.queuedForWebhooks());
            });
    if (outcome.revision() > 0) {
      committed.accept(outcome.revision());
    }
    if (outcome.queued()) {
      queued.run();
    }
    return outcome.result();
  }

  /** Runs a transaction that changes no state of the registry and so makes no event. */
  <T> T upkeep(Function<Handle, T> work) {
    return database.write(work::apply);
  }

  /** Runs one query, which sees one committed state by itself. */
  <T> T readOne(Function<Handle, T> work) {
    return database.read(work::apply);
  }

  /** Runs queries that all see the same committed state. */
  <T> T read(Function<Handle, T> work) {
    return database.read(handle -> handle.inTransaction(snapshot(), work::apply));
  }

  /** Runs queries as {@link #read} does, and ends them when the caller goes away. */
  <T> T search(Function<Handle, T> work) {
    return database.search(handle -> handle.inTransaction(snapshot(), work::apply));
  }

  /**
   * Returns the level at which all queries of a transaction see the same state. H2's REPEATABLE
   * READ lets phantoms in; its SERIALIZABLE is a snapshot, as PostgreSQL's REPEATABLE READ is.
   */
  private TransactionIsolationLevel snapshot() {
    return database.dialect() == Dialect.H2
        ? TransactionIsolationLevel.SERIALIZABLE
        : TransactionIsolationLevel.REPEATABLE_READ;
  }

  /** Returns once everything that a read has shown so far is durable. */
  void awaitDurable() {
    database.awaitDurable();
  }

  /** Finds what an earlier call with the same key made. */
  static Optional<CreateRequestDao.RequestRow> findEarlier(
      CreateRequestDao requests, Optional<IdempotencyKey> key) {
    if (key.isEmpty()) {
      return Optional.empty();
    }
    Optional<CreateRequestDao.RequestRow> earlier =
        requests.find(key.get().method(), key.get().requestId());
    if (earlier.isPresent() && !earlier.get().fingerprint().equals(key.get().fingerprint())) {
      throw new RequestIdReusedException(key.get());
    }
    return earlier;
  }

  /** Remembers what a call with a key made. */
  static void remember(
      RegistryCommand command, Optional<IdempotencyKey> key, long modelId, long version) {
    key.ifPresent(
        k ->
            command
                .dao(CreateRequestDao.class)
                .insert(
                    new CreateRequestDao.RequestRow(
                        k.method(),
                        k.requestId(),
                        k.fingerprint(),
                        modelId,
                        version,
                        command.now())));
  }

  /** Returns the time in the precision that both databases keep. */
  Instant now() {
    return clock.instant().truncatedTo(ChronoUnit.MICROS);
  }

  private record Outcome<T>(T result, long revision, boolean queued) {}
}
