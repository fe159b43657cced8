package dev.slipway.gateway.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class LoggedModelEndpointsTest {
  @RegisterExtension static final GatewayExtension gateway = new GatewayExtension();

  private static final String NOBODY = "m-" + "0".repeat(32);

  private String experiment;
  private String run;

  @BeforeEach
  void createRun() {
    experiment = gateway.experiment();
    run = gateway.run(experiment);
  }

  private static String json(String singleQuoted) {
    return singleQuoted.replace('\'', '"');
  }

  private JsonNode create(String fields) {
    Reply reply =
        gateway.post("logged-models", json("{'experiment_id':'" + experiment + "'" + fields + "}"));
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    return reply.body().get("model");
  }

  private String id(String fields) {
    return create(fields).at("/info/model_id").textValue();
  }

  private JsonNode model(String id) {
    return gateway.get("logged-models/" + id).body().get("model");
  }

  private Reply search(String fields) {
    return gateway.post(
        "logged-models/search", json("{'experiment_ids':['" + experiment + "']" + fields + "}"));
  }

  @Test
  void created_isPending_andReadBack() {
    JsonNode created =
        create(
            ",'name':'net','model_type':'classifier','source_run_id':'"
                + run
                + "','params':[{'key':'lr','value':'0.1'}],'tags':[{'key':'a','value':'b'}]");
    JsonNode info = created.get("info");
    String id = info.get("model_id").textValue();

    assertThat(id).matches("m-[0-9a-f]{32}");
    assertThat(info.get("experiment_id").textValue()).isEqualTo(experiment);
    assertThat(info.get("name").textValue()).isEqualTo("net");
    assertThat(info.get("model_type").textValue()).isEqualTo("classifier");
    assertThat(info.get("source_run_id").textValue()).isEqualTo(run);
    assertThat(info.get("status").textValue()).isEqualTo("LOGGED_MODEL_PENDING");
    assertThat(info.get("artifact_uri").textValue())
        .isEqualTo("mlflow-artifacts:/" + experiment + "/models/" + id + "/artifacts");
    assertThat(info.get("creation_timestamp_ms").isIntegralNumber()).isTrue();
    assertThat(info.get("last_updated_timestamp_ms").isIntegralNumber()).isTrue();
    assertThat(info.get("tags")).hasToString("[{\"key\":\"a\",\"value\":\"b\"}]");
    assertThat(created.at("/data/params")).hasToString("[{\"key\":\"lr\",\"value\":\"0.1\"}]");
    assertThat(created.get("data").has("metrics")).isFalse();
    assertThat(model(id)).isEqualTo(created);
  }

  @Test
  void createdWithoutName_getsOne() {
    assertThat(create("").at("/info/name").textValue()).isNotEmpty();
  }

  @ParameterizedTest
  @CsvSource({
    "LOGGED_MODEL_READY,LOGGED_MODEL_READY",
    "2,LOGGED_MODEL_READY",
    "LOGGED_MODEL_UPLOAD_FAILED,LOGGED_MODEL_UPLOAD_FAILED"
  })
  void finish_byNameOrNumber_withoutTheIdInTheBody(String status, String expected) {
    String id = id("");

    Reply reply = gateway.call("PATCH", "logged-models/" + id, json("{'status':'" + status + "'}"));

    assertThat(reply.body().at("/model/info/status").textValue()).isEqualTo(expected);
    assertThat(model(id).at("/info/status").textValue()).isEqualTo(expected);
  }

  @Test
  void finish_otherwiseThanBefore_orUnknown_isRefused() {
    String id = id("");
    String path = "logged-models/" + id;
    gateway.call("PATCH", path, "{\"status\":2}");

    Reply other = gateway.call("PATCH", path, "{\"status\":3}");
    Reply pending = gateway.call("PATCH", path, json("{'status':'LOGGED_MODEL_PENDING'}"));
    Reply unknown = gateway.call("PATCH", path, json("{'status':'READY'}"));
    Reply none = gateway.call("PATCH", path, "{}");

    assertThat(gateway.call("PATCH", path, "{\"status\":2}").status()).isEqualTo(200);
    for (Reply refused : new Reply[] {other, pending, unknown, none}) {
      assertThat(refused.status()).isEqualTo(400);
      assertThat(refused.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    }
    assertThat(unknown.message()).contains("Invalid value \"READY\" for parameter 'status'");
    assertThat(none.message()).contains("Missing value for required parameter 'status'");
  }

  @Test
  void delete_isRepeatable_andAllowDeletedShowsIt() {
    String path = "logged-models/" + id("");

    assertThat(gateway.call("DELETE", path, "{}").text()).isEqualTo("{}");
    assertThat(gateway.call("DELETE", path, "{}").status()).isEqualTo(200);

    assertThat(gateway.get(path).status()).isEqualTo(404);
    assertThat(gateway.get(path + "?allow_deleted=true").status()).isEqualTo(200);
  }

  @ParameterizedTest
  @CsvSource({
    "GET,''",
    "PATCH,''",
    "DELETE,''",
    "PATCH,/tags",
    "DELETE,/tags/a",
    "POST,/params",
  })
  void unknownModel_is404(String method, String below) {
    String body =
        json("{'status':2,'tags':[{'key':'a','value':'b'}],'params':[{'key':'a','value':'b'}]}");
    for (String id : new String[] {NOBODY, "nobody"}) {
      Reply reply =
          switch (method) {
            case "GET" -> gateway.get("logged-models/" + id);
            case "POST" -> gateway.post("logged-models/" + id + below, body);
            default -> gateway.call(method, "logged-models/" + id + below, body);
          };

      assertThat(reply.status()).isEqualTo(404);
      assertThat(reply.error()).isEqualTo("RESOURCE_DOES_NOT_EXIST");
      assertThat(reply.message()).isEqualTo("Logged model with ID '" + id + "' not found.");
    }
  }

  @Test
  void tags_areSetAndRemoved_slashesInKeysIncluded() {
    String id = id("");
    String tags = "logged-models/" + id + "/tags";
    gateway.call(
        "PATCH",
        tags,
        json("{'tags':[{'key':'a/b','value':'1'},{'key':'c+d','value':'2'}]}".replace('+', ' ')));

    assertThat(gateway.call("DELETE", tags + "/a%2Fb", "{}").text()).isEqualTo("{}");
    Reply again = gateway.call("DELETE", tags + "/a%2Fb", "{}");

    assertThat(model(id).at("/info/tags")).hasToString("[{\"key\":\"c d\",\"value\":\"2\"}]");
    assertThat(again.status()).isEqualTo(404);
    assertThat(again.message()).contains("No tag with name: a/b in logged model with id " + id);
  }

  @Test
  void registrations_areReadFromTheTagThatClientsWrite() {
    String id = id("");
    gateway.call(
        "PATCH",
        "logged-models/" + id + "/tags",
        "{\"tags\":[{\"key\":\"mlflow.modelVersions\","
            + "\"value\":\"[{\\\"name\\\":\\\"rm\\\",\\\"version\\\":3}]\"}]}");

    assertThat(model(id).at("/info/registrations"))
        .hasToString("[{\"name\":\"rm\",\"version\":\"3\"}]");
  }

  @Test
  void params_areWriteOnce() {
    String path = "logged-models/" + id("") + "/params";
    String first = json("{'params':[{'key':'k','value':'1'}]}");

    assertThat(gateway.post(path, first).text()).isEqualTo("{}");
    assertThat(gateway.post(path, first).status()).isEqualTo(200);
    Reply other = gateway.post(path, json("{'params':[{'key':'k','value':'2'}]}"));

    assertThat(other.status()).isEqualTo(400);
    assertThat(other.message()).startsWith("Changing param values is not allowed");
  }

  @Test
  void metricsOfAModel_comeWithDatasetAndRun() {
    String id = id("");
    gateway.post(
        "runs/log-batch",
        json(
            "{'run_id':'%s','metrics':[{'key':'acc','value':0.9,'timestamp':5,'step':1,'model_id':'%s','dataset_name':'d','dataset_digest':'x'}]}"
                .formatted(run, id)));

    JsonNode metric = model(id).at("/data/metrics/0");

    assertThat(metric.get("key").textValue()).isEqualTo("acc");
    assertThat(metric.get("value").doubleValue()).isEqualTo(0.9);
    assertThat(metric.get("timestamp").longValue()).isEqualTo(5);
    assertThat(metric.get("step").longValue()).isEqualTo(1);
    assertThat(metric.get("dataset_name").textValue()).isEqualTo("d");
    assertThat(metric.get("dataset_digest").textValue()).isEqualTo("x");
    assertThat(metric.get("run_id").textValue()).isEqualTo(run);
  }

  @Test
  void search_filtersOrdersAndPages() {
    for (String name : new String[] {"b", "a", "c"}) {
      create(",'name':'" + name + "'");
    }
    String order = ",'order_by':[{'field_name':'name','ascending':false}]";

    JsonNode down = search(order).body().get("models");
    Reply first = search(",'max_results':'2','order_by':[{'field_name':'name'}]");
    String token = first.body().get("next_page_token").textValue();
    Reply second =
        search(",'max_results':2,'order_by':[{'field_name':'name'}],'page_token':'" + token + "'");

    assertThat(down.findValuesAsText("name")).containsExactly("c", "b", "a");
    assertThat(first.body().get("models").findValuesAsText("name")).containsExactly("a", "b");
    assertThat(second.body().get("models").findValuesAsText("name")).containsExactly("c");
    assertThat(second.body().has("next_page_token")).isFalse();
  }

  @Test
  void search_byName_asClientsResolveRunsUris() {
    create(",'name':'model','source_run_id':'" + run + "'");
    create(",'name':'other'");

    JsonNode found =
        gateway
            .post(
                "logged-models/search",
                "{\"experiment_ids\":[\"" + experiment + "\"],\"filter\":\"name = 'model'\"}")
            .body()
            .get("models");

    assertThat(found).hasSize(1);
    assertThat(found.at("/0/info/source_run_id").textValue()).isEqualTo(run);
  }

  @Test
  void search_ofNoExperiments_orWithoutModels_isAnEmptyObject() {
    assertThat(gateway.post("logged-models/search", "{}").text()).isEqualTo("{}");
    assertThat(search("").text()).isEqualTo("{}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'filter':'colour = 1'|Invalid attribute key",
        "'max_results':-1|Invalid value -1 for parameter 'max_results' supplied",
        "'order_by':[{'ascending':true}]|Missing value for required parameter"
            + " 'order_by[0].field_name'",
        "'order_by':[{'field_name':'colour'}]|for parameter 'order_by[0].field_name' supplied",
        "'datasets':[{'dataset_digest':'x'}]|required parameter 'datasets[0].dataset_name'",
        "'page_token':'nonsense'|for parameter 'page_token' supplied",
      },
      quoteCharacter = '~')
  void search_badValue_isRefused(String fields, String fragment) {
    Reply reply = search("," + fields);

    assertThat(reply.status()).as(reply.text()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void create_badRequests() {
    Reply noExperiment = gateway.post("logged-models", "{}");
    Reply unknown = gateway.post("logged-models", json("{'experiment_id':'999999999'}"));
    Reply badName =
        gateway.post("logged-models", json("{'experiment_id':'" + experiment + "','name':'a/b'}"));

    assertThat(noExperiment.message())
        .isEqualTo("Missing value for required parameter 'experiment_id'.");
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(badName.status()).isEqualTo(400);
    assertThat(badName.message()).contains("Invalid value \"a/b\" for parameter 'name' supplied");
  }
}
