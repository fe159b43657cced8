package dev.slipway.gateway.inference;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import dev.slipway.gateway.ServedModels;
import java.net.http.HttpRequest;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class InferenceGroupTest {
  @RegisterExtension static final GatewayExtension gateway = new GatewayExtension();

  private static String model;

  @BeforeAll
  static void serve() {
    model = ServedModels.serve(gateway, "mlp");
  }

  private static Reply get(String path) {
    return gateway.send(HttpRequest.newBuilder(gateway.uri(path)));
  }

  private static Reply post(String path, String json) {
    return Bodies.json(gateway, path, json);
  }

  @Test
  void server_saysWhatItIs() {
    JsonNode server = get("/v2").body();

    assertThat(server.get("name").textValue()).isEqualTo("slipway");
    assertThat(server.get("version").textValue()).isNotEmpty();
    assertThat(server.get("extensions").toString())
        .contains("\"binary_tensor_data\"", "\"model_repository\"", "\"statistics\"");
  }

  @Test
  void health() {
    assertThat(get("/v2/health/live").text()).isEqualTo("{\"live\":true}");
    assertThat(get("/v2/health/ready").body().has("ready")).isTrue();
    assertThat(get("/v2/models/" + model + "/ready").text())
        .isEqualTo("{\"name\":\"" + model + "\",\"ready\":true}");
  }

  @Test
  void modelThatIsNotReady_is503_andOneThatIsNotThere404() {
    Reply resting = get("/v2/models/" + model + "/versions/Staging/ready");
    Reply nobody = get("/v2/models/nobody/ready");

    assertThat(resting.status()).isEqualTo(503);
    assertThat(resting.body().get("ready").booleanValue()).isFalse();
    assertThat(nobody.status()).isEqualTo(404);
    assertThat(nobody.body().get("error").textValue()).contains("nobody");
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "/versions/1", "/versions/Production"})
  void metadata(String version) {
    JsonNode metadata = get("/v2/models/" + model + version).body();

    assertThat(metadata.toString())
        .isEqualTo(
            ("{'name':'"
                    + model
                    + "','versions':['1'],'platform':'onnxruntime_onnx',"
                    + "'inputs':[{'name':'x','datatype':'FP32','shape':[-1,4]}],"
                    + "'outputs':[{'name':'probabilities','datatype':'FP32','shape':[-1,3]}]}")
                .replace('\'', '"'));
  }

  @Test
  void config_hasNumbersWhereTritonHasThem() {
    JsonNode config = get("/v2/models/" + model + "/config").body();

    assertThat(config.get("name").textValue()).isEqualTo(model);
    assertThat(config.get("max_batch_size").intValue()).isPositive();
    assertThat(config.at("/input/0/data_type").textValue()).isEqualTo("TYPE_FP32");
    assertThat(config.at("/input/0/dims").toString()).isEqualTo("[4]");
    assertThat(config.at("/version_policy/specific/versions").toString()).isEqualTo("[1]");
    assertThat(config.at("/parameters/slipway_version/string_value").textValue()).isEqualTo("1");
    assertThat(config.has("ensemble_scheduling")).isFalse();
  }

  @Test
  void statistics_countRequests() {
    long before = requests("/v2/models/" + model + "/stats");

    post(
        Bodies.path(model),
        "{'inputs':[{'name':'x','shape':[1,4],'datatype':'FP32','data':[1,2,3,4]}]}");

    assertThat(requests("/v2/models/" + model + "/versions/1/stats")).isEqualTo(before + 1);
    assertThat(get("/v2/models/stats").body().get("model_stats")).isNotEmpty();
  }

  private static long requests(String path) {
    JsonNode figures = get(path).body().at("/model_stats/0");
    assertThat(figures.get("name").textValue()).isEqualTo(model);
    assertThat(figures.at("/inference_stats/success/ns").isIntegralNumber()).isTrue();
    return figures.at("/inference_stats/success/count").longValue();
  }

  @Test
  void repository_isListed() {
    JsonNode all = post("/v2/repository/index", "").body();
    JsonNode ready = post("/v2/repository/index", "{'ready':true}").body();

    assertThat(all.isArray()).isTrue();
    assertThat(ready.toString())
        .contains(
            ("{'name':'" + model + "','version':'1','state':'READY','reason':''}")
                .replace('\'', '"'));
    assertThat(get("/v2/models").body().get("models").toString()).contains(model);
    assertThat(post("/v2/repository/index", "{'ready':1}").status()).isEqualTo(400);
    assertThat(post("/v2/repository/index", "[]").status()).isEqualTo(400);
    assertThat(post("/v2/repository/index", "{").status()).isEqualTo(400);
  }

  @Test
  void model_isUnloadedAndLoaded() {
    String other = ServedModels.serve(gateway, "mlp");
    String repository = "/v2/repository/models/" + other;

    Reply unloaded = post(repository + "/unload", "{'parameters':{'unload_dependents':false}}");
    Reply loaded = post(repository + "/load", "");

    assertThat(unloaded.status()).isEqualTo(200);
    assertThat(unloaded.text()).isEmpty();
    assertThat(loaded.status()).isEqualTo(200);
    assertThat(get("/v2/models/" + other + "/ready").status()).isEqualTo(200);
    assertThat(post(repository + "/load", "{'parameters':{'version':'1'}}").status())
        .isEqualTo(200);
    assertThat(post("/v2/repository/models/nobody/load", "").status()).isEqualTo(404);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = ';',
      value = {
        "{'parameters':{'config':'{}'}}; parameters[config]",
        "{'parameters':{'version':[]}}; parameters[version]",
        "{'parameters':5}; parameters"
      })
  void load_parameterThatCannotBeTaken_isRefused(String json, String field) {
    Reply reply = post("/v2/repository/models/" + model + "/load", json);

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.body().get("error").textValue()).contains(field);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/v2/trace/setting",
        "/v2/models/m/trace/setting",
        "/v2/logging",
        "/v2/systemsharedmemory/status",
        "/v2/cudasharedmemory/region/r/status"
      })
  void whatTheServerLacks_is501(String path) {
    assertThat(get(path).status()).isEqualTo(501);
    assertThat(post(path, "{}").status()).isEqualTo(501);
  }

  @Test
  void generation_is501() {
    assertThat(post("/v2/models/" + model + "/generate", "{}").body().get("error").textValue())
        .contains("generation");
  }

  @Test
  void pathOrMethodThatIsNone_isRefusedInTheProtocolsWords() {
    assertThat(get("/v2/nope").status()).isEqualTo(404);
    assertThat(get("/v2/nope").body().get("error").textValue()).isNotEmpty();
    assertThat(get(Bodies.path(model)).status()).isEqualTo(405);
    assertThat(get(Bodies.path(model)).body().get("error").textValue()).isNotEmpty();
    assertThat(get("/v20").body().has("error_code")).isTrue();
  }
}
