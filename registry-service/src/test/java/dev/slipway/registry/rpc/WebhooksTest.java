package dev.slipway.registry.rpc;

import static dev.slipway.registry.rpc.Failures.assertFails;
import static dev.slipway.registry.rpc.Failures.assertInvalid;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.protobuf.Duration;
import com.google.protobuf.FieldMask;
import dev.slipway.registry.WebhookConfig;
import dev.slipway.registry.testing.WebhookReceiver;
import dev.slipway.registry.testing.WebhookReceiver.Answer;
import dev.slipway.registry.testing.WebhookReceiver.Received;
import dev.slipway.registry.v1.ApproveTransitionRequestRequest;
import dev.slipway.registry.v1.CreateModelVersionRequest;
import dev.slipway.registry.v1.CreateRegisteredModelRequest;
import dev.slipway.registry.v1.CreateTransitionRequestRequest;
import dev.slipway.registry.v1.CreateWebhookRequest;
import dev.slipway.registry.v1.DeleteModelAliasRequest;
import dev.slipway.registry.v1.DeleteModelVersionRequest;
import dev.slipway.registry.v1.DeleteModelVersionTagsRequest;
import dev.slipway.registry.v1.DeleteWebhookRequest;
import dev.slipway.registry.v1.GetModelVersionRequest;
import dev.slipway.registry.v1.GetWebhookRequest;
import dev.slipway.registry.v1.ListActivitiesRequest;
import dev.slipway.registry.v1.ListWebhookDeliveriesRequest;
import dev.slipway.registry.v1.ListWebhooksRequest;
import dev.slipway.registry.v1.ModelVersion;
import dev.slipway.registry.v1.RedeliverWebhookRequest;
import dev.slipway.registry.v1.RegistryServiceGrpc;
import dev.slipway.registry.v1.RegistryServiceGrpc.RegistryServiceBlockingStub;
import dev.slipway.registry.v1.SetModelAliasRequest;
import dev.slipway.registry.v1.SetModelVersionTagsRequest;
import dev.slipway.registry.v1.SetRegisteredModelTagsRequest;
import dev.slipway.registry.v1.SetStagePolicyRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.registry.v1.StagePolicy;
import dev.slipway.registry.v1.TestWebhookRequest;
import dev.slipway.registry.v1.TransitionRequest;
import dev.slipway.registry.v1.TransitionRequestState;
import dev.slipway.registry.v1.UpdateWebhookRequest;
import dev.slipway.registry.v1.Webhook;
import dev.slipway.registry.v1.WebhookDelivery;
import dev.slipway.registry.v1.WebhookDeliveryState;
import dev.slipway.registry.v1.WebhookEvent;
import dev.slipway.registry.v1.WebhookEvent.Action;
import dev.slipway.registry.v1.WebhookEvent.Entity;
import dev.slipway.registry.v1.WebhookFormat;
import dev.slipway.registry.v1.WebhookState;
import dev.slipway.runtime.testing.GrpcServerExtension;
import io.grpc.Metadata;
import io.grpc.Status;
import io.grpc.stub.MetadataUtils;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class WebhooksTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final WebhookEvent MODEL =
      WebhookEvent.newBuilder().setEntity(Entity.ENTITY_REGISTERED_MODEL).build();
  private static final WebhookEvent TAG_SET =
      WebhookEvent.newBuilder()
          .setEntity(Entity.ENTITY_REGISTERED_MODEL_TAG)
          .setAction(Action.ACTION_SET)
          .build();

  @TempDir private Path folder;
  private RegistryFixture fixture;

  @RegisterExtension
  final GrpcServerExtension server =
      GrpcServerExtension.inProcess(
          () -> {
            fixture = new RegistryFixture(folder);
            return fixture.openRegistry(new WebhookConfig(true, true, Set.of("ops")));
          });

  private final WebhookReceiver receiver = new WebhookReceiver();
  private RegistryServiceBlockingStub anyone;
  private RegistryServiceBlockingStub stub;

  @BeforeEach
  void connect() {
    anyone = RegistryServiceGrpc.newBlockingStub(server.channel());
    Metadata headers = new Metadata();
    headers.put(Metadata.Key.of("slipway-actor", Metadata.ASCII_STRING_MARSHALLER), "anna");
    headers.put(Metadata.Key.of("slipway-roles", Metadata.ASCII_STRING_MARSHALLER), "dev,ops");
    stub = anyone.withInterceptors(MetadataUtils.newAttachHeadersInterceptor(headers));
  }

  @AfterEach
  void close() {
    receiver.close();
    fixture.close();
  }

  @Test
  void event_arrivesSigned_inTheFormOfStandardWebhooks() throws Exception {
    Webhook webhook = create(hook("chat", MODEL, TAG_SET));
    model("digits");

    Received request = receiver.next();

    assertThat(request.path()).isEqualTo("/chat");
    assertThat(request.headers()).containsEntry("content-type", "application/json");
    WebhookDelivery delivery = deliveredUpTo(webhook, 2).get(0);
    assertThat(request.headers()).containsEntry("webhook-id", delivery.getDeliveryId());
    long seconds = Long.parseLong(request.headers().get("webhook-timestamp"));
    assertThat(seconds)
        .isEqualTo(delivery.getAttempts(0).getAttemptTime().getSeconds())
        .isCloseTo(Instant.now().getEpochSecond(), Offset.offset(3600L));
    assertThat(webhook.getSecret()).startsWith("whsec_");
    assertThat(request.headers())
        .containsEntry("webhook-signature", "v1," + hmac(webhook.getSecret(), request));
    JsonNode body = JSON.readTree(request.body());
    assertThat(body.path("type").asText()).isEqualTo("registered_model.created");
    assertThat(body.path("entity").asText()).isEqualTo("registered_model");
    assertThat(body.path("action").asText()).isEqualTo("created");
    assertThat(body.path("data").path("name").asText()).isEqualTo("digits");
    assertThat(body.path("data").path("tags").path("team").asText()).isEqualTo("vision");
    assertThat(body.path("event").path("revision").asText()).isEqualTo("2");
    assertThat(body.path("event").path("actor").asText()).isEqualTo("anna");
    assertThat(body.path("event").path("after").path("registered_model").path("name").asText())
        .isEqualTo("digits");
    assertThat(Instant.parse(body.path("timestamp").asText()))
        .isEqualTo(Instant.parse(body.path("event").path("time").asText()));
    assertThat(delivery.getRevision()).isEqualTo(2);
    assertThat(delivery.getState())
        .isEqualTo(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DELIVERED);
    assertThat(delivery.getAttempts(0).getHttpStatus()).isEqualTo(204);
  }

  @Test
  void event_inMlflowsForm_hasItsHeadersItsNamesAndNothingElse() throws Exception {
    Webhook webhook =
        create(
            hook("chat", WebhookEvent.newBuilder().setEntity(Entity.ENTITY_MODEL_VERSION).build())
                .addEvents(WebhookEvent.newBuilder().setEntity(Entity.ENTITY_MODEL_VERSION_ALIAS))
                .setFormat(WebhookFormat.WEBHOOK_FORMAT_MLFLOW)
                .setSecret("any text ✓"));
    assertThat(webhook.getSecret()).isEmpty();
    assertThat(webhook.getFormat()).isEqualTo(WebhookFormat.WEBHOOK_FORMAT_MLFLOW);
    model("digits");
    version("digits");
    var alias =
        stub.setModelAlias(
            SetModelAliasRequest.newBuilder()
                .setName("digits")
                .setAlias("champion")
                .setVersion(1)
                .build());
    assertThat(alias.getAlias().getVersion()).isEqualTo(1);

    Received created = receiver.next();
    JsonNode body = JSON.readTree(created.body());
    assertThat(body.fieldNames())
        .toIterable()
        .containsExactly("entity", "action", "timestamp", "data");
    assertThat(body.path("entity").asText()).isEqualTo("model_version");
    assertThat(body.path("action").asText()).isEqualTo("created");
    assertThat(body.path("timestamp").asText())
        .matches("\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{6}\\+00:00");
    assertThat(body.path("data").path("source").asText()).isEqualTo("s3://elsewhere/model");
    Received aliased = receiver.next();
    JsonNode told = JSON.readTree(aliased.body());
    assertThat(told.path("entity").asText()).isEqualTo("model_version_alias");
    assertThat(told.path("action").asText()).isEqualTo("created");
    assertThat(told.path("data").toString())
        .isEqualTo("{\"name\":\"digits\",\"alias\":\"champion\",\"version\":\"1\"}");
    for (Received received : List.of(created, aliased)) {
      assertThat(received.headers())
          .doesNotContainKey("webhook-signature")
          .containsEntry(
              "x-mlflow-signature",
              "v1,"
                  + hmac(
                      "any text ✓".getBytes(StandardCharsets.UTF_8),
                      received,
                      "x-mlflow-delivery-id",
                      "x-mlflow-timestamp"));
    }

    String made = create(hook("made", MODEL).setFormat(webhook.getFormat())).getSecret();
    assertThat(made).isNotEmpty().doesNotStartWith("whsec_");
  }

  @Test
  void events_arriveInTheirOrder_eachOnce() throws Exception {
    Webhook webhook = create(hook("chat", TAG_SET));
    model("digits");
    for (int i = 0; i < 40; i++) {
      tag("digits", "n", Integer.toString(i));
    }

    List<String> seen = new ArrayList<>();
    for (Received request : receiver.next(40)) {
      seen.add(JSON.readTree(request.body()).path("data").path("value").asText());
    }

    assertThat(seen)
        .containsExactlyElementsOf(IntStream.range(0, 40).mapToObj(Integer::toString).toList());
    deliveredUpTo(webhook, 42);
    assertThat(receiver.waiting()).isZero();
  }

  @Test
  void failure_isTriedAgainUnderTheSameId() throws Exception {
    receiver.answer(500);
    Webhook webhook = create(hook("chat", MODEL));
    model("digits");

    Received first = receiver.next();
    Received second = receiver.next();

    assertThat(second.headers().get("webhook-id")).isEqualTo(first.headers().get("webhook-id"));
    assertThat(second.body()).isEqualTo(first.body());
    WebhookDelivery delivery = deliveredUpTo(webhook, 2).get(0);
    assertThat(delivery.getAttemptsList())
        .extracting(a -> a.getHttpStatus())
        .containsExactly(500, 204);
    assertThat(delivery.getAttempts(0).getError()).contains("500");
    assertThat(delivery.getAttempts(0).getResponseBody()).isEqualTo("answer 500");
    assertThat(delivery.hasNextAttemptTime()).isFalse();
  }

  @Test
  void gone_isGivenUpAtOnce_andCanBeDeliveredAgain() throws Exception {
    receiver.answer(410);
    Webhook webhook = create(hook("chat", MODEL));
    model("digits");
    String id = receiver.next().headers().get("webhook-id");
    WebhookDelivery dead = deliveredUpTo(webhook, 2).get(0);
    assertThat(dead.getState()).isEqualTo(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DEAD);
    assertThat(dead.getAttemptsCount()).isEqualTo(1);

    RedeliverWebhookRequest again =
        RedeliverWebhookRequest.newBuilder()
            .setWebhookId(webhook.getWebhookId())
            .setDeliveryId(dead.getDeliveryId())
            .build();
    assertThat(stub.redeliverWebhook(again).getState())
        .isEqualTo(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_PENDING);

    assertThat(receiver.next().headers()).containsEntry("webhook-id", id);
    WebhookDelivery delivered = deliveredUpTo(webhook, 2).get(0);
    assertThat(delivered.getState())
        .isEqualTo(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DELIVERED);
    assertThat(delivered.getAttemptsCount()).isEqualTo(2);
    update(webhook, "state", b -> b.setState(WebhookState.WEBHOOK_STATE_DISABLED));
    assertFails(
        () -> stub.redeliverWebhook(again), Status.Code.FAILED_PRECONDITION, "WEBHOOK_DISABLED");
    assertFails(
        () ->
            stub.redeliverWebhook(
                again.toBuilder().setDeliveryId(webhook.getWebhookId() + "_1").build()),
        Status.Code.NOT_FOUND,
        "WEBHOOK_DELIVERY_NOT_FOUND");
    assertInvalid(
        () -> stub.redeliverWebhook(again.toBuilder().setDeliveryId("x").build()), "delivery_id");
  }

  @Test
  void aReceiverThatHangs_timesOut() throws Exception {
    try (WebhookReceiver silent = new WebhookReceiver()) {
      silent.hang();
      Webhook hanging =
          create(
              hook("silent", MODEL)
                  .setUrl(silent.url("/"))
                  .setTimeout(Duration.newBuilder().setSeconds(1))
                  .setMaxAttempts(1));
      create(hook("chat", MODEL));
      model("digits");

      receiver.next();
      WebhookDelivery dead = deliveredUpTo(hanging, 3).get(0);
      assertThat(dead.getState()).isEqualTo(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DEAD);
      assertThat(dead.getAttempts(0).getHttpStatus()).isZero();
      assertThat(dead.getAttempts(0).getError()).isNotEmpty();
    }
  }

  @Test
  void redirects_areNotFollowed() throws Exception {
    receiver.answer(new Answer(302, Map.of("location", receiver.url("/elsewhere")), "over there"));
    Webhook webhook = create(hook("chat", MODEL).setMaxAttempts(1));
    model("digits");

    assertThat(receiver.next().path()).isEqualTo("/chat");
    WebhookDelivery dead = deliveredUpTo(webhook, 2).get(0);
    assertThat(dead.getState()).isEqualTo(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DEAD);
    assertThat(dead.getAttempts(0).getError()).contains("redirect");
    assertThat(receiver.waiting()).isZero();
  }

  @Test
  void largeAnswers_areCut() throws Exception {
    receiver.answer(new Answer(200, Map.of(), "ä".repeat(100_000)));
    Webhook webhook = create(hook("chat", MODEL));
    model("digits");
    receiver.next();

    WebhookDelivery delivered = deliveredUpTo(webhook, 2).get(0);
    assertThat(delivered.getState())
        .isEqualTo(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DELIVERED);
    assertThat(delivered.getAttempts(0).getResponseBody()).isEqualTo("ä".repeat(1024));
  }

  @Test
  void largeEvents_areSentWithoutTheirStates() throws Exception {
    create(hook("chat", TAG_SET));
    model("digits");
    for (int i = 0; i < 3; i++) {
      tag("digits", "large" + i, "x".repeat(90_000));
    }

    receiver.next(2);
    JsonNode body = JSON.readTree(receiver.next().body());

    assertThat(body.path("truncated").asBoolean()).isTrue();
    assertThat(body.path("data").path("name").asText()).isEqualTo("digits");
    assertThat(body.path("data").path("key").asText()).isEqualTo("large2");
    assertThat(body.path("event").path("revision").asText()).isEqualTo("5");
    assertThat(body.path("event").has("after")).isFalse();
  }

  @Test
  void test_sendsAMadeUpEventAtOnce_alsoWhenDisabled() throws Exception {
    Webhook webhook =
        create(
            hook("chat", TAG_SET, MODEL)
                .addModelNames("letters")
                .setState(WebhookState.WEBHOOK_STATE_DISABLED));
    receiver.answer(200);
    receiver.answer(503);

    WebhookDelivery good =
        stub.testWebhook(
            TestWebhookRequest.newBuilder().setWebhookId(webhook.getWebhookId()).build());
    WebhookDelivery bad =
        stub.testWebhook(
            TestWebhookRequest.newBuilder()
                .setWebhookId(webhook.getWebhookId())
                .setEvent(MODEL.toBuilder().setAction(Action.ACTION_DELETED))
                .build());

    Received first = receiver.next();
    JsonNode body = JSON.readTree(first.body());
    assertThat(first.headers())
        .containsEntry("webhook-id", good.getDeliveryId())
        .containsEntry("webhook-signature", "v1," + hmac(webhook.getSecret(), first));
    assertThat(body.path("type").asText()).isEqualTo("registered_model_tag.set");
    assertThat(body.path("data").path("name").asText()).isEqualTo("letters");
    assertThat(body.path("data").path("key").asText()).isEqualTo("team");
    assertThat(good.getState()).isEqualTo(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DELIVERED);
    assertThat(good.getRevision()).isZero();
    assertThat(bad.getState()).isEqualTo(WebhookDeliveryState.WEBHOOK_DELIVERY_STATE_DEAD);
    assertThat(bad.getAttempts(0).getHttpStatus()).isEqualTo(503);
    assertThat(JSON.readTree(receiver.next().body()).path("type").asText())
        .isEqualTo("registered_model.deleted");
    assertThat(deliveries(webhook)).isEmpty();
    assertInvalid(
        () ->
            stub.testWebhook(
                TestWebhookRequest.newBuilder()
                    .setWebhookId(webhook.getWebhookId())
                    .setEvent(TAG_SET.toBuilder().setAction(Action.ACTION_DELETED))
                    .build()),
        "event");
  }

  static Stream<Arguments> eventsOfMlflow() {
    return Stream.of(
        arguments(Entity.ENTITY_REGISTERED_MODEL, Action.ACTION_CREATED, "name tags description"),
        arguments(
            Entity.ENTITY_MODEL_VERSION,
            Action.ACTION_CREATED,
            "name version source run_id tags description"),
        arguments(Entity.ENTITY_MODEL_VERSION_TAG, Action.ACTION_SET, "name version key value"),
        arguments(Entity.ENTITY_MODEL_VERSION_TAG, Action.ACTION_DELETED, "name version key"),
        arguments(Entity.ENTITY_MODEL_VERSION_ALIAS, Action.ACTION_CREATED, "name alias version"),
        arguments(Entity.ENTITY_MODEL_VERSION_ALIAS, Action.ACTION_DELETED, "name alias"));
  }

  @ParameterizedTest
  @MethodSource("eventsOfMlflow")
  void eventOfMlflow_hasMlflowsMembers_andNoOthers(Entity entity, Action action, String members)
      throws Exception {
    WebhookEvent event = WebhookEvent.newBuilder().setEntity(entity).setAction(action).build();
    Webhook webhook = create(hook("chat", event).setFormat(WebhookFormat.WEBHOOK_FORMAT_MLFLOW));
    model("digits");
    version("digits");
    long revision = changeTagsAndAlias("digits");

    assertThat(deliveredUpTo(webhook, revision)).hasSize(1);
    WebhookDelivery test =
        stub.testWebhook(
            TestWebhookRequest.newBuilder()
                .setWebhookId(webhook.getWebhookId())
                .setEvent(event)
                .build());
    assertThat(test.getAttempts(0).getHttpStatus()).isEqualTo(204);
    for (Received received : receiver.next(2)) {
      JsonNode body = JSON.readTree(received.body());
      assertThat("ENTITY_" + body.path("entity").asText().toUpperCase(Locale.ROOT))
          .isEqualTo(entity.name());
      assertThat("ACTION_" + body.path("action").asText().toUpperCase(Locale.ROOT))
          .isEqualTo(action.name());
      assertThat(body.fieldNames())
          .toIterable()
          .containsExactly("entity", "action", "timestamp", "data");
      assertThat(body.path("data").fieldNames()).toIterable().containsExactly(members.split(" "));
    }
  }

  /** Sets two tags and deletes them, sets an alias, changes its protection, and deletes it. */
  private long changeTagsAndAlias(String model) {
    var tagged =
        stub.setModelVersionTags(
            SetModelVersionTagsRequest.newBuilder()
                .setName(model)
                .setVersion(1)
                .putTags("b", "2")
                .putTags("a", "1")
                .build());
    assertThat(tagged.getTagsMap()).hasSize(2);
    var untagged =
        stub.deleteModelVersionTags(
            DeleteModelVersionTagsRequest.newBuilder()
                .setName(model)
                .setVersion(1)
                .addKeys("b")
                .addKeys("a")
                .build());
    assertThat(untagged.getTagsMap()).isEmpty();
    SetModelAliasRequest alias =
        SetModelAliasRequest.newBuilder().setName(model).setAlias("champion").setVersion(1).build();
    var set = stub.setModelAlias(alias);
    var guarded = stub.setModelAlias(alias.toBuilder().setProtectedByRole("ops").build());
    assertThat(guarded.getAlias().getVersion()).isEqualTo(set.getAlias().getVersion());
    var gone =
        stub.deleteModelAlias(
            DeleteModelAliasRequest.newBuilder().setName(model).setAlias("champion").build());
    assertThat(gone).isNotNull();
    return stub.getModelVersion(
            GetModelVersionRequest.newBuilder().setName(model).setVersion(1).build())
        .getRevision();
  }

  @Test
  void tagsInMlflowsForm_areToldByTheFirst_andAreEmptyWhenTooLarge() throws Exception {
    create(
        hook("chat", MODEL.toBuilder().setEntity(Entity.ENTITY_MODEL_VERSION_TAG).build())
            .setFormat(WebhookFormat.WEBHOOK_FORMAT_MLFLOW));
    model("digits");
    version("digits");
    var small = SetModelVersionTagsRequest.newBuilder().setName("digits").setVersion(1);
    var both = stub.setModelVersionTags(small.putTags("b", "2").putTags("a", "1").build());
    // Six bytes each in JSON.
    var large = stub.setModelVersionTags(small.putTags("a", "\u0001".repeat(90_000)).build());
    assertThat(large.getTagsMap()).hasSameSizeAs(both.getTagsMap());

    assertThat(JSON.readTree(receiver.next().body()).path("data").toString())
        .isEqualTo("{\"name\":\"digits\",\"version\":\"1\",\"key\":\"a\",\"value\":\"1\"}");
    JsonNode cut = JSON.readTree(receiver.next().body());
    assertThat(cut.path("truncated").asBoolean()).isTrue();
    assertThat(cut.path("data").toString())
        .isEqualTo("{\"name\":\"digits\",\"version\":\"1\",\"key\":\"a\",\"value\":\"\"}");
  }

  @Test
  void requestThatMovesAVersionOrGoesWithIt_isTold() throws Exception {
    create(
        hook("requests")
            .addEvents(WebhookEvent.newBuilder().setEntity(Entity.ENTITY_TRANSITION_REQUEST)));
    create(
        hook("both")
            .addEvents(
                WebhookEvent.newBuilder()
                    .setEntity(Entity.ENTITY_TRANSITION_REQUEST)
                    .setAction(Action.ACTION_UPDATED))
            .addEvents(WebhookEvent.newBuilder().setEntity(Entity.ENTITY_MODEL_VERSION_STAGE)));
    model("digits");
    var version = version("digits");
    var policy =
        stub.setStagePolicy(
            SetStagePolicyRequest.newBuilder()
                .setPolicy(
                    StagePolicy.newBuilder()
                        .setName("digits")
                        .setStage(Stage.STAGE_PRODUCTION)
                        .setRequiredApprovals(1)
                        .setAllowSelfApproval(true))
                .build());
    assertThat(policy.getRequiredApprovals()).isEqualTo(1);
    TransitionRequest request =
        stub.createTransitionRequest(
            CreateTransitionRequestRequest.newBuilder()
                .setName("digits")
                .setVersion(version.getVersion())
                .setStage(Stage.STAGE_PRODUCTION)
                .build());
    var done =
        stub.approveTransitionRequest(
            ApproveTransitionRequestRequest.newBuilder()
                .setTransitionRequestId(request.getTransitionRequestId())
                .build());
    assertThat(done.getState()).isEqualTo(TransitionRequestState.TRANSITION_REQUEST_STATE_EXECUTED);
    String executed = request.getTransitionRequestId();
    request =
        stub.createTransitionRequest(
            CreateTransitionRequestRequest.newBuilder()
                .setName("digits")
                .setVersion(version.getVersion())
                .setStage(Stage.STAGE_STAGING)
                .build());
    assertThat(request.getState()).isEqualTo(TransitionRequestState.TRANSITION_REQUEST_STATE_OPEN);
    String open = request.getTransitionRequestId();
    var gone =
        stub.deleteModelVersion(
            DeleteModelVersionRequest.newBuilder()
                .setName("digits")
                .setVersion(version.getVersion())
                .setForce(true)
                .build());
    assertThat(gone).isNotNull();

    List<String> told = new ArrayList<>();
    List<String> ids = new ArrayList<>();
    List<String> states = new ArrayList<>();
    for (Received received : receiver.next(5)) {
      JsonNode body = JSON.readTree(received.body());
      told.add(received.path() + " " + body.path("type").asText());
      assertThat(body.path("data").path("version").asText()).isEqualTo("1");
      JsonNode requests = body.path("data").path("requests");
      if (received.path().equals("/requests")) {
        assertThat(requests).hasSize(1);
        ids.add(requests.path(0).path("transition_request_id").asText());
        states.add(requests.path(0).path("state").asText());
      } else {
        assertThat(requests.isMissingNode()).isTrue();
      }
    }
    assertThat(ids).containsExactlyInAnyOrder(executed, executed, open, open);
    assertThat(states).containsExactlyInAnyOrder("OPEN", "EXECUTED", "OPEN", "OPEN");
    assertThat(told)
        .containsExactlyInAnyOrder(
            "/requests transition_request.created",
            "/requests transition_request.updated",
            "/requests transition_request.created",
            "/requests transition_request.deleted",
            "/both model_version_stage.updated");
  }

  @Test
  void disabled_missesEvents_andEnabledHearsOfThoseAfter() throws Exception {
    Webhook webhook = create(hook("chat", MODEL));
    update(webhook, "state", b -> b.setState(WebhookState.WEBHOOK_STATE_DISABLED));
    model("missed");
    update(webhook, "state", b -> b.setState(WebhookState.WEBHOOK_STATE_ACTIVE));
    model("heard");

    assertThat(JSON.readTree(receiver.next().body()).path("data").path("name").asText())
        .isEqualTo("heard");
  }

  @Test
  void secret_isShownOnceAndNeverAgain_andCanBeChanged() throws Exception {
    CreateWebhookRequest request =
        CreateWebhookRequest.newBuilder()
            .setWebhook(hook("chat", MODEL))
            .setRequestId("once")
            .build();
    Webhook webhook = stub.createWebhook(request);
    assertThat(webhook.getSecret()).startsWith("whsec_");

    Webhook bare = webhook.toBuilder().clearSecret().build();
    assertThat(stub.createWebhook(request)).isEqualTo(bare);
    assertThat(stub.getWebhook(get(webhook))).isEqualTo(bare);
    assertThat(stub.listWebhooks(ListWebhooksRequest.getDefaultInstance()).getWebhooksList())
        .containsExactly(bare);
    String secret = "whsec_" + Base64.getEncoder().encodeToString(new byte[24]);
    assertThat(update(webhook, "secret", b -> b.setSecret(secret)).getSecret()).isEmpty();
    assertThat(
            stub.listActivities(ListActivitiesRequest.getDefaultInstance()).toString()
                + stub.createWebhook(
                    CreateWebhookRequest.newBuilder()
                        .setWebhook(hook("own", MODEL).setSecret(secret))
                        .build()))
        .doesNotContain(secret.substring(6))
        .doesNotContain(webhook.getSecret().substring(6));
    model("digits");
    List<Received> both = receiver.next(2);
    for (Received received : both) {
      assertThat(received.headers())
          .containsEntry("webhook-signature", "v1," + hmac(secret, received));
    }
  }

  @Test
  void whatIsWrong_isSaidAllAtOnce() {
    assertInvalid(
        () ->
            create(
                Webhook.newBuilder()
                    .setName(" ")
                    .setDescription("x".repeat(2001))
                    .setUrl("ftp://example.com")
                    .addEvents(MODEL.toBuilder().setAction(Action.ACTION_SET))
                    .addEvents(WebhookEvent.getDefaultInstance())
                    .addModelNames("a/b")
                    .addModelNames("twice")
                    .addModelNames("twice")
                    .setSecret("short")
                    .setFormatValue(9)
                    .setStateValue(9)
                    .setTimeout(Duration.newBuilder().setSeconds(31))
                    .setMaxAttempts(21)),
        "webhook.name",
        "webhook.description",
        "webhook.url",
        "webhook.events[0].action",
        "webhook.events[1].entity",
        "webhook.model_names[0]",
        "webhook.model_names[2]",
        "webhook.format",
        "webhook.secret",
        "webhook.state",
        "webhook.timeout",
        "webhook.max_attempts");
    assertInvalid(
        () -> create(Webhook.newBuilder()), "webhook.name", "webhook.url", "webhook.events");
    Webhook webhook = create(hook("chat", MODEL));
    assertInvalid(() -> update(webhook, "secret", b -> {}), "webhook.secret");
    assertInvalid(() -> update(webhook, "secret", b -> b.setSecret("any text")), "webhook.secret");
    assertInvalid(() -> update(webhook, "format", b -> {}), "update_mask.paths[0]");
    assertInvalid(() -> update(webhook, "state", b -> b.clearState()), "webhook.state");
    assertInvalid(() -> update(webhook, "create_time", b -> {}), "update_mask.paths[0]");
    assertInvalid(
        () -> stub.getWebhook(GetWebhookRequest.newBuilder().setWebhookId("X").build()),
        "webhook_id");
    assertFails(
        () -> stub.getWebhook(GetWebhookRequest.newBuilder().setWebhookId("0".repeat(32)).build()),
        Status.Code.NOT_FOUND,
        "WEBHOOK_NOT_FOUND");
    assertFails(() -> create(hook("chat", MODEL)), Status.Code.ALREADY_EXISTS, "WEBHOOK_EXISTS");
  }

  @Test
  void rolesAreNeeded_toChangeAndToTest_notToRead() {
    Webhook webhook = create(hook("chat", MODEL));
    assertThat(anyone.getWebhook(get(webhook)).getName()).isEqualTo("chat");
    assertDenied(
        () ->
            anyone.createWebhook(
                CreateWebhookRequest.newBuilder().setWebhook(hook("b", MODEL)).build()));
    assertDenied(
        () -> anyone.updateWebhook(UpdateWebhookRequest.newBuilder().setWebhook(webhook).build()));
    assertDenied(
        () ->
            anyone.deleteWebhook(
                DeleteWebhookRequest.newBuilder().setWebhookId(webhook.getWebhookId()).build()));
    assertDenied(
        () ->
            anyone.testWebhook(
                TestWebhookRequest.newBuilder().setWebhookId(webhook.getWebhookId()).build()));
    assertDenied(
        () ->
            anyone.redeliverWebhook(
                RedeliverWebhookRequest.newBuilder().setWebhookId(webhook.getWebhookId()).build()));
    assertThat(receiver.waiting()).isZero();
  }

  private static void assertDenied(ThrowingCallable call) {
    assertFails(call, Status.Code.PERMISSION_DENIED, "ROLE_REQUIRED");
  }

  /** Computes what the sender should have, from nothing but the request and the secret. */
  private static String hmac(String secret, Received request) throws Exception {
    byte[] key = Base64.getDecoder().decode(secret.substring("whsec_".length()));
    return hmac(key, request, "webhook-id", "webhook-timestamp");
  }

  private static String hmac(byte[] key, Received request, String id, String timestamp)
      throws Exception {
    Mac mac = Mac.getInstance("HmacSHA256");
    mac.init(new SecretKeySpec(key, "HmacSHA256"));
    String signed =
        request.headers().get(id) + "." + request.headers().get(timestamp) + "." + request.body();
    return Base64.getEncoder().encodeToString(mac.doFinal(signed.getBytes(StandardCharsets.UTF_8)));
  }

  /** Waits until a webhook has nothing more to send, and returns its deliveries. */
  private List<WebhookDelivery> deliveredUpTo(Webhook webhook, long revision) throws Exception {
    long deadline = System.nanoTime() + java.time.Duration.ofMinutes(10).toNanos();
    while (stub.getWebhook(get(webhook)).getDeliveredRevision() < revision) {
      assertThat(System.nanoTime()).as("it takes too long").isLessThan(deadline);
      Thread.sleep(20);
    }
    return deliveries(webhook);
  }

  private List<WebhookDelivery> deliveries(Webhook webhook) {
    return stub.listWebhookDeliveries(
            ListWebhookDeliveriesRequest.newBuilder().setWebhookId(webhook.getWebhookId()).build())
        .getDeliveriesList();
  }

  /** Returns a webhook with the longest timeout: what is slow here is no failed attempt. */
  private Webhook.Builder hook(String name, WebhookEvent... events) {
    return Webhook.newBuilder()
        .setName(name)
        .setUrl(receiver.url("/" + name))
        .setTimeout(Duration.newBuilder().setSeconds(30))
        .addAllEvents(List.of(events));
  }

  private Webhook create(Webhook.Builder webhook) {
    return stub.createWebhook(CreateWebhookRequest.newBuilder().setWebhook(webhook).build());
  }

  private Webhook update(Webhook webhook, String path, Consumer<Webhook.Builder> change) {
    Webhook.Builder changed = webhook.toBuilder().clearSecret();
    change.accept(changed);
    return stub.updateWebhook(
        UpdateWebhookRequest.newBuilder()
            .setWebhook(changed)
            .setUpdateMask(FieldMask.newBuilder().addPaths(path))
            .build());
  }

  private static GetWebhookRequest get(Webhook webhook) {
    return GetWebhookRequest.newBuilder().setWebhookId(webhook.getWebhookId()).build();
  }

  private void model(String name) {
    var unused =
        stub.createRegisteredModel(
            CreateRegisteredModelRequest.newBuilder()
                .setName(name)
                .putTags("team", "vision")
                .build());
  }

  private ModelVersion version(String name) {
    return stub.createModelVersion(
        CreateModelVersionRequest.newBuilder()
            .setName(name)
            .setSource("s3://elsewhere/model")
            .setAllowMissingModelFile(true)
            .build());
  }

  private void tag(String name, String key, String text) {
    var unused =
        stub.setRegisteredModelTags(
            SetRegisteredModelTagsRequest.newBuilder().setName(name).putTags(key, text).build());
  }
}
