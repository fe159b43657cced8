package dev.slipway.registry.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.FieldMask;
import dev.slipway.registry.testing.RegistryProcess;
import dev.slipway.registry.testing.WebhookReceiver;
import dev.slipway.registry.testing.WebhookReceiver.Received;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.CreateWebhookRequest;
import dev.slipway.registry.v1.GetWebhookRequest;
import dev.slipway.registry.v1.ListWebhookDeliveriesRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.UpdateWebhookRequest;
import dev.slipway.registry.v1.Webhook;
import dev.slipway.registry.v1.WebhookDelivery;
import dev.slipway.registry.v1.WebhookDeliveryState;
import dev.slipway.registry.v1.WebhookEvent;
import dev.slipway.runtime.database.DatabaseConfig;
import dev.slipway.runtime.server.Channels;
import dev.slipway.runtime.server.GrpcServer;
import dev.slipway.runtime.server.GrpcServerConfig;
import dev.slipway.runtime.testing.TestDatabases;
import io.grpc.ManagedChannel;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Sends webhooks from registries that share a database, and from one that is killed. */
final class WebhookReplicasIT {
  private final WebhookReceiver receiver = new WebhookReceiver();
  private final List<ManagedChannel> channels = new ArrayList<>();
  private final DatabaseConfig postgres = TestDatabases.postgres();

  @AfterEach
  void close() {
    channels.forEach(ManagedChannel::shutdownNow);
    receiver.close();
  }

  @Test
  void twoReplicas_sendEachEventOnce() throws Exception {
    try (GrpcServer one = RegistryProcess.serve(postgres);
        GrpcServer other = RegistryProcess.serve(postgres)) {
      RegistryServiceBlockingStub first = stub(one.port());
      RegistryServiceBlockingStub second = stub(other.port());
      Webhook webhook = webhook(first, "all", 30);
      for (int i = 0; i < 60; i++) {
        model(i % 2 == 0 ? first : second, "model-" + i);
      }

      List<Received> received = receiver.next(60);

      assertThat(received)
          .extracting(request -> request.headers().get("webhook-id"))
          .doesNotHaveDuplicates();
      delivered(second, webhook, 61);
      assertThat(receiver.waiting()).isZero();
    }
  }

  @Test
  void killedBetweenCommitAndDelivery_theEventStillArrives() throws Exception {
    killBetweenCommitAndDelivery(postgres);
  }

  @Test
  void killedWithItsEmbeddedDatabase_theEventStillArrives(@TempDir Path folder) throws Exception {
    killBetweenCommitAndDelivery(TestDatabases.h2(folder));
  }

  private void killBetweenCommitAndDelivery(DatabaseConfig database) throws Exception {
    receiver.hang();
    Webhook webhook;
    String id;
    try (RegistryProcess killed = RegistryProcess.start(database)) {
      RegistryServiceBlockingStub registry = stub(killed.port());
      webhook = webhook(registry, "all", 1);
      model(registry, "digits");
      id = receiver.next().headers().get("webhook-id");
    }

    receiver.recover();
    try (GrpcServer next = RegistryProcess.serve(database)) {
      giveTime(stub(next.port()), webhook);
      assertThat(receiver.next().headers()).containsEntry("webhook-id", id);
      WebhookDelivery delivery = delivered(stub(next.port()), webhook, 2).get(0);
      assertThat(delivery.getDeliveryId()).isEqualTo(id);
      assertThat(delivery.getState())
          .isEqualTo(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DELIVERED);
    }
  }

  private RegistryServiceBlockingStub stub(int port) {
    ManagedChannel channel =
        Channels.to("127.0.0.1:" + port, GrpcServerConfig.DEFAULT_MAX_MESSAGE_BYTES);
    channels.add(channel);
    return RegistryServiceGrpc.newBlockingStub(channel);
  }

  private Webhook webhook(RegistryServiceBlockingStub registry, String name, int timeoutSeconds) {
    return registry.createWebhook(
        CreateWebhookRequest.newBuilder()
            .setWebhook(
                Webhook.newBuilder()
                    .setName(name)
                    .setUrl(receiver.url("/"))
                    .setTimeout(
                        com.google.protobuf.Duration.newBuilder().setSeconds(timeoutSeconds))
                    .addEvents(
                        WebhookEvent.newBuilder()
                            .setEntity(WebhookEvent.Entity.ENTITY_REGISTERED_MODEL)))
            .build());
  }

  /** Lets attempts take as long as they may, so that a slow machine fails none. */
  private static void giveTime(RegistryServiceBlockingStub registry, Webhook webhook) {
    var unused =
        registry.updateWebhook(
            UpdateWebhookRequest.newBuilder()
                .setWebhook(
                    webhook.toBuilder()
                        .setTimeout(com.google.protobuf.Duration.newBuilder().setSeconds(30)))
                .setUpdateMask(FieldMask.newBuilder().addPaths("timeout"))
                .build());
  }

  private static void model(RegistryServiceBlockingStub registry, String name) {
    var unused =
        registry.createRegisteredModel(
            CreateRegisteredModelRequest.newBuilder().setName(name).build());
  }

  /** Waits until a webhook has been told of all up to a revision; returns its deliveries. */
  private static List<WebhookDelivery> delivered(
      RegistryServiceBlockingStub registry, Webhook webhook, long revision) throws Exception {
    GetWebhookRequest get =
        GetWebhookRequest.newBuilder().setWebhookId(webhook.getWebhookId()).build();
    long deadline = System.nanoTime() + Duration.ofMinutes(10).toNanos();
    while (registry.getWebhook(get).getDeliveredRevision() < revision) {
      assertThat(System.nanoTime()).as("it takes too long").isLessThan(deadline);
      Thread.sleep(20);
    }
    return registry
        .listWebhookDeliveries(
            ListWebhookDeliveriesRequest.newBuilder().setWebhookId(webhook.getWebhookId()).build())
        .getDeliveriesList();
  }
}
