package dev.slipway.gateway.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RunInputEndpointsTest {
  @RegisterExtension static final GatewayExtension gateway = new GatewayExtension();

  private static final ObjectMapper JSON = new ObjectMapper();

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

  private JsonNode run() {
    return gateway.get("runs/get?run_id=" + run).body().get("run");
  }

  private Reply logDataset(String name, String more) {
    return gateway.post(
        "runs/log-inputs",
        json(
            "{'run_id':'%s','datasets':[{'tags':[{'key':'mlflow.data.context','value':'train'}],'dataset':{'name':'%s','digest':'d1','source_type':'local','source':'{}'%s}}]}"
                .formatted(run, name, more)));
  }

  private String model() {
    return gateway
        .post("logged-models", json("{'experiment_id':'" + experiment + "'}"))
        .body()
        .at("/model/info/model_id")
        .textValue();
  }

  @Test
  void dataset_isReadBack_andASecondLogChangesNothing() {
    assertThat(logDataset("iris", ",'schema':'{}'").text()).isEqualTo("{}");
    assertThat(logDataset("iris", ",'schema':'other'").status()).isEqualTo(200);

    assertThat(run().at("/inputs/dataset_inputs"))
        .hasToString(
            json(
                "[{'tags':[{'key':'mlflow.data.context','value':'train'}],'dataset':{'name':'iris','digest':'d1','source_type':'local','source':'{}','schema':'{}'}}]"));
  }

  @Test
  void largeProfiles_comeWhole() {
    String profile = "p".repeat(600_000);
    for (String name : List.of("one", "two", "three")) {
      assertThat(logDataset(name, ",'profile':'" + profile + "'").status()).isEqualTo(200);
    }

    assertThat(run().at("/inputs/dataset_inputs").findValuesAsText("profile"))
        .containsExactly(profile, profile, profile);
  }

  @Test
  void models_becomeInputsAndOutputs() {
    String in = model();
    String out = model();

    Reply inputs =
        gateway.post(
            "runs/log-inputs",
            json("{'runId':'%s','models':[{'modelId':'%s'}]}".formatted(run, in)));
    Reply outputs =
        gateway.post(
            "runs/outputs",
            json("{'run_id':'%s','models':[{'model_id':'%s','step':'3'}]}".formatted(run, out)));

    assertThat(inputs.text()).isEqualTo("{}");
    assertThat(outputs.text()).isEqualTo("{}");
    assertThat(run().at("/inputs/model_inputs")).hasToString(json("[{'model_id':'" + in + "'}]"));
    assertThat(run().at("/outputs/model_outputs"))
        .hasToString(json("[{'model_id':'" + out + "','step':3}]"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "'datasets':[{}]|Missing value for required parameter 'datasets[0].dataset'",
        "'datasets':[{'dataset':5}]|Invalid value 5 for parameter 'datasets[0].dataset' supplied",
        "'datasets':[{'dataset':{}}]|Missing value for required parameter"
            + " 'datasets[0].dataset.name'",
        "'datasets':5|Invalid value 5 for parameter 'datasets' supplied",
      })
  void logInputs_badValue_isRefused(String fields, String fragment) {
    Reply reply = gateway.post("runs/log-inputs", json("{'run_id':'" + run + "'," + fields + "}"));

    assertThat(reply.status()).as(reply.text()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void unknownRunOrModel_is404_andNoModelsAreRefused() {
    Reply noRun = gateway.post("runs/log-inputs", json("{'run_id':'nobody'}"));
    Reply noModel =
        gateway.post(
            "runs/outputs",
            json("{'run_id':'%s','models':[{'model_id':'m-%s'}]}".formatted(run, "0".repeat(32))));
    Reply none = gateway.post("runs/outputs", json("{'run_id':'" + run + "'}"));

    assertThat(noRun.status()).isEqualTo(404);
    assertThat(noModel.status()).isEqualTo(404);
    assertThat(none.status()).isEqualTo(400);
    assertThat(none.message()).contains("Missing value for required parameter 'models'");
  }

  @Test
  void searchDatasets_isForBrowsersOnly() {
    logDataset("iris", "");
    String body = json("{'experiment_ids':['" + experiment + "']}");

    Reply browser =
        gateway.send(
            HttpRequest.newBuilder(gateway.uri("/ajax-api/2.0/mlflow/experiments/search-datasets"))
                .header("Content-Type", "application/json")
                .POST(BodyPublishers.ofString(body)));

    assertThat(browser.text())
        .isEqualTo(
            json(
                "{'dataset_summaries':[{'experiment_id':'%s','name':'iris','digest':'d1','context':'train'}]}"
                    .formatted(experiment)));
    assertThat(gateway.post("experiments/search-datasets", body).status()).isEqualTo(404);
  }

  private String modelInfo(String path) {
    return json(
        "{'run_id':'%s','artifact_path':'%s','utc_time_created':'2026-01-01 00:00:00','model_uuid':'u','extra':1,'flavors':{'python_function':{'config':{'a':1},'loader_module':'m'}}}"
            .formatted(run, path));
  }

  private Reply logModel(String modelJson) {
    return gateway.post(
        "runs/log-model",
        JSON.createObjectNode().put("run_id", run).put("model_json", modelJson).toString());
  }

  private JsonNode history() throws Exception {
    for (JsonNode tag : run().at("/data/tags")) {
      if (tag.get("key").textValue().equals("mlflow.log-model.history")) {
        return JSON.readTree(tag.get("value").textValue());
      }
    }
    return JSON.createArrayNode();
  }

  @Test
  void logModel_appendsToTheHistory_withoutConfigs() throws Exception {
    assertThat(logModel(modelInfo("one")).text()).isEqualTo("{}");
    assertThat(logModel(modelInfo("two")).status()).isEqualTo(200);

    assertThat(history()).hasSize(2);
    assertThat(history().get(0))
        .isEqualTo(
            JSON.readTree(
                json(
                    "{'run_id':'%s','artifact_path':'one','utc_time_created':'2026-01-01 00:00:00','model_uuid':'u','flavors':{'python_function':{'loader_module':'m'}}}"
                        .formatted(run))));
    assertThat(history().at("/1/artifact_path").textValue()).isEqualTo("two");
  }

  @Test
  void logModel_sideBySide_losesNothing() throws Exception {
    List<CompletableFuture<Reply>> running = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      String info = modelInfo("model-" + i);
      running.add(CompletableFuture.supplyAsync(() -> logModel(info)));
    }

    for (CompletableFuture<Reply> one : running) {
      assertThat(one.get().status()).isEqualTo(200);
    }

    assertThat(history()).hasSize(8);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      value = {
        "{|Malformed model info",
        "[]|Malformed model info",
        "{'run_id':'x'}|missing mandatory fields: [artifact_path, utc_time_created, flavors]",
        "{'run_id':'x','artifact_path':'a','utc_time_created':'b','flavors':1}|Malformed model"
            + " info",
      })
  void logModel_badJson_isRefused(String modelJson, String fragment) {
    Reply reply = logModel(json(modelJson));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void logModel_withoutRoomOrWithoutList_isRefused_andTheTagStays() throws Exception {
    logModel(modelInfo("x".repeat(7_000)));
    Reply full = logModel(modelInfo("y".repeat(1_000)));
    assertThat(history()).hasSize(1);

    gateway.post(
        "runs/set-tag",
        json("{'run_id':'" + run + "','key':'mlflow.log-model.history','value':'{}'}"));
    Reply noList = logModel(modelInfo("z"));

    assertThat(full.status()).isEqualTo(400);
    assertThat(full.message()).contains("has no room");
    assertThat(noList.status()).isEqualTo(400);
    assertThat(noList.message()).contains("is no JSON list");
  }
}
