package dev.slipway.tracking.metric;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;

class SegmentTest {
  private static final long[] ODD_LONGS = {0, -1, 1, Long.MIN_VALUE, Long.MAX_VALUE, 127, 128};
  private static final double[] ODD_DOUBLES = {
    Double.NaN,
    Double.POSITIVE_INFINITY,
    Double.NEGATIVE_INFINITY,
    -0.0,
    Double.MIN_VALUE,
    Double.MAX_VALUE
  };

  @RepeatedTest(50)
  void anyPointsInAnyBatches_readBackAsTheyWere(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    SegmentBuilder builder = new SegmentBuilder();
    Map<Integer, List<MetricPoint>> expected = new HashMap<>();
    for (int batch = random.nextInt(4); batch >= 0; batch--) {
      builder.add(
          randomBatch(random, expected), name -> Integer.parseInt(name.substring(1)) + 1000);
    }

    List<Segment> segments = builder.build();

    Map<Integer, List<MetricPoint>> actual = new HashMap<>();
    for (Segment segment : segments) {
      for (int id : expected.keySet()) {
        SegmentReader.read(
            segment.packed(),
            id,
            point -> {
              assertThat(point.step()).isBetween(segment.minStep(), segment.maxStep());
              actual.computeIfAbsent(id, i -> new ArrayList<>()).add(point);
            });
      }
    }
    assertThat(actual).isEqualTo(expected);
    Map<Integer, MetricPoint> latest = new HashMap<>();
    builder.latest((point, id) -> latest.put(id, point));
    Map<Integer, MetricPoint> latestRead = new HashMap<>();
    segments.forEach(
        segment ->
            SegmentReader.readLatest(
                segment.packed(), (point, id) -> latestRead.merge(id, point, MetricPoint::max)));
    expected.forEach(
        (id, points) -> {
          MetricPoint max = points.stream().max(MetricPoint::compareTo).orElseThrow();
          assertThat(latest.get(id)).isEqualTo(max);
          assertThat(latestRead.get(id)).isEqualTo(max);
        });
  }

  private static MetricBatch randomBatch(Random random, Map<Integer, List<MetricPoint>> expected) {
    int names = 1 + random.nextInt(5);
    int points = 1 + random.nextInt(300);
    List<String> dictionary = new ArrayList<>();
    for (int i = 0; i < names; i++) {
      dictionary.add("n" + random.nextInt(8));
    }
    int[] index = new int[points];
    long[] steps = new long[points];
    long[] timestamps = new long[points];
    double[] values = new double[points];
    for (int i = 0; i < points; i++) {
      index[i] = random.nextInt(names);
      steps[i] = random.nextInt(5) == 0 ? ODD_LONGS[random.nextInt(7)] : random.nextInt(1000);
      timestamps[i] = Math.abs(random.nextLong() >>> random.nextInt(60));
      values[i] = random.nextInt(5) == 0 ? ODD_DOUBLES[random.nextInt(6)] : random.nextGaussian();
      expected
          .computeIfAbsent(
              Integer.parseInt(dictionary.get(index[i]).substring(1)) + 1000,
              id -> new ArrayList<>())
          .add(new MetricPoint(steps[i], timestamps[i], values[i]));
    }
    return new MetricBatch(dictionary, index, steps, timestamps, values);
  }

  @Test
  void manyPoints_areCutIntoSegmentsOfBoundedSize() {
    int points = SegmentBuilder.MAX_POINTS * 2 + 1;
    SegmentBuilder builder = new SegmentBuilder();
    builder.add(
        new MetricBatch(
            List.of("a"), new int[points], new long[points], new long[points], new double[points]),
        name -> 1);

    assertThat(builder.build())
        .extracting(Segment::points)
        .containsExactly(SegmentBuilder.MAX_POINTS, SegmentBuilder.MAX_POINTS, 1);
  }

  @Test
  void commonTraining_takesFewBytesPerPoint() {
    int points = 1000;
    long[] steps = new long[points];
    long[] timestamps = new long[points];
    for (int i = 0; i < points; i++) {
      steps[i] = i;
      timestamps[i] = 1_700_000_000_000L + i * 50L;
    }
    SegmentBuilder builder = new SegmentBuilder();
    builder.add(
        new MetricBatch(List.of("a"), new int[points], steps, timestamps, new double[points]),
        name -> 1);

    assertThat(builder.build().get(0).packed().length).isLessThan(points * 11);
  }
}
