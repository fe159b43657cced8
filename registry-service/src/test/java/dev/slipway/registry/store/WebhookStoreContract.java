package dev.slipway.registry.store;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.IdempotencyKey;
import dev.slipway.registry.actor.RequestIdReusedException;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.RegistryEventType;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.store.WebhookDeliveryStore.Dispatch;
import dev.slipway.registry.store.WebhookDeliveryStore.Turn;
import dev.slipway.registry.webhook.Webhook;
import dev.slipway.registry.webhook.WebhookAttempt;
import dev.slipway.registry.webhook.WebhookDelivery;
import dev.slipway.registry.webhook.WebhookDeliveryId;
import dev.slipway.registry.webhook.WebhookDeliveryNotFoundException;
import dev.slipway.registry.webhook.WebhookDeliveryState;
import dev.slipway.registry.webhook.WebhookDisabledException;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookEvent.Action;
import dev.slipway.registry.webhook.WebhookEvent.Entity;
import dev.slipway.registry.webhook.WebhookExistsException;
import dev.slipway.registry.webhook.WebhookFormat;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookNotFoundException;
import dev.slipway.registry.webhook.WebhookSecret;
import dev.slipway.registry.webhook.WebhookSettings;
import dev.slipway.registry.webhook.WebhookState;
import dev.slipway.registry.webhook.WebhookUpdate;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.paging.PageToken;
import dev.slipway.runtime.testing.MovableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Says what the stores of webhooks and their deliveries promise, on whichever database. */
abstract class WebhookStoreContract {
  private static final Caller ANNA = new Caller("anna", Set.of());
  private static final ModelName DIGITS = new ModelName("digits");
  private static final ModelName LETTERS = new ModelName("letters");
  private static final WebhookSecret SECRET =
      WebhookSecret.parse(WebhookFormat.STANDARD, "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
  private static final WebhookEvent ANY_MODEL =
      new WebhookEvent(Entity.REGISTERED_MODEL, Optional.empty());
  private static final WebhookEvent MODEL_TAG_SET =
      new WebhookEvent(Entity.REGISTERED_MODEL_TAG, Optional.of(Action.SET));
  private static final WebhookUpdate NOTHING =
      new WebhookUpdate(
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  private final MovableClock clock = new MovableClock(Instant.parse("2026-02-03T04:05:06.789012Z"));
  private Database database;
  private RegisteredModelStore models;
  private RegistryEventStore events;
  private WebhookStore webhooks;
  private WebhookDeliveryStore deliveries;
  private int ids;

  abstract DatabaseConfig database();

  @BeforeEach
  void open() {
    database = Database.open(database(), "registry", "db/migration/registry", new MetricRegistry());
    RegistryTransactions transactions = new RegistryTransactions(database, clock, revision -> {});
    models = new RegisteredModelStore(transactions);
    events = new RegistryEventStore(transactions);
    webhooks = new WebhookStore(transactions);
    deliveries = new WebhookDeliveryStore(transactions);
  }

  @AfterEach
  void close() {
    database.close();
  }

  // Webhooks.

  @Test
  void create_isReadBack_andItsEventHasNoSecret() {
    WebhookSettings settings =
        new WebhookSettings(
            "to chat",
            "tells the team ✓",
            "https://example.com/hook",
            WebhookFormat.STANDARD,
            List.of(MODEL_TAG_SET, ANY_MODEL),
            List.of(DIGITS, LETTERS),
            WebhookState.DISABLED,
            Duration.ofSeconds(3),
            5);

    WebhookStore.Created created = webhooks.create(id(), settings, SECRET, Optional.empty(), ANNA);

    assertThat(created.fresh()).isTrue();
    Webhook webhook = created.webhook();
    assertThat(webhooks.get(webhook.id())).isEqualTo(webhook);
    assertThat(webhook.settings()).isEqualTo(settings);
    assertThat(webhook.stamp().createdBy()).isEqualTo("anna");
    assertThat(webhook.stamp().revision()).isEqualTo(1);
    assertThat(webhooks.getSigned(webhook.id()).secret()).isEqualTo(SECRET);
    RegistryEvent event = events.listAfter(0, 10).get(0);
    assertThat(event.type()).isEqualTo(RegistryEventType.WEBHOOK_CREATED);
    assertThat(event.name()).isEmpty();
    assertThat(event.modelId()).isEmpty();
    assertThat(event.change().after())
        .contains(
            new RegistryState.OfWebhook(new Webhook(webhook.id(), settings, webhook.stamp(), 0)));
    assertThat(
            database.<List<String>>read(
                handle ->
                    handle
                        .createQuery("SELECT after_state FROM registry_event")
                        .mapTo(String.class)
                        .list()))
        .noneMatch(text -> text.contains(SECRET.text()));
  }

  @Test
  void mlflowsFormat_staysWithItsSecretOfAnyText() {
    WebhookSettings settings =
        new WebhookSettings(
            "a",
            "",
            "https://example.com/",
            WebhookFormat.MLFLOW,
            List.of(ANY_MODEL),
            List.of(),
            WebhookState.ACTIVE,
            Duration.ofSeconds(10),
            8);
    WebhookSecret secret = WebhookSecret.parse(WebhookFormat.MLFLOW, "𝕏".repeat(512));

    Webhook webhook = webhooks.create(id(), settings, secret, Optional.empty(), ANNA).webhook();

    assertThat(webhook.settings()).isEqualTo(settings);
    assertThat(webhooks.getSigned(webhook.id()).secret()).isEqualTo(secret);
    assertThat(events.get(1).change().after())
        .contains(
            new RegistryState.OfWebhook(new Webhook(webhook.id(), settings, webhook.stamp(), 0)));
    Webhook updated = webhooks.update(webhook.id(), secret("any text"), ANNA);
    assertThat(updated.settings()).isEqualTo(settings);
    assertThat(webhooks.getSigned(webhook.id()).secret())
        .isEqualTo(WebhookSecret.parse(WebhookFormat.MLFLOW, "any text"));
    Webhook standard = create("b", ANY_MODEL);
    assertThatThrownBy(() -> webhooks.update(standard.id(), secret("any text"), ANNA))
        .isInstanceOf(InvalidRequestException.class);
    assertThat(webhooks.getSigned(standard.id()).secret()).isEqualTo(SECRET);
  }

  @Test
  void create_aNameThatIsTaken_isRefusedAndTakesNoRevision() {
    create("a", ANY_MODEL);

    assertThatThrownBy(() -> create("a", MODEL_TAG_SET)).isInstanceOf(WebhookExistsException.class);
    assertThat(events.revision()).isEqualTo(1);
  }

  @Test
  void create_again_findsWhatTheFirstCallMade() {
    Optional<IdempotencyKey> key = key("1", "x");
    WebhookSettings settings = settings("a", ANY_MODEL);
    Webhook first = webhooks.create(id(), settings, SECRET, key, ANNA).webhook();

    WebhookStore.Created second = webhooks.create(id(), settings, SECRET, key, ANNA);

    assertThat(second).isEqualTo(new WebhookStore.Created(first, false));
    assertThat(events.revision()).isEqualTo(1);
    assertThatThrownBy(() -> webhooks.create(id(), settings, SECRET, key("1", "y"), ANNA))
        .isInstanceOf(RequestIdReusedException.class);
    webhooks.delete(first.id(), ANNA);
    assertThatThrownBy(() -> webhooks.create(id(), settings, SECRET, key, ANNA))
        .isInstanceOf(WebhookNotFoundException.class);
  }

  @Test
  void update_changesWhatIsNamed_andNothingTakesNoRevision() {
    Webhook webhook = create("a", ANY_MODEL);
    create("b", ANY_MODEL);

    assertThat(webhooks.update(webhook.id(), NOTHING, ANNA).stamp()).isEqualTo(webhook.stamp());
    assertThat(events.revision()).isEqualTo(2);
    Webhook updated =
        webhooks.update(
            webhook.id(),
            new WebhookUpdate(
                Optional.of("c"),
                Optional.empty(),
                Optional.empty(),
                Optional.of(List.of(MODEL_TAG_SET)),
                Optional.of(List.of(DIGITS)),
                Optional.of("whsec_" + "b".repeat(40)),
                Optional.empty(),
                Optional.of(Duration.ofSeconds(2)),
                Optional.empty()),
            ANNA);

    assertThat(updated.settings())
        .isEqualTo(
            new WebhookSettings(
                "c",
                "",
                webhook.settings().url(),
                WebhookFormat.STANDARD,
                List.of(MODEL_TAG_SET),
                List.of(DIGITS),
                WebhookState.ACTIVE,
                Duration.ofSeconds(2),
                webhook.settings().maxAttempts()));
    assertThat(updated.stamp().revision()).isEqualTo(3);
    assertThat(webhooks.get(webhook.id())).isEqualTo(updated);
    assertThat(webhooks.getSigned(webhook.id()).secret().text()).isEqualTo("b".repeat(40));
    assertThatThrownBy(() -> webhooks.update(webhook.id(), named("b"), ANNA))
        .isInstanceOf(WebhookExistsException.class);
    assertThatThrownBy(() -> webhooks.update(id(), NOTHING, ANNA))
        .isInstanceOf(WebhookNotFoundException.class);
  }

  @Test
  void list_isByNameAndInPages() {
    create("b", ANY_MODEL);
    create("c", ANY_MODEL);
    create("a", ANY_MODEL);

    Page<Webhook> first = webhooks.list(page(2, ""));
    Page<Webhook> second = webhooks.list(page(2, first.nextPageToken()));

    assertThat(first.items()).extracting(w -> w.settings().name()).containsExactly("a", "b");
    assertThat(second.items()).extracting(w -> w.settings().name()).containsExactly("c");
    assertThat(second.nextPageToken()).isEmpty();
  }

  // What is queued.

  @Test
  void commands_areQueuedForThoseWhoAreToldOfThem() {
    model(DIGITS);
    Webhook all = create("all", ANY_MODEL);
    Webhook tags = create("tags", MODEL_TAG_SET);
    Webhook letters = create("letters", List.of(ANY_MODEL, MODEL_TAG_SET), List.of(LETTERS));
    Webhook off = create("off", ANY_MODEL);
    disable(off);

    tag(DIGITS, "1");
    model(LETTERS);
    tag(LETTERS, "1");

    assertThat(revisions(all)).containsExactly(8L);
    assertThat(revisions(tags)).containsExactly(9L, 7L);
    assertThat(revisions(letters)).containsExactly(9L, 8L);
    assertThat(revisions(off)).isEmpty();
    assertThat(deliveries(all).get(0).event())
        .isEqualTo(new WebhookEvent(Entity.REGISTERED_MODEL, Optional.of(Action.CREATED)));
  }

  @Test
  void rename_isFollowedByTheModelsOfWebhooks() {
    model(DIGITS);
    Webhook one = create("one", List.of(ANY_MODEL), List.of(DIGITS));
    Webhook both = create("both", List.of(ANY_MODEL), List.of(DIGITS, LETTERS));

    models.rename(DIGITS, LETTERS, ANNA);

    assertThat(webhooks.get(one.id()).settings().models()).containsExactly(LETTERS);
    assertThat(webhooks.get(both.id()).settings().models()).containsExactly(LETTERS);
    assertThat(revisions(one)).containsExactly(4L);
    assertThat(revisions(both)).containsExactly(4L);
  }

  @Test
  void disabled_missesWhatHappens_andKeepsWhatWaited() {
    Webhook webhook = create("a", ANY_MODEL);
    model(DIGITS);
    disable(webhook);
    model(LETTERS);

    assertThat(deliveries.take(false, 10)).isEmpty();
    webhooks.update(webhook.id(), state(WebhookState.ACTIVE), ANNA);
    assertThat(sendAll(200)).containsExactly(2L);
    assertThat(deliveries.take(false, 10)).isEmpty();
  }

  // Turns.

  @Test
  void turn_sendsInOrder_andTellsHowFarItIs() {
    Webhook webhook = create("a", ANY_MODEL);
    model(DIGITS);
    model(LETTERS);
    assertThat(webhooks.get(webhook.id()).deliveredRevision()).isEqualTo(1);
    assertThat(deliveries.lag()).isEqualTo(2);

    Turn turn = take();
    Dispatch first = deliveries.next(turn).orElseThrow();
    assertThat(first.delivery().id().revision()).isEqualTo(2);
    assertThat(events.get(2).name()).contains(DIGITS);
    assertThat(first.secret()).isEqualTo(SECRET);
    assertThat(deliveries.finish(turn, attempted(first, 204), false)).isTrue();
    assertThat(webhooks.get(webhook.id()).deliveredRevision()).isEqualTo(2);
    Dispatch second = deliveries.next(turn).orElseThrow();
    assertThat(second.delivery().id().revision()).isEqualTo(3);
    assertThat(deliveries.finish(turn, attempted(second, 500), true)).isTrue();

    assertThat(deliveries.next(turn)).as("it is not due yet").isEmpty();
    deliveries.end(turn);
    assertThat(deliveries.lag()).isEqualTo(1);
    clock.advance(Duration.ofSeconds(2));
    assertThat(deliveries.take(false, 10)).as("it failed last").isEmpty();
    Turn again = deliveries.take(true, 10).get(0);
    Dispatch retry = deliveries.next(again).orElseThrow();
    assertThat(retry.delivery().id()).isEqualTo(second.delivery().id());
    assertThat(retry.delivery().attempts()).hasSize(1);
    deliveries.finish(again, attempted(retry, 200), false);
    assertThat(webhooks.get(webhook.id()).deliveredRevision()).isEqualTo(3);
    assertThat(deliveries.lag()).isZero();
    assertThat(deliveries(webhook))
        .extracting(WebhookDelivery::state)
        .containsOnly(WebhookDeliveryState.DELIVERED);
    assertThat(deliveries(webhook).get(0).attempts())
        .extracting(WebhookAttempt::httpStatus)
        .containsExactly(500, 200);
  }

  @Test
  void turn_whoseLeaseRunsOut_goesToAnother_andWritesNoMore() {
    create("a", ANY_MODEL);
    model(DIGITS);
    Turn dead = take();
    Dispatch dispatch = deliveries.next(dead).orElseThrow();
    assertThat(deliveries.take(false, 10)).isEmpty();

    clock.advance(Duration.ofSeconds(16));
    Turn next = take();

    assertThat(deliveries.next(dead)).isEmpty();
    assertThat(deliveries.finish(dead, attempted(dispatch, 200), false)).isFalse();
    deliveries.end(dead);
    assertThat(deliveries.next(next)).isPresent();
    assertThat(deliveries.take(false, 10)).isEmpty();
  }

  @Test
  void turn_whoseTimeoutIsMadeLonger_isTakenAgainWithALongerLease() {
    Webhook webhook = create("a", ANY_MODEL);
    model(DIGITS);
    Turn turn = take();
    webhooks.update(webhook.id(), timeout(Duration.ofSeconds(30)), ANNA);

    assertThat(deliveries.next(turn)).isEmpty();
    deliveries.end(turn);
    Turn longer = take();
    assertThat(deliveries.next(longer)).isPresent();
    clock.advance(Duration.ofSeconds(30));
    assertThat(deliveries.take(false, 10)).isEmpty();
  }

  @Test
  void delete_endsTurnsAndDeliveries() {
    Webhook webhook = create("a", ANY_MODEL);
    model(DIGITS);
    Turn turn = take();
    Dispatch dispatch = deliveries.next(turn).orElseThrow();

    webhooks.delete(webhook.id(), ANNA);

    assertThat(deliveries.next(turn)).isEmpty();
    assertThat(deliveries.finish(turn, attempted(dispatch, 200), false)).isFalse();
    deliveries.end(turn);
    model(LETTERS);
    assertThat(count("webhook_delivery") + count("webhook_turn") + count("webhook_event")).isZero();
    assertThatThrownBy(() -> webhooks.get(webhook.id()))
        .isInstanceOf(WebhookNotFoundException.class);
    assertThatThrownBy(() -> webhooks.delete(webhook.id(), ANNA))
        .isInstanceOf(WebhookNotFoundException.class);
  }

  @Test
  void take_byManyAtOnce_givesEachTurnOnce() throws Exception {
    for (int i = 0; i < 12; i++) {
      create("w" + i, ANY_MODEL);
    }
    model(DIGITS);
    ExecutorService takers = Executors.newFixedThreadPool(6);
    try {
      Callable<List<Turn>> take = () -> deliveries.take(false, 5);
      List<Turn> taken = new ArrayList<>();
      for (Future<List<Turn>> future : takers.invokeAll(Collections.nCopies(6, take))) {
        taken.addAll(future.get());
      }
      taken.addAll(deliveries.take(false, 12));

      assertThat(taken).extracting(Turn::webhook).hasSize(12).doesNotHaveDuplicates();
    } finally {
      takers.shutdown();
    }
  }

  // The log of deliveries.

  @Test
  void list_isNewestFirstInPages_andByState() {
    Webhook webhook = create("a", ANY_MODEL);
    for (int i = 0; i < 5; i++) {
      model(new ModelName("m" + i));
    }
    Turn turn = take();
    deliveries.finish(turn, attempted(deliveries.next(turn).orElseThrow(), 410), true);

    Page<WebhookDelivery> first = deliveries.list(webhook.id(), Optional.empty(), page(3, ""));
    Page<WebhookDelivery> rest =
        deliveries.list(webhook.id(), Optional.empty(), page(3, first.nextPageToken()));
    assertThat(first.items()).extracting(d -> d.id().revision()).containsExactly(6L, 5L, 4L);
    assertThat(rest.items()).extracting(d -> d.id().revision()).containsExactly(3L, 2L);
    assertThat(rest.nextPageToken()).isEmpty();
    assertThat(
            deliveries
                .list(webhook.id(), Optional.of(WebhookDeliveryState.DEAD), page(3, ""))
                .items())
        .extracting(d -> d.id().revision())
        .containsExactly(2L);
    assertThat(
            deliveries
                .list(webhook.id(), Optional.of(WebhookDeliveryState.PENDING), page(10, ""))
                .items())
        .hasSize(4);
    assertThatThrownBy(() -> deliveries.list(id(), Optional.empty(), page(3, "")))
        .isInstanceOf(WebhookNotFoundException.class);
  }

  @Test
  void redeliver_queuesWithFreshTries_onceAndOnlyWhenActive() {
    Webhook webhook = create("a", ANY_MODEL);
    model(DIGITS);
    WebhookDeliveryId id = new WebhookDeliveryId(webhook.id(), 2);
    assertThat(sendAll(410)).containsExactly(2L);
    assertThat(deliveries(webhook).get(0).state()).isEqualTo(WebhookDeliveryState.DEAD);

    WebhookDelivery queued = deliveries.redeliver(id);

    assertThat(queued.state()).isEqualTo(WebhookDeliveryState.PENDING);
    assertThat(queued.tries()).isZero();
    assertThat(queued.attempts()).hasSize(1);
    clock.advance(Duration.ofSeconds(1));
    assertThat(deliveries.redeliver(id)).isEqualTo(queued);
    assertThat(deliveries(webhook)).containsExactly(queued);
    disable(webhook);
    assertThatThrownBy(() -> deliveries.redeliver(id)).isInstanceOf(WebhookDisabledException.class);
    assertThatThrownBy(() -> deliveries.redeliver(new WebhookDeliveryId(webhook.id(), 1)))
        .isInstanceOf(WebhookDeliveryNotFoundException.class);
    assertThatThrownBy(() -> deliveries.redeliver(new WebhookDeliveryId(id(), 2)))
        .isInstanceOf(WebhookNotFoundException.class);
  }

  @Test
  void forget_dropsWhatIsOverForLong_andNothingElse() {
    Webhook webhook = create("a", ANY_MODEL);
    model(DIGITS);
    sendAll(200);
    clock.advance(Duration.ofDays(3));
    model(LETTERS);
    sendAll(410);
    clock.advance(Duration.ofDays(5));
    model(new ModelName("waits"));

    deliveries.forget(WebhookDeliveryState.DELIVERED, Duration.ofDays(7));
    assertThat(revisions(webhook)).containsExactly(4L, 3L);
    deliveries.forget(WebhookDeliveryState.DEAD, Duration.ofDays(6));
    assertThat(revisions(webhook)).containsExactly(4L, 3L);
    deliveries.forget(WebhookDeliveryState.DEAD, Duration.ofDays(4));
    assertThat(revisions(webhook)).containsExactly(4L);
  }

  private List<Long> sendAll(int status) {
    List<Long> sent = new ArrayList<>();
    List<Turn> turns = new ArrayList<>(deliveries.take(false, 10));
    turns.addAll(deliveries.take(true, 10));
    for (Turn turn : turns) {
      for (Optional<Dispatch> next = deliveries.next(turn);
          next.isPresent();
          next = deliveries.next(turn)) {
        sent.add(next.get().delivery().id().revision());
        deliveries.finish(turn, attempted(next.get(), status), false);
      }
      deliveries.end(turn);
    }
    return sent;
  }

  private Turn take() {
    List<Turn> turns = deliveries.take(false, 10);
    assertThat(turns).hasSize(1);
    return turns.get(0);
  }

  private WebhookDelivery attempted(Dispatch dispatch, int status) {
    return dispatch
        .delivery()
        .after(
            new WebhookAttempt(
                clock.instant(), Duration.ofMillis(7), status, status == 200 ? "" : "no", "ok"),
            dispatch.webhook().settings().maxAttempts(),
            0.5);
  }

  private List<WebhookDelivery> deliveries(Webhook webhook) {
    return deliveries.list(webhook.id(), Optional.empty(), page(100, "")).items();
  }

  private List<Long> revisions(Webhook webhook) {
    return deliveries(webhook).stream().map(delivery -> delivery.id().revision()).toList();
  }

  private Webhook create(String name, WebhookEvent event) {
    return create(name, List.of(event), List.of());
  }

  private Webhook create(String name, List<WebhookEvent> kinds, List<ModelName> names) {
    return webhooks
        .create(id(), settings(name, kinds, names), SECRET, Optional.empty(), ANNA)
        .webhook();
  }

  private static WebhookSettings settings(String name, WebhookEvent event) {
    return settings(name, List.of(event), List.of());
  }

  private static WebhookSettings settings(
      String name, List<WebhookEvent> kinds, List<ModelName> names) {
    return new WebhookSettings(
        name,
        "",
        "https://example.com/" + name,
        WebhookFormat.STANDARD,
        kinds,
        names,
        WebhookState.ACTIVE,
        Duration.ofSeconds(10),
        8);
  }

  private void disable(Webhook webhook) {
    webhooks.update(webhook.id(), state(WebhookState.DISABLED), ANNA);
  }

  private static WebhookUpdate state(WebhookState state) {
    return new WebhookUpdate(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(state),
        Optional.empty(),
        Optional.empty());
  }

  private static WebhookUpdate timeout(Duration timeout) {
    return new WebhookUpdate(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(timeout),
        Optional.empty());
  }

  private static WebhookUpdate secret(String secret) {
    return new WebhookUpdate(
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.of(secret),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private static WebhookUpdate named(String name) {
    return new WebhookUpdate(
        Optional.of(name),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty());
  }

  private void model(ModelName name) {
    models.create(new NewRegisteredModel(name, "", "", Map.of()), Optional.empty(), ANNA);
  }

  private void tag(ModelName name, String text) {
    models.setTags(name, Map.of("stage", text), OptionalLong.empty(), ANNA);
  }

  private WebhookId id() {
    return new WebhookId("%032x".formatted(++ids));
  }

  private static Optional<IdempotencyKey> key(String id, String fingerprint) {
    return Optional.of(new IdempotencyKey("CreateWebhook", id, fingerprint));
  }

  private static PageRequest page(int size, String token) {
    return new PageRequest(
        size,
        token.isEmpty() ? Optional.empty() : Optional.of(PageToken.decode(token, "test")),
        "test");
  }

  private long count(String table) {
    return database.read(
        handle -> handle.createQuery("SELECT COUNT(*) FROM " + table).mapTo(Long.class).one());
  }
}
