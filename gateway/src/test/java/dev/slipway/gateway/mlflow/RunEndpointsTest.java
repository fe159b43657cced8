package dev.slipway.gateway.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class RunEndpointsTest {
  private static final String NOBODY = "f".repeat(32);

  @RegisterExtension static final GatewayExtension gateway = new GatewayExtension();

  private String experiment;
  private String run;

  @BeforeEach
  void createRun() {
    experiment = gateway.experiment();
    run = gateway.run(experiment);
  }

  /** Returns a body whose single quotes stand for double ones, about the run. */
  private String about(String fields) {
    return ("{'run_id':'" + run + "'," + fields + "}").replace('\'', '"');
  }

  private JsonNode get() {
    return gateway.get("runs/get?run_id=" + run).body().get("run");
  }

  private static JsonNode entry(JsonNode entries, String key) {
    for (JsonNode entry : entries) {
      if (entry.get("key").textValue().equals(key)) {
        return entry;
      }
    }
    throw new AssertionError("no " + key + " in " + entries);
  }

  @Test
  void create_answersTheWholeRun() {
    Reply reply =
        gateway.post(
            "runs/create",
            "{\"experiment_id\":\""
                + experiment
                + "\",\"user_id\":\"ann\",\"run_name\":\"first\",\"start_time\":1700000000123,"
                + "\"tags\":[{\"key\":\"k\",\"value\":\"v\"}]}");

    JsonNode info = reply.body().at("/run/info");
    assertThat(reply.status()).isEqualTo(200);
    assertThat(info.get("run_id")).isEqualTo(info.get("run_uuid"));
    assertThat(info.get("run_name").textValue()).isEqualTo("first");
    assertThat(info.get("experiment_id").textValue()).isEqualTo(experiment);
    assertThat(info.get("user_id").textValue()).isEqualTo("ann");
    assertThat(info.get("status").textValue()).isEqualTo("RUNNING");
    assertThat(info.get("start_time").longValue()).isEqualTo(1700000000123L);
    assertThat(info.has("end_time")).isFalse();
    assertThat(info.get("artifact_uri").textValue())
        .isEqualTo(
            "mlflow-artifacts:/"
                + experiment
                + "/"
                + info.get("run_id").textValue()
                + "/artifacts");
    assertThat(info.get("lifecycle_stage").textValue()).isEqualTo("active");
    JsonNode tags = reply.body().at("/run/data/tags");
    assertThat(entry(tags, "k").get("value").textValue()).isEqualTo("v");
    assertThat(entry(tags, "mlflow.runName").get("value").textValue()).isEqualTo("first");
    assertThat(reply.body().at("/run/inputs").toString()).isEqualTo("{}");
    assertThat(reply.body().at("/run/outputs").toString()).isEqualTo("{}");
  }

  @Test
  void create_withoutExperiment_goesToTheDefaultOne() {
    assertThat(gateway.post("runs/create", "{}").body().at("/run/info/experiment_id").textValue())
        .isEqualTo("0");
  }

  @Test
  void create_everyScalarAsText_asTheRClientSends() {
    Reply reply =
        gateway.post(
            "runs/create",
            "{\"experiment_id\":\"" + experiment + "\",\"start_time\":\"1700000000123\"}");

    assertThat(reply.body().at("/run/info/start_time").longValue()).isEqualTo(1700000000123L);
  }

  @Test
  void create_lowerCamelCase_isUnderstood() {
    Reply reply =
        gateway.post(
            "runs/create",
            "{\"experimentId\":\"" + experiment + "\",\"runName\":\"camel\",\"startTime\":5.0}");

    assertThat(reply.body().at("/run/info/run_name").textValue()).isEqualTo("camel");
    assertThat(reply.body().at("/run/info/start_time").longValue()).isEqualTo(5);
  }

  @Test
  void create_refusals() {
    String request = "{\"experiment_id\":\"%s\"%s}";
    Reply unknown = gateway.post("runs/create", request.formatted("99999", ""));
    Reply names =
        gateway.post(
            "runs/create",
            request.formatted(
                experiment,
                ",\"run_name\":\"a\",\"tags\":[{\"key\":\"mlflow.runName\",\"value\":\"b\"}]"));
    Reply time = gateway.post("runs/create", request.formatted(experiment, ",\"start_time\":-1"));
    gateway.post("experiments/delete", request.formatted(experiment, ""));
    Reply deleted = gateway.post("runs/create", request.formatted(experiment, ""));

    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.message()).isEqualTo("No Experiment with id=99999 exists");
    assertThat(names.status()).isEqualTo(400);
    assertThat(time.message()).contains("Invalid value -1 for parameter 'start_time' supplied");
    assertThat(deleted.status()).isEqualTo(400);
    assertThat(deleted.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(deleted.message()).contains("must be in the 'active' state");
  }

  @Test
  void get_byOldName_andByBoth() {
    Reply old = gateway.get("runs/get?run_uuid=" + run);
    Reply both = gateway.get("runs/get?run_uuid=" + run + "&run_id=" + run);

    assertThat(old.body().at("/run/info/run_id").textValue()).isEqualTo(run);
    assertThat(both.body().at("/run/info/run_id").textValue()).isEqualTo(run);
  }

  @ParameterizedTest
  @ValueSource(strings = {"ffffffffffffffffffffffffffffffff", "nonexistent"})
  void get_unknown_is404(String id) {
    Reply reply = gateway.get("runs/get?run_id=" + id);

    assertThat(reply.status()).isEqualTo(404);
    assertThat(reply.error()).isEqualTo("RESOURCE_DOES_NOT_EXIST");
    assertThat(reply.message()).isEqualTo("Run with id=" + id + " not found");
  }

  @Test
  void get_withoutId_isRefused() {
    assertThat(gateway.get("runs/get").message())
        .isEqualTo("Missing value for required parameter 'run_id'.");
  }

  @Test
  void update_changesWhatIsNamed_andTheNameTagToo() {
    Reply reply =
        gateway.post(
            "runs/update",
            about("'status':'FINISHED','end_time':1700000000456,'run_name':'renamed'"));

    JsonNode info = reply.body().get("run_info");
    assertThat(info.get("status").textValue()).isEqualTo("FINISHED");
    assertThat(info.get("end_time").longValue()).isEqualTo(1700000000456L);
    assertThat(info.get("run_name").textValue()).isEqualTo("renamed");
    assertThat(entry(get().at("/data/tags"), "mlflow.runName").get("value").textValue())
        .isEqualTo("renamed");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {"4,FAILED", "5,KILLED", "'2',SCHEDULED", "'FINISHED',FINISHED"})
  void update_statusByNameOrNumber(String status, String expected) {
    Reply reply = gateway.post("runs/update", about("'status':" + status));

    assertThat(reply.body().at("/run_info/status").textValue()).isEqualTo(expected);
  }

  @Test
  void update_ofNothing_answersTheRunAsItIs() {
    String name = get().at("/info/run_name").textValue();

    Reply reply = gateway.post("runs/update", about("'run_name':''"));

    assertThat(reply.status()).isEqualTo(200);
    assertThat(reply.body().at("/run_info/run_name").textValue()).isEqualTo(name);
  }

  @Test
  void update_refusals() {
    Reply status = gateway.post("runs/update", about("'status':'DONE'"));
    Reply unknown =
        gateway.post("runs/update", "{\"run_id\":\"" + NOBODY + "\",\"status\":\"FAILED\"}");
    gateway.post("runs/delete", about("'x':1"));
    Reply deleted = gateway.post("runs/update", about("'status':'FAILED'"));

    assertThat(status.message()).contains("Invalid value \"DONE\" for parameter 'status' supplied");
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(deleted.status()).isEqualTo(400);
    assertThat(deleted.message()).contains("must be in the 'active' state");
  }

  @Test
  void deleteAndRestore_mayBeRepeated() {
    for (int i = 0; i < 2; i++) {
      assertThat(gateway.post("runs/delete", about("'x':1")).text()).isEqualTo("{}");
    }
    assertThat(get().at("/info/lifecycle_stage").textValue()).isEqualTo("deleted");
    for (int i = 0; i < 2; i++) {
      assertThat(gateway.post("runs/restore", about("'x':1")).text()).isEqualTo("{}");
    }
    assertThat(get().at("/info/lifecycle_stage").textValue()).isEqualTo("active");
    assertThat(gateway.post("runs/delete", "{\"run_id\":\"" + NOBODY + "\"}").status())
        .isEqualTo(404);
    assertThat(gateway.post("runs/restore", "{\"run_id\":\"" + NOBODY + "\"}").status())
        .isEqualTo(404);
  }

  @Test
  void logMetric_isReadBack_withNumbersAsNumbers() {
    Reply reply =
        gateway.post(
            "runs/log-metric",
            about("'run_uuid':'" + run + "','key':'loss','value':0.25,'timestamp':7,'step':-3"));

    assertThat(reply.text()).isEqualTo("{}");
    assertThat(entry(get().at("/data/metrics"), "loss").toString())
        .isEqualTo("{\"key\":\"loss\",\"value\":0.25,\"timestamp\":7,\"step\":-3}");
  }

  @ParameterizedTest
  @CsvSource(
      quoteCharacter = '`',
      value = {
        "'NaN',\"NaN\"",
        "'Infinity',\"Infinity\"",
        "'-Infinity',\"-Infinity\"",
        "NaN,\"NaN\"",
        "-Infinity,\"-Infinity\"",
        "'1.5',1.5",
        "'1e-3',0.001",
        "true,1.0",
        "5,5.0",
        "1.7976931348623157e308,1.7976931348623157E308"
      })
  void logMetric_valueInEveryForm(String sent, String expected) {
    gateway.post("runs/log-metric", about("'key':'m','value':" + sent + ",'timestamp':1"));

    assertThat(entry(get().at("/data/metrics"), "m").get("value").toString()).isEqualTo(expected);
  }

  @Test
  void logMetric_numbersBeyond53Bits_keepEveryDigit() {
    gateway.post(
        "runs/log-metric",
        about("'key':'m','value':1,'timestamp':'9007199254740993','step':9223372036854775807"));
    gateway.post(
        "runs/log-metric",
        about("'key':'n','value':1,'timestamp':9007199254740993,'step':'-9223372036854775808'"));

    JsonNode metrics = get().at("/data/metrics");
    assertThat(entry(metrics, "m").toString())
        .contains("\"timestamp\":9007199254740993,\"step\":9223372036854775807");
    assertThat(entry(metrics, "n").toString())
        .contains("\"timestamp\":9007199254740993,\"step\":-9223372036854775808");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'value':1,'timestamp':1|Missing value for required parameter 'key'.",
        "'key':'m','timestamp':1|Missing value for required parameter 'value'.",
        "'key':'m','value':null,'timestamp':1|Missing value for required parameter 'value'.",
        "'key':'m','value':1|Missing value for required parameter 'timestamp'.",
        "'key':'m','value':'x','timestamp':1|Invalid value \"x\" for parameter 'value' supplied",
        "'key':'m','value':[],'timestamp':1|Invalid value [] for parameter 'value' supplied",
        "'key':'m','value':1,'timestamp':1.5|Invalid value 1.5 for parameter 'timestamp' supplied",
        "'key':'m','value':1,'timestamp':-1|Invalid value -1 for parameter 'timestamp' supplied",
        "'key':'m','value':1,'timestamp':9223372036854775808|for parameter 'timestamp' supplied",
        "'key':'m','value':1,'timestamp':1,'step':'1.5'|parameter 'step' supplied",
        "'key':'../m','value':1,'timestamp':1|Invalid value \"../m\" for parameter 'key' supplied",
      })
  void logMetric_badValue_isRefused(String fields, String fragment) {
    Reply reply = gateway.post("runs/log-metric", about(fields));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void logMetric_longKeyAndLostRuns() {
    String fields = "'key':'%s','value':1,'timestamp':1";
    Reply longKey = gateway.post("runs/log-metric", about(fields.formatted("k".repeat(251))));
    gateway.post("runs/delete", about("'x':1"));
    Reply deleted = gateway.post("runs/log-metric", about(fields.formatted("k")));
    run = NOBODY;
    Reply unknown = gateway.post("runs/log-metric", about(fields.formatted("k")));

    assertThat(longKey.message()).contains("'Metric name' exceeds the maximum length of 250");
    assertThat(deleted.status()).isEqualTo(400);
    assertThat(deleted.message()).contains("must be in the 'active' state");
    assertThat(unknown.status()).isEqualTo(404);
    assertThat(unknown.message()).isEqualTo("Run with id=" + NOBODY + " not found");
  }

  @Test
  void logParameter_isWriteOnce() {
    String sameValue = about("'key':'lr','value':'0.1'");

    assertThat(gateway.post("runs/log-parameter", sameValue).text()).isEqualTo("{}");
    assertThat(gateway.post("runs/log-parameter", sameValue).text()).isEqualTo("{}");
    Reply other = gateway.post("runs/log-parameter", about("'key':'lr','value':'0.2'"));

    assertThat(other.status()).isEqualTo(400);
    assertThat(other.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(other.message()).startsWith("Changing param values is not allowed");
  }

  @Test
  void logParameter_absentValueIsEmpty_longOneIsCut() {
    gateway.post("runs/log-parameter", about("'key':'none'"));
    gateway.post("runs/log-parameter", about("'key':'long','value':'" + "😀".repeat(6001) + "'"));

    JsonNode params = get().at("/data/params");
    assertThat(entry(params, "none").get("value").textValue()).isEmpty();
    assertThat(entry(params, "long").get("value").textValue()).isEqualTo("😀".repeat(6000));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'value':'v'|Missing value for required parameter 'key'.",
        "'key':'k','value':5|Invalid value 5 for parameter 'value' supplied",
        "'key':'a/'|Invalid value \"a/\" for parameter 'key' supplied",
      })
  void logParameter_badValue_isRefused(String fields, String fragment) {
    assertThat(gateway.post("runs/log-parameter", about(fields)).message()).contains(fragment);
  }

  @Test
  void setTag_isAnUpsert_andRenamesTheRun() {
    gateway.post("runs/set-tag", about("'key':'k','value':'1'"));
    gateway.post("runs/set-tag", about("'key':'k','value':'2'"));
    gateway.post("runs/set-tag", about("'key':'mlflow.runName','value':'by tag'"));
    gateway.post("runs/set-tag", about("'key':'long','value':'" + "x".repeat(8001) + "'"));

    JsonNode tags = get().at("/data/tags");
    assertThat(entry(tags, "k").get("value").textValue()).isEqualTo("2");
    assertThat(entry(tags, "long").get("value").textValue()).hasSize(8000);
    assertThat(get().at("/info/run_name").textValue()).isEqualTo("by tag");
  }

  @Test
  void deleteTag_missingOneIs404() {
    gateway.post("runs/set-tag", about("'key':'k','value':'1'"));

    Reply deleted = gateway.post("runs/delete-tag", about("'key':'k'"));
    Reply again = gateway.post("runs/delete-tag", about("'key':'k'"));

    assertThat(deleted.text()).isEqualTo("{}");
    assertThat(again.status()).isEqualTo(404);
    assertThat(again.message()).isEqualTo("No tag with name: k in run with id " + run);
    assertThat(gateway.post("runs/delete-tag", about("'x':1")).message())
        .isEqualTo("Missing value for required parameter 'key'.");
    assertThat(gateway.post("runs/set-tag", about("'value':'v'")).message())
        .isEqualTo("Missing value for required parameter 'key'.");
  }

  @Test
  void logBatch_writesAllOfIt_andNothingIsFineToo() {
    Reply reply =
        gateway.post(
            "runs/log-batch",
            about(
                "'metrics':[{'key':'m','value':'NaN','timestamp':'5','step':'1'}],"
                    + "'params':[{'key':'p','value':'v'}],'tags':[{'key':'t','value':'w'}],"
                    + "'unknown':{'a':[]}"));

    assertThat(reply.text()).isEqualTo("{}");
    JsonNode data = get().get("data");
    assertThat(entry(data.get("metrics"), "m").get("value").textValue()).isEqualTo("NaN");
    assertThat(entry(data.get("params"), "p").get("value").textValue()).isEqualTo("v");
    assertThat(entry(data.get("tags"), "t").get("value").textValue()).isEqualTo("w");
    assertThat(gateway.post("runs/log-batch", about("'metrics':[]")).text()).isEqualTo("{}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "'metrics':[{'key':'m','value':1}]|parameter 'metrics[0].timestamp'.",
        "'metrics':[{'value':1,'timestamp':1}]|parameter 'metrics[0].name'.",
        "'metrics':[{'key':'m','timestamp':1}]|parameter 'metrics[0].value'.",
        "'metrics':[{'key':'m','value':1,'timestamp':true}]|Invalid value true for parameter"
            + " 'metrics[0].timestamp'",
        "'metrics':{}|Invalid value {} for parameter 'metrics' supplied",
        "'params':[{'value':'v'}]|parameter 'params[0].key'.",
        "'params':[{'key':'a','value':'1'},{'key':'a','value':'1'}]|parameter 'params[1].key'",
        "'tags':[{'value':'v'}]|parameter 'tags[0].key'.",
      })
  void logBatch_badEntry_isRefusedByItsPath(String fields, String fragment) {
    Reply reply = gateway.post("runs/log-batch", about(fields));

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void logBatch_limits() {
    assertThat(gateway.post("runs/log-batch", about("'metrics':" + metrics(1000))).status())
        .isEqualTo(200);
    Reply metrics = gateway.post("runs/log-batch", about("'metrics':" + metrics(1001)));
    Reply params =
        gateway.post(
            "runs/log-batch",
            about(
                IntStream.range(0, 101)
                    .mapToObj(i -> "{'key':'p" + i + "','value':'v'}")
                    .collect(Collectors.joining(",", "'params':[", "]"))));

    assertThat(metrics.status()).isEqualTo(400);
    assertThat(metrics.message()).contains("can contain at most 1000");
    assertThat(params.message()).contains("can contain at most 100");
  }

  private static String metrics(int count) {
    return IntStream.range(0, count)
        .mapToObj(i -> "{'key':'m','value':" + i + ",'timestamp':" + i + ",'step':" + i + "}")
        .collect(Collectors.joining(",", "[", "]"));
  }

  @Test
  void getHistory_pagesAndSaysAll() {
    gateway.post("runs/log-batch", about("'metrics':" + metrics(5)));
    String query = "metrics/get-history?metric_key=m&run_id=" + run;

    Reply all = gateway.get(query);
    Reply first = gateway.get(query + "&max_results=3");
    Reply second =
        gateway.get(
            query + "&max_results=3&page_token=" + first.body().get("next_page_token").textValue());

    assertThat(all.body().get("metrics")).hasSize(5);
    assertThat(all.body().has("next_page_token")).isFalse();
    assertThat(all.body().at("/metrics/4").toString())
        .isEqualTo("{\"key\":\"m\",\"value\":4.0,\"timestamp\":4,\"step\":4}");
    assertThat(first.body().get("metrics")).hasSize(3);
    assertThat(second.body().get("metrics")).hasSize(2);
    assertThat(second.body().has("next_page_token")).isFalse();
  }

  @Test
  void getHistory_comesInOrderOfTime() {
    gateway.post(
        "runs/log-batch",
        about(
            "'metrics':[{'key':'m','value':1,'timestamp':20,'step':0},"
                + "{'key':'m','value':2,'timestamp':10,'step':5}]"));

    assertThat(
            gateway
                .get("metrics/get-history?metric_key=m&run_id=" + run)
                .body()
                .at("/metrics/0/timestamp")
                .longValue())
        .isEqualTo(10);
  }

  @Test
  void getHistory_ofNothing_isAnEmptyObject_andRefusals() {
    String query = "metrics/get-history?run_id=" + run;

    assertThat(gateway.get(query + "&metric_key=none").text()).isEqualTo("{}");
    assertThat(gateway.get("metrics/get-history?metric_key=m&run_id=" + NOBODY).text())
        .isEqualTo("{}");
    assertThat(gateway.get("metrics/get-history?metric_key=m&run_id=nobody").text())
        .isEqualTo("{}");
    assertThat(gateway.get(query).message())
        .isEqualTo("Missing value for required parameter 'metric_key'.");
    assertThat(gateway.get(query + "&metric_key=m&max_results=0").status()).isEqualTo(400);
    assertThat(gateway.get(query + "&metric_key=m&page_token=forged").status()).isEqualTo(400);
  }

  @Test
  void search_filtersOrdersAndPages() {
    String other = gateway.run(experiment);
    gateway.post("runs/log-metric", about("'key':'acc','value':0.5,'timestamp':1"));
    String ids = "\"experiment_ids\":[\"" + experiment + "\"]";

    Reply filtered = gateway.post("runs/search", "{" + ids + ",\"filter\":\"metrics.acc > 0.1\"}");
    Reply ordered =
        gateway.post(
            "runs/search",
            "{" + ids + ",\"order_by\":[\"metrics.acc DESC\"],\"max_results\":\"1\"}");
    Reply next =
        gateway.post(
            "runs/search",
            "{"
                + ids
                + ",\"order_by\":[\"metrics.acc DESC\"],\"max_results\":1,\"page_token\":\""
                + ordered.body().get("next_page_token").textValue()
                + "\"}");
    gateway.post("runs/delete", about("'x':1"));
    Reply active = gateway.post("runs/search", "{" + ids + "}");
    Reply deleted = gateway.post("runs/search", "{" + ids + ",\"run_view_type\":2}");

    assertThat(filtered.body().get("runs")).hasSize(1);
    assertThat(filtered.body().at("/runs/0/data/metrics/0/value").doubleValue()).isEqualTo(0.5);
    assertThat(ordered.body().at("/runs/0/info/run_id").textValue()).isEqualTo(run);
    assertThat(next.body().at("/runs/0/info/run_id").textValue()).isEqualTo(other);
    assertThat(next.body().has("next_page_token")).isFalse();
    assertThat(active.body().at("/runs/0/info/run_id").textValue()).isEqualTo(other);
    assertThat(deleted.body().at("/runs/0/info/run_id").textValue()).isEqualTo(run);
  }

  @Test
  void search_withoutExperiments_isAnEmptyObject() {
    assertThat(gateway.post("runs/search", "{}").text()).isEqualTo("{}");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"filter\":\"metrics.a ~ 1\"|Invalid clause(s) in filter string",
        "\"filter\":\"metrics.a = 'x'\"|Invalid clause(s) in filter string",
        "\"filter\":\" \"|Invalid clause(s) in filter string",
        "\"filter\":\"colour.a = 'x'\"|Invalid entity type",
        "\"filter\":\"colour = 'x'\"|Invalid attribute key",
        "\"filter\":\"params.a LIKE 5\"|Invalid clause(s) in filter string",
        "\"max_results\":50001|Invalid value 50001 for parameter 'max_results' supplied",
        "\"run_view_type\":\"X\"|Invalid value \"X\" for parameter 'run_view_type' supplied",
        "\"order_by\":[\"colour\"]|Invalid value \"colour\" for parameter 'order_by[0]' supplied",
      })
  void search_badValue_isRefused(String fields, String fragment) {
    Reply reply = gateway.post("runs/search", "{\"experiment_ids\":[\"0\"]," + fields + "}");

    assertThat(reply.status()).isEqualTo(400);
    assertThat(reply.error()).isEqualTo("INVALID_PARAMETER_VALUE");
    assertThat(reply.message()).contains(fragment);
  }
}
