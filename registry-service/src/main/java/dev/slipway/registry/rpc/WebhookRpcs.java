package dev.slipway.registry.rpc;

import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.actor.RoleRequiredException;
import dev.slipway.registry.service.WebhookTester;
import dev.slipway.registry.store.WebhookDeliveryStore;
import dev.slipway.registry.store.WebhookStore;
import dev.slipway.registry.upstream.WebhookTargets;
import dev.slipway.registry.v1.CreateWebhookRequest;
import dev.slipway.registry.v1.DeleteWebhookRequest;
import dev.slipway.registry.v1.DeleteWebhookResponse;
import dev.slipway.registry.v1.GetWebhookRequest;
import dev.slipway.registry.v1.ListWebhookDeliveriesRequest;
import dev.slipway.registry.v1.ListWebhookDeliveriesResponse;
import dev.slipway.registry.v1.ListWebhooksRequest;
import dev.slipway.registry.v1.ListWebhooksResponse;
import dev.slipway.registry.v1.RedeliverWebhookRequest;
import dev.slipway.registry.v1.TestWebhookRequest;
import dev.slipway.registry.v1.UpdateWebhookRequest;
import dev.slipway.registry.v1.Webhook;
import dev.slipway.registry.v1.WebhookDelivery;
import dev.slipway.registry.webhook.WebhookId;
import dev.slipway.registry.webhook.WebhookSecret;
import dev.slipway.runtime.paging.Page;
import java.security.SecureRandom;
import java.util.Collections;
import java.util.HexFormat;
import java.util.Set;

/** Answers the RPCs about webhooks. Thread-safe. */
public final class WebhookRpcs {
  private static final int ID_BYTES = 16;

  private final WebhookStore webhooks;
  private final WebhookDeliveryStore deliveries;
  private final WebhookTester tester;
  private final WebhookRequests requests;
  private final Set<String> roles;
  private final Runnable queued;
  private final SecureRandom random = new SecureRandom();

  /**
   * Creates the answers.
   *
   * @param roles any of them lets a caller change, test and repeat; empty: everyone may
   * @param queued told when a delivery is queued again; must not block
   */
  public WebhookRpcs(
      WebhookStore webhooks,
      WebhookDeliveryStore deliveries,
      WebhookTester tester,
      WebhookTargets targets,
      Set<String> roles,
      Runnable queued) {
    this.webhooks = webhooks;
    this.deliveries = deliveries;
    this.tester = tester;
    this.requests = new WebhookRequests(targets);
    this.roles = Set.copyOf(roles);
    this.queued = queued;
  }

  Webhook create(CreateWebhookRequest request, Caller caller) {
    requireRole(caller);
    var in = requests.create(request);
    WebhookSecret secret =
        in.secret().orElseGet(() -> WebhookSecret.generate(in.settings().format(), random));
    byte[] id = new byte[ID_BYTES];
    random.nextBytes(id);
    var created =
        webhooks.create(
            new WebhookId(HexFormat.of().formatHex(id)), in.settings(), secret, in.key(), caller);
    Webhook answer = WebhookProtos.webhook(created.webhook());
    return created.fresh() && in.secret().isEmpty()
        ? answer.toBuilder().setSecret(secret.reveal()).build()
        : answer;
  }

  Webhook get(GetWebhookRequest request) {
    return WebhookProtos.webhook(webhooks.get(requests.id(request.getWebhookId())));
  }

  ListWebhooksResponse list(ListWebhooksRequest request) {
    Page<Webhook> page = webhooks.list(requests.list(request)).map(WebhookProtos::webhook);
    return ListWebhooksResponse.newBuilder()
        .addAllWebhooks(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  Webhook update(UpdateWebhookRequest request, Caller caller) {
    requireRole(caller);
    var in = requests.update(request);
    Webhook updated = WebhookProtos.webhook(webhooks.update(in.id(), in.update(), caller));
    // It may have been made active, with deliveries that have waited for that.
    queued.run();
    return updated;
  }

  DeleteWebhookResponse delete(DeleteWebhookRequest request, Caller caller) {
    requireRole(caller);
    webhooks.delete(requests.id(request.getWebhookId()), caller);
    return DeleteWebhookResponse.getDefaultInstance();
  }

  WebhookDelivery test(TestWebhookRequest request, Caller caller) {
    requireRole(caller);
    var in = requests.test(request);
    return WebhookProtos.test(in.id(), tester.test(in.id(), in.event(), caller));
  }

  ListWebhookDeliveriesResponse listDeliveries(ListWebhookDeliveriesRequest request) {
    var in = requests.deliveries(request);
    Page<WebhookDelivery> page =
        deliveries.list(in.id(), in.state(), in.page()).map(WebhookProtos::delivery);
    return ListWebhookDeliveriesResponse.newBuilder()
        .addAllDeliveries(page.items())
        .setNextPageToken(page.nextPageToken())
        .build();
  }

  WebhookDelivery redeliver(RedeliverWebhookRequest request, Caller caller) {
    requireRole(caller);
    WebhookDelivery delivery =
        WebhookProtos.delivery(deliveries.redeliver(requests.redeliver(request)));
    queued.run();
    return delivery;
  }

  private void requireRole(Caller caller) {
    if (!roles.isEmpty() && Collections.disjoint(roles, caller.roles())) {
      throw new RoleRequiredException("changing and testing webhooks", roles);
    }
  }
}
