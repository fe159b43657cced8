package dev.slipway.registry.service;

import static org.assertj.core.api.Assertions.assertThat;

import com.codahale.metrics.MetricRegistry;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.NewRegisteredModel;
import dev.slipway.registry.store.RegisteredModelStore;
import dev.slipway.registry.store.RegistryTransactions;
import dev.slipway.registry.store.WebhookDeliveryStore;
import dev.slipway.registry.store.WebhookStore;
import dev.slipway.registry.testing.WebhookReceiver;
import dev.slipway.registry.upstream.WebhookSender;
import dev.slipway.registry.upstream.WebhookTargets;
import dev.slipway.registry.webhook.AddressPolicy;
import dev.slipway.registry.webhook.WebhookDelivery;
import dev.slipway.registry.webhook.WebhookDeliveryState;
import dev.slipway.registry.webhook.WebhookEvent;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookSecret;
import dev.slipway.registry.webhook.WebhookSettings;
import dev.slipway.registry.webhook.WebhookState;
import dev.slipway.runtime.database.Database;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.runtime.testing.TestDatabases;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import okhttp3.Dns;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class WebhookDispatcherTest {
  private static final Caller ANNA = new Caller("anna", Set.of());
  private static final WebhookId HOOK = new WebhookId("0".repeat(32));

  @Test
  void messageThatCannotBeWritten_isGivenUp_andHoldsUpNoneAfterIt(@TempDir Path folder)
      throws Exception {
    Clock clock = Clock.systemUTC();
    try (Database database =
            Database.open(
                TestDatabases.h2(folder),
                "registry",
                "db/migration/registry",
                new MetricRegistry());
        WebhookReceiver receiver = new WebhookReceiver();
        WebhookSender sender =
            new WebhookSender(
                new WebhookTargets(new AddressPolicy(true), true, Dns.SYSTEM), clock)) {
      RegistryTransactions transactions = new RegistryTransactions(database, clock, revision -> {});
      WebhookDeliveryStore deliveries = new WebhookDeliveryStore(transactions);
      var unused =
          new WebhookStore(transactions)
              .create(
                  HOOK,
                  new WebhookSettings(
                      "chat",
                      "",
                      receiver.url("/"),
                      List.of(
                          new WebhookEvent(WebhookEvent.Entity.REGISTERED_MODEL, Optional.empty())),
                      List.of(),
                      WebhookState.ACTIVE,
                      Duration.ofSeconds(30),
                      1),
                  WebhookSecret.parse("b".repeat(40)),
                  Optional.empty(),
                  ANNA);
      RegisteredModelStore models = new RegisteredModelStore(transactions);
      model(models, "unwritable");
      model(models, "digits");

      try (WebhookDispatcher dispatcher =
          new WebhookDispatcher(
              deliveries,
              sender,
              (kind, event) -> {
                if (event.revision() == 2) {
                  throw new IllegalStateException("no words for it");
                }
                return event.name().orElseThrow().value();
              },
              clock,
              new MetricRegistry())) {
        dispatcher.start();
        assertThat(receiver.next().body()).isEqualTo("digits");
      }

      WebhookDelivery first =
          deliveries
              .list(
                  HOOK,
                  Optional.of(WebhookDeliveryState.DEAD),
                  new PageRequest(10, Optional.empty(), "test"))
              .items()
              .get(0);
      assertThat(first.id().revision()).isEqualTo(2);
      assertThat(first.attempts().get(0).error()).contains("no words for it");
    }
  }

  private static void model(RegisteredModelStore models, String name) {
    var unused =
        models.create(
            new NewRegisteredModel(new ModelName(name), "", "", Map.of()), Optional.empty(), ANNA);
  }
}
