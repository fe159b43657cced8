package dev.slipway.gateway.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import dev.slipway.inference.GRPCInferenceServiceGrpc;
import dev.slipway.inference.InferTensorContents;
import dev.slipway.inference.ModelInferRequest;
import dev.slipway.inference.ModelInferRequest.InferInputTensor;
import dev.slipway.inference.ModelInferResponse;
import io.grpc.StatusRuntimeException;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.UUID;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RegistryEndpointsTest {
  @RegisterExtension static final GatewayExtension gateway = new GatewayExtension();

  private final String name = "m-" + UUID.randomUUID();

  @BeforeEach
  void createModelOfTwoVersions() {
    gateway.post("registered-models/create", about("'description':'d'"));
    gateway.post("model-versions/create", about("'source':'s3://bucket/1'"));
    gateway.post("model-versions/create", about("'source':'s3://bucket/2','run_link':''"));
  }

  /** Returns a body whose single quotes stand for double ones, about the model. */
  private String about(String fields) {
    return ("{'name':'" + name + "'," + fields + "}").replace('\'', '"');
  }

  private JsonNode model() {
    return gateway.get("registered-models/get?name=" + name).body().get("registered_model");
  }

  private JsonNode version(int version) {
    return gateway
        .get("model-versions/get?name=" + name + "&version=" + version)
        .body()
        .get("model_version");
  }

  @Test
  void createdModel_isReadBack_withItsLatestVersions() {
    JsonNode model = model();

    assertThat(model.get("name").textValue()).isEqualTo(name);
    assertThat(model.get("description").textValue()).isEqualTo("d");
    assertThat(model.get("creation_timestamp").isIntegralNumber()).isTrue();
    assertThat(model.at("/latest_versions/0/version").textValue()).isEqualTo("2");
    assertThat(model.has("aliases")).isFalse();
  }

  @Test
  void createdVersion_isReady_andItsNumberIsText() {
    JsonNode version = version(1);

    assertThat(version.get("version").textValue()).isEqualTo("1");
    assertThat(version.get("status").textValue()).isEqualTo("READY");
    assertThat(version.get("current_stage").textValue()).isEqualTo("None");
    assertThat(version.get("source").textValue()).isEqualTo("s3://bucket/1");
    assertThat(version.get("run_id").textValue()).isEmpty();
    assertThat(version.get("run_link").textValue()).isEmpty();
    assertThat(
            gateway
                .get("model-versions/get-download-uri?version=1&name=" + name)
                .body()
                .get("artifact_uri")
                .textValue())
        .isEqualTo("s3://bucket/1");
  }

  @Test
  void create_takenName_isAlreadyExistsWith400() {
    Reply reply = gateway.post("registered-models/create", about("'x':1"));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("RESOURCE_ALREADY_EXISTS");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "registered-models/get?name=nobody|Registered Model with name=nobody not found",
        "registered-models/alias?name=nobody&alias=a|Registered Model with name=nobody not found",
        "registered-models/get-latest-versions?name=nobody|with name=nobody not found",
        "model-versions/get?name=nobody&version=1|not found",
        "model-versions/get-download-uri?name=nobody&version=1|not found",
      })
  void get_unknown_is404(String endpoint, String fragment) {
    Reply reply = gateway.get(endpoint);

    assertThat(reply.status()).isEqualTo(404);
    assertThat(reply.error()).isEqualTo("RESOURCE_DOES_NOT_EXIST");
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void version_badNumbers() {
    Reply absent = gateway.get("model-versions/get?version=9&name=" + name);
    Reply text = gateway.get("model-versions/get?version=abc&name=" + name);
    Reply number = gateway.post("model-versions/set-tag", about("'version':1,'key':'k'"));
    Reply missing = gateway.get("model-versions/get?name=" + name);

    assertThat(absent.status()).isEqualTo(404);
    assertThat(absent.message())
        .isEqualTo("Model Version (name=" + name + ", version=9) not found");
    assertThat(text.message()).isEqualTo("Parameter 'version' must be an integer, got 'abc'");
    assertThat(number.message()).contains("Invalid value 1 for parameter 'version' supplied");
    assertThat(missing.message()).isEqualTo("Missing value for required parameter 'version'.");
  }

  @Test
  void transitionStage_archivesOnRequest_andNeverLeavesTwo() {
    String toProduction = "'version':'%s','stage':'production','archive_existing_versions':%s";

    Reply first =
        gateway.post("model-versions/transition-stage", about(toProduction.formatted(1, "false")));
    Reply second =
        gateway.post("model-versions/transition-stage", about(toProduction.formatted(2, "false")));
    Reply archiving =
        gateway.post("model-versions/transition-stage", about(toProduction.formatted(2, "'TRUE'")));

    assertThat(first.body().at("/model_version/current_stage").textValue()).isEqualTo("Production");
    assertThat(second.status()).isEqualTo(400);
    assertThat(archiving.body().at("/model_version/version").textValue()).isEqualTo("2");
    assertThat(version(1).get("current_stage").textValue()).isEqualTo("Archived");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'stage':'Prod'|Invalid Model Version stage: Prod",
        "'stage':'None','archive_existing_versions':true|parameter 'archive_existing_versions'",
        "'archive_existing_versions':true|Missing value for required parameter 'stage'.",
        "'stage':'Staging','archive_existing_versions':'x'|Invalid value \"x\" for parameter",
      },
      quoteCharacter = '`')
  void transitionStage_badValue_isRefused(String fields, String fragment) {
    Reply reply = gateway.post("model-versions/transition-stage", about("'version':'1'," + fields));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void latestVersions_byGetAndPost() {
    gateway.post("model-versions/transition-stage", about("'version':'1','stage':'Staging'"));

    Reply got = gateway.get("registered-models/get-latest-versions?stages=staging&name=" + name);
    Reply posted =
        gateway.post("registered-models/get-latest-versions", about("'stages':['Staging','None']"));

    assertThat(got.body().at("/model_versions/0/version").textValue()).isEqualTo("1");
    assertThat(got.body().get("model_versions")).hasSize(1);
    assertThat(posted.body().get("model_versions")).hasSize(2);
  }

  @Test
  void alias_isSetReadAndDeleted() {
    String alias = about("'alias':'champion','version':'2'");
    String query = "registered-models/alias?alias=champion&name=" + name;

    Reply set = gateway.post("registered-models/alias", alias);
    Reply got = gateway.get(query);
    JsonNode aliases = model().get("aliases");
    Reply deleted = gateway.call("DELETE", "registered-models/alias", alias);
    Reply again = gateway.call("DELETE", "registered-models/alias", alias);
    Reply gone = gateway.get(query);

    assertThat(set.text()).isEqualTo("{}");
    assertThat(got.body().at("/model_version/version").textValue()).isEqualTo("2");
    assertThat(aliases.toString()).isEqualTo("[{\"alias\":\"champion\",\"version\":\"2\"}]");
    assertThat(deleted.text()).isEqualTo("{}");
    assertThat(again.status()).isEqualTo(200);
    assertThat(gone.status()).isEqualTo(400);
    assertThat(gone.error()).isEqualTo("INVALID_PARAMETER_VALUE");
  }

  @Test
  void tags_areSetAndDeleted_absentOnesToo() {
    gateway.post("registered-models/set-tag", about("'key':'k','value':'v'"));
    gateway.post("model-versions/set-tag", about("'version':'1','key':'k','value':'w'"));

    assertThat(model().at("/tags/0/value").textValue()).isEqualTo("v");
    assertThat(version(1).at("/tags/0/value").textValue()).isEqualTo("w");
    for (int i = 0; i < 2; i++) {
      assertThat(gateway.call("DELETE", "registered-models/delete-tag", about("'key':'k'")).text())
          .isEqualTo("{}");
      assertThat(
              gateway
                  .call("DELETE", "model-versions/delete-tag", about("'version':'1','key':'k'"))
                  .text())
          .isEqualTo("{}");
    }
    assertThat(model().has("tags")).isFalse();
    assertThat(gateway.post("registered-models/set-tag", about("'x':1")).message())
        .isEqualTo("Missing value for required parameter 'key'.");
  }

  @Test
  void update_withoutDescription_clearsIt() {
    Reply set =
        gateway.call("PATCH", "model-versions/update", about("'version':'1','description':'new'"));
    Reply cleared = gateway.call("PATCH", "registered-models/update", about("'x':1"));

    assertThat(set.body().at("/model_version/description").textValue()).isEqualTo("new");
    assertThat(cleared.body().at("/registered_model/description").textValue()).isEmpty();
  }

  @Test
  void rename_takesEverythingAlong() {
    Reply renamed =
        gateway.post("registered-models/rename", about("'new_name':'" + name + "-new'"));

    assertThat(renamed.body().at("/registered_model/name").textValue()).isEqualTo(name + "-new");
    assertThat(gateway.get("model-versions/get?version=2&name=" + name + "-new").status())
        .isEqualTo(200);
  }

  @Test
  void delete_evenInProduction_andTheSecondTimeIs404() {
    gateway.post("model-versions/transition-stage", about("'version':'1','stage':'Production'"));

    for (int status : new int[] {200, 404}) {
      assertThat(gateway.call("DELETE", "model-versions/delete", about("'version':'1'")).status())
          .isEqualTo(status);
    }
    for (int status : new int[] {200, 404}) {
      assertThat(gateway.call("DELETE", "registered-models/delete", about("'x':1")).status())
          .isEqualTo(status);
    }
  }

  @Test
  void search_byGetAndPost_andPages() {
    String filter = "name+=+'" + name + "'";

    Reply models = gateway.get("registered-models/search?filter=" + filter);
    Reply posted = gateway.post("registered-models/search", "{\"max_results\":\"1\"}");
    Reply first = gateway.get("model-versions/search?max_results=1&filter=" + filter);
    Reply second =
        gateway.get(
            "model-versions/search?max_results=1&filter="
                + filter
                + "&page_token="
                + first.body().get("next_page_token").textValue());
    Reply none = gateway.get("model-versions/search?max_results=200000&filter=name+=+'nobody'");

    assertThat(models.body().at("/registered_models/0/latest_versions/0/version").textValue())
        .isEqualTo("2");
    assertThat(posted.body().get("registered_models")).hasSize(1);
    assertThat(first.body().get("model_versions")).hasSize(1);
    assertThat(second.body().get("model_versions")).hasSize(1);
    assertThat(second.body().has("next_page_token")).isFalse();
    assertThat(none.text()).isEqualTo("{}");
    assertThat(gateway.get("registered-models/search?max_results=1001").status()).isEqualTo(400);
    assertThat(gateway.get("registered-models/search?filter=colour=1").message())
        .startsWith("Invalid");
  }

  @Test
  void versionOfALoggedModel_hasItsPackage_itsRunAndItsId() {
    String run = gateway.run("0");
    JsonNode model =
        gateway
            .post(
                "logged-models",
                ("{'experiment_id':'0','source_run_id':'" + run + "'}").replace('\'', '"'))
            .body()
            .at("/model/info");
    String id = model.get("model_id").textValue();
    String root = model.get("artifact_uri").textValue();
    gateway.storeModel(root.substring("mlflow-artifacts:/".length()));

    JsonNode version =
        gateway
            .post(
                "model-versions/create",
                about("'source':'models:/" + id + "','model_id':'" + id + "'"))
            .body()
            .get("model_version");

    assertThat(version.get("version").textValue()).isEqualTo("3");
    assertThat(version.get("run_id").textValue()).isEqualTo(run);
    assertThat(version.get("model_id").textValue()).isEqualTo(id);
    assertThat(version.get("source").textValue()).isEqualTo("models:/" + id);
    assertThat(
            gateway
                .get("model-versions/get-download-uri?version=3&name=" + name)
                .body()
                .get("artifact_uri")
                .textValue())
        .isEqualTo(root);
  }

  @Test
  void versionOfALoggedModelThatIsNotThere_is404_andOfAnotherThanNamed400() {
    String nobody = "m-" + "0".repeat(32);

    Reply absent =
        gateway.post("model-versions/create", about("'source':'models:/" + nobody + "'"));
    Reply other =
        gateway.post(
            "model-versions/create",
            about("'source':'models:/" + nobody + "','model_id':'m-" + "1".repeat(32) + "'"));

    assertThat(absent.status()).isEqualTo(404);
    assertThat(absent.message()).isEqualTo("Logged model with ID '" + nobody + "' not found.");
    assertThat(other.status()).isEqualTo(400);
    assertThat(other.message()).contains("for parameter 'model_id' supplied");
  }

  @ParameterizedTest
  @CsvSource({
    "/tmp/model, To use a local path as a model version",
    "file:///tmp/model, To use a local path as a model version",
    "mlflow-artifacts:/a/../b, Invalid model version source",
    "s3://bucket/%2e%2e/b, Invalid model version source",
  })
  void unsafeSource_isRefusedInMlflowsWords(String source, String fragment) {
    Reply reply = gateway.post("model-versions/create", about("'source':'" + source + "'"));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).startsWith("Invalid model version source").contains(fragment);
  }

  @Test
  void versionOfAPrompt_needsNoFiles() {
    Reply reply =
        gateway.post(
            "model-versions/create",
            about(
                "'source':'dummy-source','tags':[{'key':'mlflow.prompt.is_prompt','value':'true'}]"));

    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
    assertThat(reply.body().at("/model_version/source").textValue()).isEqualTo("dummy-source");
    assertThat(reply.body().at("/model_version/status").textValue()).isEqualTo("READY");
  }

  private List<String> namesFound(String query) {
    List<String> names = new ArrayList<>();
    gateway
        .get("registered-models/search?max_results=1000" + query)
        .body()
        .path("registered_models")
        .forEach(model -> names.add(model.get("name").textValue()));
    return names;
  }

  @Test
  void prompts_areHidden_unlessTheFilterAsksForThem() {
    String prompt = "p-" + UUID.randomUUID();
    String isPrompt = "'tags':[{'key':'mlflow.prompt.is_prompt','value':'true'}]";
    gateway.post(
        "registered-models/create",
        ("{'name':'" + prompt + "'," + isPrompt + "}").replace('\'', '"'));
    String either = filter("name = '" + prompt + "' OR name = '" + name + "'");

    assertThat(namesFound("")).contains(name).doesNotContain(prompt);
    assertThat(namesFound(either)).containsExactly(name);
    assertThat(namesFound(filter("name LIKE '%' and "))).contains(name).doesNotContain(prompt);
    assertThat(namesFound(filter("tags.`mlflow.prompt.is_prompt` = 'true'")))
        .contains(prompt)
        .doesNotContain(name);
    assertThat(namesFound(filter("tag.`mlflow.prompt.is_prompt` != 'false'"))).contains(prompt);
    assertThat(namesFound(filter("tag.`mlflow.prompt.is_prompt` != 'true'")))
        .contains(name)
        .doesNotContain(prompt);
    assertThat(gateway.get("registered-models/search?filter=%20").status()).isEqualTo(400);
  }

  private static String filter(String text) {
    return "&filter=" + URLEncoder.encode(text, StandardCharsets.UTF_8);
  }

  @Test
  void versionsOfPrompts_areHiddenByTheirOwnTag() {
    gateway.post(
        "model-versions/create",
        about("'source':'text','tags':[{'key':'mlflow.prompt.is_prompt','value':'true'}]"));
    String ofModel = filter("name = '" + name + "'");
    String prompts = filter("name = '" + name + "' AND tags.`mlflow.prompt.is_prompt` = 'true'");

    assertThat(versionsFound(ofModel)).containsExactlyInAnyOrder("1", "2");
    assertThat(versionsFound(prompts)).containsExactly("3");
  }

  private List<String> versionsFound(String query) {
    return gateway
        .get("model-versions/search?max_results=200000" + query)
        .body()
        .path("model_versions")
        .findValuesAsText("version");
  }

  @Test
  void setVersionTag_withoutValue_isRefused() {
    for (String value : List.of("", ",'value':null")) {
      Reply reply =
          gateway.post("model-versions/set-tag", about("'version':'1','key':'k'" + value));

      assertThat(reply.status()).isEqualTo(400);
      assertThat(reply.message()).isEqualTo("Missing value for required parameter 'value'.");
    }
    assertThat(version(1).has("tags")).isFalse();
  }

  @Test
  void versionOfAPackage_isServedOnceInProduction_inTheNameOfTheUser() {
    String folder = "0/" + name + "/artifacts/model";
    gateway.storeModel(folder);
    HttpRequest.Builder create =
        HttpRequest.newBuilder(gateway.uri("/api/2.0/mlflow/model-versions/create"))
            .header("Content-Type", "application/json")
            .header("Authorization", "Basic " + basic("ada:secret"))
            .POST(BodyPublishers.ofString(about("'source':'mlflow-artifacts:/" + folder + "'")));

    JsonNode version = gateway.send(create).body().get("model_version");
    Reply promoted =
        gateway.post(
            "model-versions/transition-stage", about("'version':'3','stage':'Production'"));

    assertThat(version.get("user_id").textValue()).isEqualTo("ada");
    assertThat(promoted.status()).isEqualTo(200);
    assertThat(inferred().getOutputs(0).getShapeList()).containsExactly(1L, 3L);
  }

  private static String basic(String userAndPassword) {
    return Base64.getEncoder().encodeToString(userAndPassword.getBytes(StandardCharsets.UTF_8));
  }

  /** Asks the Production version, as soon as serving has heard of it. */
  private ModelInferResponse inferred() {
    ModelInferRequest request =
        ModelInferRequest.newBuilder()
            .setModelName(name)
            .addInputs(
                InferInputTensor.newBuilder()
                    .setName("x")
                    .setDatatype("FP32")
                    .addShape(1)
                    .addShape(4)
                    .setContents(
                        InferTensorContents.newBuilder()
                            .addAllFp32Contents(List.of(1f, 2f, 3f, 4f))))
            .build();
    long end = System.nanoTime() + TimeUnit.MINUTES.toNanos(2);
    while (true) {
      try {
        return GRPCInferenceServiceGrpc.newBlockingStub(gateway.peers()).modelInfer(request);
      } catch (StatusRuntimeException e) {
        assertThat(System.nanoTime()).as(e.toString()).isLessThan(end);
      }
    }
  }
}
