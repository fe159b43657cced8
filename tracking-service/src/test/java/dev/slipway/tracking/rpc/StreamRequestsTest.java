package dev.slipway.tracking.rpc;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.metric.SegmentBuilder;
import dev.slipway.tracking.v1.MetricBatch;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class StreamRequestsTest {
  private static Map<String, MetricPoint> latest(
      dev.slipway.tracking.metric.MetricBatch batch, List<String> names) {
    SegmentBuilder builder = new SegmentBuilder();
    builder.add(batch, names::indexOf);
    Map<String, MetricPoint> latest = new TreeMap<>();
    builder.latest((point, name) -> latest.put(names.get(name), point));
    return latest;
  }

  @Test
  void batch_namesThatNoPointHas_stayInTheDictionaryOnly() {
    List<String> dictionary = List.of("a", "b", "c");
    MetricBatch message =
        MetricBatch.newBuilder()
            .setSeq(1)
            .addAllNames(dictionary)
            .addAllNameIndex(List.of(2, 1, 2))
            .addAllStep(List.of(1L, 2L, 3L))
            .addTimestampMs(7)
            .addAllValue(List.of(1.0, 2.0, 3.0))
            .build();

    StreamRequests.Batch first = StreamRequests.batch(message, List.of(), name -> false);
    assertThat(first.names()).isEqualTo(dictionary);
    assertThat(first.points().names()).containsExactly("c", "b");
    assertThat(latest(first.points(), dictionary))
        .containsExactly(
            Map.entry("b", new MetricPoint(2, 7, 2)), Map.entry("c", new MetricPoint(3, 7, 3)));

    MetricBatch next =
        MetricBatch.newBuilder().setSeq(2).addNameIndex(0).addTimestampMs(8).addValue(5).build();
    StreamRequests.Batch second = StreamRequests.batch(next, first.names(), name -> true);
    assertThat(second.names()).isEqualTo(dictionary);
    assertThat(second.points().names()).containsExactly("a");
  }
}
