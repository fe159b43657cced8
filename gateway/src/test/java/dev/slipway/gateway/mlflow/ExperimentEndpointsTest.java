package dev.slipway.gateway.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class ExperimentEndpointsTest {
  @RegisterExtension static final GatewayExtension gateway = new GatewayExtension();

  private final String name = "e " + UUID.randomUUID();

  private String create() {
    return gateway
        .post("experiments/create", "{\"name\":\"" + name + "\"}")
        .body()
        .get("experiment_id")
        .textValue();
  }

  private JsonNode get(String id) {
    return gateway.get("experiments/get?experiment_id=" + id).body().get("experiment");
  }

  private static String id(String id) {
    return "{\"experiment_id\":\"" + id + "\"}";
  }

  @Test
  void create_answersTheIdAlone_andGetTheExperiment() {
    Reply created =
        gateway.post(
            "experiments/create",
            "{\"name\":\"" + name + "\",\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}");

    assertThat(created.status()).isEqualTo(200);
    assertThat(created.body().size()).isEqualTo(1);
    JsonNode experiment = get(created.body().get("experiment_id").textValue());
    assertThat(experiment.get("name").textValue()).isEqualTo(name);
    assertThat(experiment.get("lifecycle_stage").textValue()).isEqualTo("active");
    assertThat(experiment.get("artifact_location").textValue()).startsWith("mlflow-artifacts:/");
    assertThat(experiment.get("creation_time").isIntegralNumber()).isTrue();
    assertThat(experiment.at("/tags/0/value").textValue()).isEqualTo("v");
  }

  @Test
  void create_takenName_isAlreadyExistsWith400_evenByADeletedOne() {
    gateway.post("experiments/delete", id(create()));

    Reply reply = gateway.post("experiments/create", "{\"name\":\"" + name + "\"}");

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("RESOURCE_ALREADY_EXISTS");
    assertThat(reply.message()).contains(name);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}|Missing value for required parameter 'name'.",
        "{\"name\":\"\"}|Missing value for required parameter 'name'.",
        "{\"name\":null}|Missing value for required parameter 'name'.",
        "{\"name\":5}|Invalid value 5 for parameter 'name' supplied",
        "{\"name\":\"t\",\"tags\":{}}|Invalid value {} for parameter 'tags' supplied",
        "{\"name\":\"t\",\"tags\":[7]}|Invalid value 7 for parameter 'tags[0]' supplied",
        "{\"name\":\"t\",\"tags\":[{\"value\":\"v\"}]}|parameter 'tags[0].key'.",
        "{\"name\":\"t\",\"artifact_location\":\"runs:/x\"}|Invalid value \"runs:/x\" for"
            + " parameter",
      })
  void create_badValue_isRefused(String body, String fragment) {
    Reply reply = gateway.post("experiments/create", body);

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void create_longName_namesTheLimit() {
    Reply reply = gateway.post("experiments/create", "{\"name\":\"" + "x".repeat(501) + "\"}");

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.message()).contains("'name' exceeds the maximum length of 500 characters");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "experiments/get?experiment_id=999999",
        "experiments/get-by-name?experiment_name=nobody"
      })
  void get_unknown_is404(String endpoint) {
    Reply reply = gateway.get(endpoint);

    assertThat(reply.status()).isEqualTo(404);
    assertThat(reply.error()).isEqualTo("RESOURCE_DOES_NOT_EXIST");
  }

  @ParameterizedTest
  @CsvSource({
    "experiments/get,experiment_id",
    "experiments/get?experiment_id=,experiment_id",
    "experiments/get-by-name?x=y,experiment_name"
  })
  void get_withoutKey_isRefused(String endpoint, String field) {
    Reply reply = gateway.get(endpoint);

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.message()).isEqualTo("Missing value for required parameter '" + field + "'.");
  }

  @Test
  void get_idThatIsNoNumber_isRefused() {
    assertThat(gateway.get("experiments/get?experiment_id=abc").error())
        .isEqualTo("INVALID_PARAMETER_VALUE");
  }

  @Test
  void getByName_decodesTheQuery_andFindsDeletedOnes() {
    String id = create();
    gateway.post("experiments/delete", id(id));

    Reply reply = gateway.get("experiments/get-by-name?experiment_name=" + name.replace(" ", "+"));

    assertThat(reply.body().at("/experiment/experiment_id").textValue()).isEqualTo(id);
    assertThat(reply.body().at("/experiment/lifecycle_stage").textValue()).isEqualTo("deleted");
  }

  @Test
  void get_withoutQuery_readsTheBody() {
    String id = create();

    Reply reply = gateway.call("GET", "experiments/get", id(id));

    assertThat(reply.body().at("/experiment/name").textValue()).isEqualTo(name);
  }

  @Test
  void search_filtersAndPages_byPostAndGet() {
    String id = create();
    String filter = "name = '" + name + "'";

    Reply found = gateway.post("experiments/search", "{\"filter\":\"" + filter + "\"}");
    Reply first =
        gateway.get("experiments/search?max_results=1&order_by=name+DESC&order_by=experiment_id");
    String token = first.body().get("next_page_token").textValue();
    Reply second =
        gateway.get(
            "experiments/search?max_results=1&order_by=name+DESC&order_by=experiment_id&page_token="
                + token);

    assertThat(found.body().at("/experiments/0/experiment_id").textValue()).isEqualTo(id);
    assertThat(found.body().has("next_page_token")).isFalse();
    assertThat(first.body().get("experiments")).hasSize(1);
    assertThat(second.body().at("/experiments/0/name"))
        .isNotEqualTo(first.body().at("/experiments/0/name"));
  }

  @Test
  void search_nothingFound_isAnEmptyObject() {
    Reply reply = gateway.post("experiments/search", "{\"filter\":\"name = 'nobody'\"}");

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.text()).isEqualTo("{}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{\"filter\":\"name ~ 'x'\"}|Invalid clause(s) in filter string",
        "{\"filter\":\"metrics.a > 1\"}|Invalid entity type",
        "{\"filter\":\"colour = 'x'\"}|Invalid attribute key",
        "{\"filter\":\"name > 'x'\"}|Invalid comparator",
        "{\"max_results\":0}|Invalid value 0 for parameter 'max_results' supplied",
        "{\"max_results\":50001}|Invalid value 50001 for parameter 'max_results' supplied",
        "{\"view_type\":\"SOME\"}|Invalid value \"SOME\" for parameter 'view_type' supplied",
        "{\"page_token\":\"forged\"}|Invalid value \"forged\" for parameter 'page_token' supplied",
        "{\"order_by\":\"name\"}|Invalid value \"name\" for parameter 'order_by' supplied",
      })
  void search_badValue_isRefused(String body, String fragment) {
    Reply reply = gateway.post("experiments/search", body);

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void update_renames() {
    String id = create();

    Reply reply =
        gateway.post(
            "experiments/update",
            "{\"experiment_id\":\"" + id + "\",\"new_name\":\"" + name + "2\"}");

    assertThat(reply.text()).isEqualTo("{}");
    assertThat(get(id).get("name").textValue()).isEqualTo(name + "2");
  }

  @Test
  void update_refusals() {
    String id = create();
    String request = "{\"experiment_id\":\"" + id + "\",\"new_name\":\"%s\"}";

    Reply missing = gateway.post("experiments/update", id(id));
    Reply taken = gateway.post("experiments/update", request.formatted("Default"));
    gateway.post("experiments/delete", id(id));
    Reply deleted = gateway.post("experiments/update", request.formatted(name + "3"));

    assertThat(missing.message()).isEqualTo("Missing value for required parameter 'new_name'.");
    assertThat(taken.status()).isEqualTo(400);
    assertThat(taken.error()).isEqualTo("RESOURCE_ALREADY_EXISTS");
    assertThat(deleted.status()).isEqualTo(400);
    assertThat(deleted.message()).contains("must be in the 'active' state");
  }

  @Test
  void deleteAndRestore_carryTheRunsAlong_andTheSecondTimeIs404() {
    String id = create();
    String run = gateway.run(id);

    Reply deleted = gateway.post("experiments/delete", id(id));
    Reply deletedAgain = gateway.post("experiments/delete", id(id));
    JsonNode runThen = gateway.get("runs/get?run_id=" + run).body();
    Reply restored = gateway.post("experiments/restore", id(id));
    Reply restoredAgain = gateway.post("experiments/restore", id(id));

    assertThat(deleted.text()).isEqualTo("{}");
    assertThat(deletedAgain.status()).isEqualTo(404);
    assertThat(deletedAgain.error()).isEqualTo("RESOURCE_DOES_NOT_EXIST");
    assertThat(runThen.at("/run/info/lifecycle_stage").textValue()).isEqualTo("deleted");
    assertThat(restored.text()).isEqualTo("{}");
    assertThat(restoredAgain.status()).isEqualTo(404);
    assertThat(
            gateway
                .get("runs/get?run_id=" + run)
                .body()
                .at("/run/info/lifecycle_stage")
                .textValue())
        .isEqualTo("active");
  }

  @Test
  void tags_areSetAndDeleted() {
    String id = create();
    String tag = "{\"experiment_id\":\"" + id + "\",\"key\":\"team\",\"value\":\"vision\"}";

    Reply set = gateway.post("experiments/set-experiment-tag", tag);
    JsonNode then = get(id);
    Reply deleted = gateway.post("experiments/delete-experiment-tag", tag);
    Reply deletedAgain = gateway.post("experiments/delete-experiment-tag", tag);

    assertThat(set.text()).isEqualTo("{}");
    assertThat(then.at("/tags/0/key").textValue()).isEqualTo("team");
    assertThat(deleted.text()).isEqualTo("{}");
    assertThat(get(id).has("tags")).isFalse();
    assertThat(deletedAgain.status()).isEqualTo(404);
    assertThat(deletedAgain.message()).contains("No tag with name: team");
  }

  @Test
  void setTag_refusals() {
    String id = create();
    String tag = "{\"experiment_id\":\"" + id + "\",\"key\":\"%s\",\"value\":\"%s\"}";

    assertThat(gateway.post("experiments/set-experiment-tag", id(id)).message())
        .isEqualTo("Missing value for required parameter 'key'.");
    assertThat(
            gateway
                .post("experiments/set-experiment-tag", tag.formatted("k", "x".repeat(5001)))
                .message())
        .contains("'value' exceeds the maximum length of 5000 characters");
    assertThat(gateway.post("experiments/set-experiment-tag", tag.formatted("a//b", "v")).message())
        .contains("Invalid value \"a//b\" for parameter 'key' supplied");
    gateway.post("experiments/delete", id(id));
    Reply deleted = gateway.post("experiments/set-experiment-tag", tag.formatted("k", "v"));
    assertThat(deleted.status()).isEqualTo(400);
    assertThat(deleted.error()).isEqualTo("INVALID_PARAMETER_VALUE");
  }
}
