package dev.slipway.registry.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.store.RegisteredModelStore;
import dev.slipway.registry.store.RegistryEventStore;
import dev.slipway.registry.store.RegistryTransactions;
import dev.slipway.registry.store.WebhookDeliveryStore;
import dev.slipway.registry.store.WebhookDeliveryStore.Turn;
import dev.slipway.registry.store.WebhookStore;
import dev.slipway.registry.testing.WebhookReceiver;
import dev.slipway.registry.upstream.WebhookSender;
import dev.slipway.registry.upstream.WebhookTargets;
import dev.slipway.registry.webhook.AddressPolicy;
import dev.slipway.registry.webhook.WebhookAttempt;
import dev.slipway.registry.webhook.WebhookBodies;
import dev.slipway.registry.webhook.WebhookDelivery;
import dev.slipway.registry.webhook.WebhookDeliveryState;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookFormat;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookSecret;
import dev.slipway.registry.webhook.WebhookSettings;
import dev.slipway.registry.webhook.WebhookState;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.testing.MovableClock;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.Dns;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Says what the sending of what is queued promises, on whichever database. */
abstract class WebhookDispatcherContract {
  private static final Caller ANNA = new Caller("anna", Set.of());
  private static final WebhookSecret SECRET =
      WebhookSecret.parse(WebhookFormat.STANDARD, "b".repeat(40));

  /** Longer than callers may ask for: no machine is so slow that an attempt ends by it. */
  private static final Duration TIMEOUT = Duration.ofHours(1);

  private final MovableClock clock = new MovableClock(Instant.parse("2026-02-03T04:05:06Z"));
  private final MetricRegistry metrics = new MetricRegistry();
  private final WebhookReceiver receiver = new WebhookReceiver();
  private Database database;
  private RegisteredModelStore models;
  private WebhookStore webhooks;
  private WebhookDeliveryStore deliveries;
  private RegistryEventStore events;
  private WebhookSender sender;
  private int ids;

  abstract DatabaseConfig database();

  @BeforeEach
  void open() {
    database = Database.open(database(), "registry", "db/migration/registry", new MetricRegistry());
    RegistryTransactions transactions = new RegistryTransactions(database, clock, revision -> {});
    models = new RegisteredModelStore(transactions);
    webhooks = new WebhookStore(transactions);
    deliveries = new WebhookDeliveryStore(transactions);
    events = new RegistryEventStore(transactions);
    sender =
        new WebhookSender(new WebhookTargets(new AddressPolicy(true), true, Dns.SYSTEM), clock);
  }

  @AfterEach
  void close() {
    sender.close();
    database.close();
    receiver.close();
  }

  @Test
  void messageThatCannotBeWritten_isGivenUp_andHoldsUpNoneAfterIt() throws Exception {
    WebhookId hook = create("chat", receiver, 1);
    model("unwritable");
    model("digits");

    try (WebhookDispatcher dispatcher =
        dispatcher(
            (format, kind, event) -> {
              if (event.revision() == 2) {
                throw new IllegalStateException("no words for it");
              }
              return event.name().orElseThrow().value();
            })) {
      dispatcher.start();
      assertThat(receiver.next().body()).isEqualTo("digits");
    }

    assertThat(whyGivenUp(hook, 2)).contains("no words for it");
  }

  @Test
  void eventThatCannotBeRead_isGivenUp_andHoldsUpNoneAfterIt() throws Exception {
    WebhookId hook = create("chat", receiver, 1);
    model("damaged");
    model("digits");
    int damaged =
        database.write(
            handle ->
                handle.execute(
                    "UPDATE registry_event SET after_state = '{\"model\":' WHERE revision = 2"));
    assertThat(damaged).isEqualTo(1);

    try (WebhookDispatcher dispatcher = dispatcher(WebhookDispatcherContract::name)) {
      dispatcher.start();
      assertThat(receiver.next().body()).isEqualTo("digits");
    }

    assertThat(whyGivenUp(hook, 2)).startsWith("event 2 cannot be read");
    assertThat(metrics.meter("registry.webhooks.failed").getCount()).isEqualTo(1);
    assertThat(metrics.meter("registry.webhooks.dead").getCount()).isEqualTo(1);
  }

  @Test
  void hooksThatHang_leaveHalfOfTheSendersToOthers() throws Exception {
    try (WebhookReceiver silent = new WebhookReceiver()) {
      silent.hang();
      for (int i = 0; i < 16; i++) {
        create("silent" + i, silent, 20);
      }
      model("first");
      failOnce(16);
      create("chat", receiver, 20);

      try (WebhookDispatcher dispatcher = dispatcher(WebhookDispatcherContract::name)) {
        dispatcher.start();
        assertThat(silent.next(8)).hasSize(8);
        assertThat(deliveries.take(true, 16)).as("due, and with no sender yet").hasSize(8);
        model("second");
        dispatcher.hint();
        assertThat(receiver.next().body()).isEqualTo("second");
      }
    }
  }

  /** Lets the first attempt of some webhooks fail, and waits until the next one is due. */
  private void failOnce(int count) {
    List<Turn> turns = deliveries.take(false, count);
    assertThat(turns).hasSize(count);
    WebhookAttempt failed = new WebhookAttempt(clock.instant(), Duration.ZERO, 500, "no", "");
    for (Turn turn : turns) {
      WebhookDelivery delivery = deliveries.next(turn).orElseThrow().delivery();
      assertThat(deliveries.finish(turn, delivery.after(failed, 20, 0.5), true)).isTrue();
      deliveries.end(turn);
    }
    clock.advance(Duration.ofMinutes(1));
  }

  private WebhookDispatcher dispatcher(WebhookBodies bodies) {
    return new WebhookDispatcher(deliveries, events, sender, bodies, clock, metrics);
  }

  private static String name(WebhookFormat format, WebhookEvent kind, RegistryEvent event) {
    return event.name().orElseThrow().value();
  }

  private WebhookId create(String name, WebhookReceiver to, int maxAttempts) {
    return webhooks
        .create(
            new WebhookId("%032x".formatted(++ids)),
            new WebhookSettings(
                name,
                "",
                to.url("/"),
                WebhookFormat.STANDARD,
                List.of(new WebhookEvent(WebhookEvent.Entity.REGISTERED_MODEL, Optional.empty())),
                List.of(),
                WebhookState.ACTIVE,
                TIMEOUT,
                maxAttempts),
            SECRET,
            Optional.empty(),
            ANNA)
        .webhook()
        .id();
  }

  private void model(String name) {
    var unused =
        models.create(
            new NewRegisteredModel(new ModelName(name), "", "", Map.of()), Optional.empty(), ANNA);
  }

  /** Returns why the only delivery that was given up failed. */
  private String whyGivenUp(WebhookId hook, long revision) {
    List<WebhookDelivery> dead =
        deliveries
            .list(
                hook,
                Optional.of(WebhookDeliveryState.DEAD),
                new PageRequest(10, Optional.empty(), "test"))
            .items();
    assertThat(dead).extracting(delivery -> delivery.id().revision()).containsExactly(revision);
    return dead.get(0).attempts().get(0).error();
  }
}
