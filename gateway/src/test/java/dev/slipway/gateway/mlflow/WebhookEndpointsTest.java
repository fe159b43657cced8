package dev.slipway.gateway.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpServer;
import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import dev.slipway.registry.v1.CreateWebhookRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.Webhook;
import dev.slipway.registry.v1.WebhookEvent;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.util.UUID;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WebhookEndpointsTest {
  @RegisterExtension static final GatewayExtension gateway = new GatewayExtension();

  private static final ObjectMapper JSON = new ObjectMapper();

  private final String name = "w-" + UUID.randomUUID();
  private final BlockingQueue<JsonNode> received = new LinkedBlockingQueue<>();
  private HttpServer receiver;

  @BeforeEach
  void receive() throws IOException {
    receiver = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    receiver.createContext(
        "/",
        exchange -> {
          boolean signed = exchange.getRequestHeaders().containsKey("X-MLflow-Signature");
          JsonNode body = JSON.readTree(exchange.getRequestBody().readAllBytes());
          exchange.sendResponseHeaders(signed ? 200 : 401, -1);
          exchange.close();
          received.add(body);
        });
    receiver.start();
  }

  @AfterEach
  void close() {
    receiver.stop(0);
  }

  private String url() {
    return "http://127.0.0.1:" + receiver.getAddress().getPort() + "/";
  }

  private JsonNode next() throws InterruptedException {
    JsonNode next = received.poll(10, TimeUnit.MINUTES);
    assertThat(next).as("nothing came in time").isNotNull();
    return next;
  }

  /** Creates a webhook; single quotes stand for double ones. */
  private Reply create(String fields) {
    return gateway.post(
        "webhooks",
        ("{'name':'" + name + "','url':'" + url() + "'," + fields + "}").replace('\'', '"'));
  }

  private static String event(String entity, String action) {
    return "{'entity':'" + entity + "','action':'" + action + "'}";
  }

  @Test
  void webhook_isToldInMlflowsForm_changedAndDeleted() throws Exception {
    JsonNode created =
        create(
                "'secret':'any text','description':'d','events':["
                    + event("MODEL_VERSION_ALIAS", "CREATED")
                    + ","
                    + event("MODEL_VERSION", "CREATED")
                    + "]")
            .body()
            .get("webhook");
    String path = "webhooks/" + created.get("webhook_id").textValue();
    assertThat(created.get("name").textValue()).isEqualTo(name);
    assertThat(created.get("status").textValue()).isEqualTo("ACTIVE");
    assertThat(created.get("creation_timestamp").isIntegralNumber()).isTrue();
    assertThat(created.get("events").toString())
        .isEqualTo(
            ("["
                        + event("MODEL_VERSION", "CREATED")
                        + ","
                        + event("MODEL_VERSION_ALIAS", "CREATED"))
                    .replace('\'', '"')
                + "]");
    assertThat(created.has("secret")).isFalse();

    Reply tested = gateway.post(path + "/test", "{}");
    assertThat(tested.body().at("/result/success").booleanValue()).isTrue();
    assertThat(tested.body().at("/result/response_status").intValue()).isEqualTo(200);
    assertThat(next().get("entity").textValue()).isEqualTo("model_version_alias");
    gateway.post("registered-models/create", "{\"name\":\"" + name + "\"}");
    gateway.post("model-versions/create", "{\"name\":\"" + name + "\",\"source\":\"s3://b/1\"}");
    gateway.post(
        "registered-models/alias",
        "{\"name\":\"" + name + "\",\"alias\":\"champion\",\"version\":\"1\"}");
    assertThat(next().at("/data/source").textValue()).isEqualTo("s3://b/1");
    JsonNode alias = next();
    assertThat(alias.get("action").textValue()).isEqualTo("created");
    assertThat(alias.at("/data/alias").textValue()).isEqualTo("champion");

    assertThat(gateway.call("PATCH", path, "{}").body().get("webhook")).isEqualTo(created);
    JsonNode changed =
        gateway
            .call(
                "PATCH",
                path,
                ("{'description':'','status':'DISABLED','events':["
                        + event("MODEL_VERSION_TAG", "DELETED")
                        + "]}")
                    .replace('\'', '"'))
            .body()
            .get("webhook");
    assertThat(changed.get("description").textValue()).isEmpty();
    assertThat(changed.get("status").textValue()).isEqualTo("DISABLED");
    assertThat(changed.get("url")).isEqualTo(created.get("url"));
    assertThat(changed.at("/events/0/action").textValue()).isEqualTo("DELETED");
    assertThat(gateway.get(path).body().get("webhook")).isEqualTo(changed);
    assertThat(gateway.call("DELETE", path, "").status()).isEqualTo(200);
    assertThat(gateway.get(path).status()).isEqualTo(404);
  }

  @Test
  void list_showsWhatMlflowHasNamesFor() {
    String stages = made(WebhookEvent.Entity.ENTITY_MODEL_VERSION_STAGE);
    String aliases = made(WebhookEvent.Entity.ENTITY_MODEL_VERSION_ALIAS);

    JsonNode listed = gateway.get("webhooks?max_results=1000").body().get("webhooks");

    assertThat(listed.findValuesAsText("webhook_id")).contains(aliases).doesNotContain(stages);
    assertThat(gateway.get("webhooks/" + stages).error()).isEqualTo("RESOURCE_DOES_NOT_EXIST");
    assertThat(gateway.get("webhooks/" + aliases).body().at("/webhook/events")).hasSize(2);
  }

  /** Creates a webhook that is told of all that is done to a kind of thing. */
  private String made(WebhookEvent.Entity entity) {
    return RegistryServiceGrpc.newBlockingStub(gateway.peers())
        .createWebhook(
            CreateWebhookRequest.newBuilder()
                .setWebhook(
                    Webhook.newBuilder()
                        .setName(name + entity)
                        .setUrl(url())
                        .addEvents(WebhookEvent.newBuilder().setEntity(entity)))
                .build())
        .getWebhookId();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'events':[] | Missing value for required parameter 'events'",
        "'events':[{'entity':'PROMPT','action':'CREATED'}] | no webhook events of the entity"
            + " 'PROMPT'",
        "'events':[{'entity':'MODEL_VERSION','action':'DELETED'}] | Valid actions are: [CREATED]",
        "'events':[{'entity':'MODEL','action':'SET'}] | parameter 'events[0].entity'",
        "'events':[{'entity':1}] | required parameter 'events[0].action'",
        "'status':'GONE','events':[{'entity':1,'action':1}] | parameter 'status'",
        "'description':'d','url':'ftp://x','events':[{'entity':1,'action':1}] | parameter 'url'"
      })
  void create_refused_saysWhy(String fields, String fragment) {
    Reply reply = create(fields);

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void unknown_isAbsent_andANameIsTakenOnce() {
    create("'events':[{'entity':1,'action':1}]");

    assertThat(create("'events':[{'entity':1,'action':1}]").error())
        .isEqualTo("RESOURCE_ALREADY_EXISTS");
    for (String id : new String[] {"x", "0".repeat(32)}) {
      Reply absent = gateway.get("webhooks/" + id);
      assertThat(absent.error()).isEqualTo("RESOURCE_DOES_NOT_EXIST");
      assertThat(absent.message()).isEqualTo("Webhook with ID " + id + " not found.");
      assertThat(gateway.call("DELETE", "webhooks/" + id, "").status()).isEqualTo(404);
      assertThat(gateway.post("webhooks/" + id + "/test", "{}").status()).isEqualTo(404);
    }
  }
}
