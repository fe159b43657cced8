package dev.slipway.gateway.mlflow;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.gateway.GatewayExtension;
import dev.slipway.gateway.GatewayExtension.Reply;
import java.net.http.HttpRequest;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class BulkHistoryEndpointsTest {
  @RegisterExtension static final GatewayExtension gateway = new GatewayExtension();

  private static final String NOBODY = "0".repeat(32);

  private String one;
  private String two;

  @BeforeEach
  void createRuns() {
    String experiment = gateway.experiment();
    List<String> runs =
        Stream.of(gateway.run(experiment), gateway.run(experiment)).sorted().toList();
    one = runs.get(0);
    two = runs.get(1);
  }

  /** Logs a point per step, the time of which goes with the step. */
  private static void log(String run, int firstStep, int count) {
    String points =
        IntStream.range(firstStep, firstStep + count)
            .mapToObj(
                step ->
                    "{\"key\":\"m\",\"value\":%d,\"timestamp\":%d,\"step\":%d}"
                        .formatted(step, 1000 + step, step))
            .collect(Collectors.joining(","));
    Reply reply =
        gateway.post("runs/log-batch", "{\"run_id\":\"" + run + "\",\"metrics\":[" + points + "]}");
    assertThat(reply.status()).as(reply.text()).isEqualTo(200);
  }

  private static Reply bulk(String query) {
    return gateway.send(
        HttpRequest.newBuilder(
            gateway.uri("/ajax-api/2.0/mlflow/metrics/get-history-bulk?" + query)));
  }

  private static Reply interval(String query) {
    return gateway.get("metrics/get-history-bulk-interval?" + query);
  }

  private static List<String> points(Reply reply) {
    return reply.body().path("metrics").findParents("step").stream()
        .map(point -> point.get("run_id").textValue() + "@" + point.get("step").longValue())
        .toList();
  }

  @Test
  void histories_comeByRunAndTime_andAreCutOff() {
    log(two, 0, 2);
    log(one, 5, 1);
    log(one, 1, 1);
    String runs = "metric_key=m&run_id=" + two + "&run_id=" + one;

    JsonNode first = bulk(runs).body().at("/metrics/0");

    assertThat(points(bulk(runs))).containsExactly(one + "@1", one + "@5", two + "@0", two + "@1");
    assertThat(points(bulk(runs + "&max_results=3")))
        .containsExactly(one + "@1", one + "@5", two + "@0");
    assertThat(first)
        .hasToString(
            "{\"key\":\"m\",\"value\":1.0,\"timestamp\":1001,\"step\":1,\"run_id\":\"%s\"}"
                .formatted(one));
    assertThat(bulk("metric_key=other&run_id=" + one).text()).isEqualTo("{}");
    assertThat(bulk("metric_key=m&run_id=" + NOBODY).text()).isEqualTo("{}");
  }

  @Test
  void histories_badRequests_areRefusedInMlflowsWords() {
    String many =
        IntStream.range(0, 101)
            .mapToObj("run_id=%032x"::formatted)
            .collect(Collectors.joining("&"));

    assertThat(bulk("metric_key=m").message())
        .startsWith("GetMetricHistoryBulk request must specify at least one run_id");
    assertThat(bulk("run_id=" + one).message())
        .startsWith("GetMetricHistoryBulk request must specify a metric_key");
    assertThat(bulk(many).message())
        .startsWith("GetMetricHistoryBulk request cannot specify more than 100 run_ids");
    assertThat(bulk(many).status()).isEqualTo(400);
    assertThat(gateway.get("metrics/get-history-bulk?metric_key=m&run_id=" + one).status())
        .isEqualTo(404);
  }

  @Test
  void interval_shortHistories_comeWhole_inOrderOfTheRequest() {
    log(one, 0, 3);
    log(two, -2, 2);
    String runs = "metric_key=m&run_ids=" + two + "&run_ids=" + one;

    assertThat(points(interval(runs)))
        .containsExactly(two + "@-2", two + "@-1", one + "@0", one + "@1", one + "@2");
    assertThat(points(interval(runs + "&start_step=-1&end_step=1")))
        .containsExactly(two + "@-1", one + "@0", one + "@1");
  }

  @Test
  void interval_longHistory_isSampled_withItsEnds() {
    log(one, 0, 900);
    log(two, 400, 3);

    List<String> points =
        points(interval("metric_key=m&max_results=20&run_ids=" + one + "&run_ids=" + two));

    assertThat(points).hasSizeLessThanOrEqualTo(20).hasSizeGreaterThan(10);
    assertThat(points).contains(one + "@0", one + "@899", two + "@400", two + "@402");
  }

  @Test
  void interval_manyPointsOfOneStep_comeWholeWhenTheyFit() {
    for (int time = 1; time <= 3; time++) {
      gateway.post(
          "runs/log-metric",
          "{\"run_id\":\"%s\",\"key\":\"m\",\"value\":%d,\"timestamp\":%d,\"step\":7}"
              .formatted(one, time, time));
    }

    assertThat(points(interval("metric_key=m&run_ids=" + one))).hasSize(3);
    assertThat(points(interval("metric_key=m&max_results=2&run_ids=" + one))).hasSize(2);
    assertThat(points(interval("metric_key=m&max_results=1&run_ids=" + one))).hasSize(1);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "metric_key=m|Missing value for required parameter 'run_ids'",
        "run_ids=ONE|Missing value for required parameter 'metric_key'",
        "run_ids=ONE&metric_key=m&start_step=1|both must be specified",
        "run_ids=ONE&metric_key=m&start_step=2&end_step=1|end_step must be greater",
        "run_ids=ONE&metric_key=m&max_results=2501|for parameter 'max_results' supplied",
        "run_ids=ONE&metric_key=m&start_step=a&end_step=1|for parameter 'start_step' supplied",
      })
  void interval_badRequest_isRefused(String query, String fragment) {
    Reply reply = interval(query.replace("ONE", one));

    assertThat(reply.status()).as(reply.text()).isEqualTo(400);
    assertThat(reply.message()).contains(fragment);
  }

  @Test
  void interval_unknownRun_is404() {
    assertThat(interval("metric_key=m&run_ids=" + NOBODY).status()).isEqualTo(404);
  }
}
