package dev.slipway.registry.store;

import dev.slipway.registry.webhook.Webhook;
import dev.slipway.registry.webhook.WebhookDelivery;
import dev.slipway.registry.webhook.WebhookDeliveryId;
import dev.slipway.registry.webhook.WebhookDeliveryNotFoundException;
import dev.slipway.registry.webhook.WebhookDeliveryState;
import dev.slipway.registry.webhook.WebhookDisabledException;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookSecret;
import dev.slipway.registry.webhook.WebhookState;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Keeps the queue of what webhooks are to be told.
 *
 * <p>Events get into it in the transaction of the command that makes them. Senders take turns: who
 * has a webhook's turn is the only one of all replicas to send for it, until the turn ends or its
 * lease runs out, which is how the turn of a sender that has died goes on to another. Nothing here
 * takes a lock that commands wait for. Thread-safe.
 */
public final class WebhookDeliveryStore {
  /** How much longer a lease is than an attempt may take: a slow database, a pause of the JVM. */
  private static final Duration LEASE_MARGIN = Duration.ofSeconds(5);

  private static final int SWEEP_BATCH = 1000;

  private final RegistryTransactions transactions;

  /** Creates the store. */
  public WebhookDeliveryStore(RegistryTransactions transactions) {
    this.transactions = transactions;
  }

  /**
   * Is the right to send for a webhook.
   *
   * @param lease tells this turn from those before and after
   */
  public record Turn(WebhookId webhook, String lease) {}

  /** Is what a sender needs to send one event, but for the event itself. */
  public record Dispatch(Webhook webhook, WebhookSecret secret, WebhookDelivery delivery) {}

  /**
   * Takes the turns of active webhooks that have something due, of those first that have waited
   * longest. What is due then is durable.
   *
   * @param failing whether to look among webhooks whose last attempt failed, or among the others
   */
  public List<Turn> take(boolean failing, int limit) {
    Instant now = transactions.now();
    List<String> due =
        transactions.readOne(
            handle -> handle.attach(WebhookTurnDao.class).listDue(failing, now, limit));
    if (due.isEmpty()) {
      return List.of();
    }
    return transactions.upkeep(
        handle -> {
          WebhookTurnDao turns = handle.attach(WebhookTurnDao.class);
          List<Turn> taken = new ArrayList<>();
          for (String id : turns.lockFree(due.toArray(String[]::new), now)) {
            Turn turn = new Turn(new WebhookId(id), UUID.randomUUID().toString().replace("-", ""));
            turns.begin(id, turn.lease(), leaseEnd(handle, turn), now);
            taken.add(turn);
          }
          return taken;
        });
  }

  /**
   * Finds what to send next in a turn: of what is due the lowest revision. Empty when there is
   * nothing, the webhook sends no more, the turn is another's, or its lease is too short for the
   * webhook's timeout, as when that was made longer in between.
   */
  public Optional<Dispatch> next(Turn turn) {
    String id = turn.webhook().value();
    Instant now = transactions.now();
    return transactions.read(
        handle -> {
          Optional<WebhookDao.WebhookRow> row =
              handle
                  .attach(WebhookDao.class)
                  .find(id)
                  .filter(webhook -> webhook.state().equals(WebhookState.ACTIVE.name()));
          if (row.isEmpty()
              || !handle
                  .attach(WebhookTurnDao.class)
                  .holds(id, turn.lease(), now.plusMillis(row.get().timeoutMillis()))) {
            return Optional.empty();
          }
          return handle
              .attach(WebhookDeliveryDao.class)
              .findDue(id, now)
              .map(
                  due ->
                      new Dispatch(
                          WebhookStore.reader(handle).webhook(row.get()),
                          WebhookReader.secret(row.get()),
                          delivery(due)));
        });
  }

  /**
   * Writes how a delivery goes on, and prolongs the turn.
   *
   * @param failing whether the attempt failed
   * @return false when the turn is another's, and nothing is written
   */
  public boolean finish(Turn turn, WebhookDelivery delivery, boolean failing) {
    Instant now = transactions.now();
    return transactions.upkeep(
        handle -> {
          int held =
              handle
                  .attach(WebhookTurnDao.class)
                  .prolong(turn.webhook().value(), turn.lease(), leaseEnd(handle, turn), failing);
          if (held == 0) {
            return false;
          }
          handle.attach(WebhookDeliveryDao.class).update(row(delivery, now));
          return true;
        });
  }

  /** Ends a turn. */
  public void end(Turn turn) {
    Instant now = transactions.now();
    transactions.upkeep(
        handle -> {
          handle.attach(WebhookTurnDao.class).end(turn.webhook().value(), turn.lease(), now);
          return null;
        });
  }

  /** Lists the deliveries of a webhook, newest first; of one state, if one is given. */
  public Page<WebhookDelivery> list(
      WebhookId id, Optional<WebhookDeliveryState> state, PageRequest page) {
    return transactions.search(
        handle -> {
          var unused = WebhookStore.row(handle, id);
          WebhookDeliveryDao dao = handle.attach(WebhookDeliveryDao.class);
          return BoundedPages.read(
              page,
              slice -> {
                long below =
                    slice.after(keys -> Long.parseLong(keys.get(0))).orElse(Long.MAX_VALUE);
                int limit = slice.size() + 1;
                List<WebhookDeliveryDao.DeliveryRow> rows =
                    state.isPresent()
                        ? dao.listBelow(id.value(), state.get().name(), below, limit)
                        : dao.listBelow(id.value(), below, limit);
                return Page.of(
                    rows.stream().map(WebhookDeliveryStore::delivery).toList(),
                    slice,
                    WebhookDeliveryStore::keys);
              },
              WebhookDelivery::weight,
              WebhookDeliveryStore::keys);
        });
  }

  /**
   * Queues a delivery again with all its tries; one that is pending stays as it is.
   *
   * @throws dev.slipway.registry.webhook.WebhookNotFoundException if there is no such webhook
   * @throws WebhookDisabledException if the webhook sends nothing
   * @throws WebhookDeliveryNotFoundException if there is no such delivery
   */
  public WebhookDelivery redeliver(WebhookDeliveryId id) {
    Instant now = transactions.now();
    return transactions.upkeep(
        handle -> {
          WebhookDao.WebhookRow webhook = WebhookStore.row(handle, id.webhook());
          WebhookDeliveryDao dao = handle.attach(WebhookDeliveryDao.class);
          WebhookDelivery found =
              dao.find(id.webhook().value(), id.revision())
                  .map(WebhookDeliveryStore::delivery)
                  .orElseThrow(
                      () -> new WebhookDeliveryNotFoundException(id.webhook(), id.toString()));
          if (!webhook.state().equals(WebhookState.ACTIVE.name())) {
            throw new WebhookDisabledException(id.webhook());
          }
          if (found.state() == WebhookDeliveryState.PENDING) {
            return found;
          }
          WebhookDelivery queued = found.again(now);
          dao.update(row(queued, now));
          return queued;
        });
  }

  /** Returns how many revisions the slowest active webhook is behind; 0 when all is sent. */
  public long lag() {
    return transactions.read(
        handle ->
            handle
                .attach(WebhookDeliveryDao.class)
                .findFirstPending()
                .map(first -> handle.attach(RevisionDao.class).get() - first + 1)
                .orElse(0L));
  }

  /** Forgets deliveries of a state that were closed longer ago than this. */
  public void forget(WebhookDeliveryState state, Duration age) {
    Instant before = transactions.now().minus(age);
    int deleted;
    do {
      deleted =
          transactions.upkeep(
              handle ->
                  handle
                      .attach(WebhookDeliveryDao.class)
                      .deleteClosedBefore(state.name(), before, SWEEP_BATCH));
    } while (deleted == SWEEP_BATCH);
  }

  private Instant leaseEnd(Handle handle, Turn turn) {
    Duration timeout =
        handle
            .attach(WebhookDao.class)
            .find(turn.webhook().value())
            .map(row -> Duration.ofMillis(row.timeoutMillis()))
            .orElse(Duration.ZERO);
    return transactions.now().plus(timeout).plus(LEASE_MARGIN);
  }

  private static WebhookDelivery delivery(WebhookDeliveryDao.DeliveryRow row) {
    return new WebhookDelivery(
        new WebhookDeliveryId(new WebhookId(row.webhookId()), row.revision()),
        WebhookReader.event(row.entity(), row.action()),
        WebhookDeliveryState.valueOf(row.state()),
        row.tries(),
        WebhookAttemptsJson.read(row.attempts()),
        row.createdAt(),
        Optional.ofNullable(row.nextAttemptAt()));
  }

  private static WebhookDeliveryDao.DeliveryRow row(WebhookDelivery delivery, Instant now) {
    return new WebhookDeliveryDao.DeliveryRow(
        delivery.id().webhook().value(),
        delivery.id().revision(),
        delivery.event().entity().name(),
        delivery.event().action().map(Enum::name).orElse(""),
        delivery.state().name(),
        delivery.tries(),
        WebhookAttemptsJson.write(delivery.attempts()),
        delivery.created(),
        delivery.nextAttempt().orElse(null),
        delivery.state() == WebhookDeliveryState.PENDING ? null : now);
  }

  private static List<String> keys(WebhookDelivery delivery) {
    return List.of(Long.toString(delivery.id().revision()));
  }
}
