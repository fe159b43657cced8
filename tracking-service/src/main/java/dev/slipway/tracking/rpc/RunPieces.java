package dev.slipway.tracking.rpc;

import dev.slipway.tracking.metric.MetricPoint;
import dev.slipway.tracking.run.RunLineage;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.v1.Metric;
import dev.slipway.tracking.v1.MetricAppend;
import dev.slipway.tracking.v1.MetricColumns;
import dev.slipway.tracking.v1.Param;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunChange;
import dev.slipway.tracking.v1.RunData;
import dev.slipway.tracking.v1.RunInputs;
import dev.slipway.tracking.v1.RunOutputs;
import dev.slipway.tracking.v1.Tag;
import dev.slipway.tracking.watch.AppendedPoint;
import dev.slipway.tracking.watch.RunDelta;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;
import java.util.stream.Stream;

/**
 * Cuts what changed in a run into messages that stay well below the 4 MiB that clients accept
 * unless told otherwise. Each is made when it is asked for. Not thread-safe.
 */
final class RunPieces implements Iterator<RunChange> {
  /** What a piece may have, unless one entry alone has more: the longest has 32 KB. */
  static final int MAX_BYTES = 1 << 20;

  private static final int POINTS_PER_PART = 10_000;
  private static final int POINT_BYTES = 24;
  private static final int OVERHEAD_BYTES = 16;

  /** Is one entry, and how it gets into a message. */
  private record Part(int bytes, Consumer<RunChange.Builder> adder) {}

  private final Iterator<Part> parts;
  private Part next;

  private RunPieces(Stream<Part> parts) {
    this.parts = parts.iterator();
    advance();
  }

  /** Cuts what changed, as far as a projection shows it; nothing when it shows none of it. */
  static Iterator<RunChange> of(RunDelta delta, RunProjection projection, boolean points) {
    return new RunPieces(parts(delta, delta.infoChanged(), projection, points));
  }

  /** Cuts a run of which everything is new, the first piece with the run's own state. */
  static Iterator<RunChange> ofNew(RunDelta delta, RunProjection projection) {
    return new RunPieces(parts(delta, true, projection, false));
  }

  /**
   * Cuts a run, the first piece with all but its metrics, params and tags, and with some of these.
   */
  static Iterator<RunChange> of(Run run) {
    RunChange.Builder head =
        RunChange.newBuilder()
            .setInfo(run.getInfo())
            .setInputs(run.getInputs())
            .setOutputs(run.getOutputs());
    RunData data = run.getData();
    return new RunPieces(
        concat(
            List.of(
                Stream.of(
                    new Part(head.build().getSerializedSize(), b -> b.mergeFrom(head.build()))),
                data.getMetricsList().stream().map(RunPieces::part),
                data.getParamsList().stream().map(RunPieces::part),
                data.getTagsList().stream().map(RunPieces::part))));
  }

  /** Returns the run that a first piece shows. */
  static Run run(RunChange first) {
    return Run.newBuilder()
        .setInfo(first.getInfo())
        .setData(
            RunData.newBuilder()
                .addAllMetrics(first.getMetricsList())
                .addAllParams(first.getParamsList())
                .addAllTags(first.getTagsList()))
        .setInputs(first.getInputs())
        .setOutputs(first.getOutputs())
        .build();
  }

  @Override
  public boolean hasNext() {
    return next != null;
  }

  @Override
  public RunChange next() {
    if (next == null) {
      throw new NoSuchElementException();
    }
    RunChange.Builder piece = RunChange.newBuilder();
    long bytes = 0;
    do {
      bytes += next.bytes();
      next.adder().accept(piece);
      advance();
    } while (next != null && bytes + next.bytes() <= MAX_BYTES);
    return piece.build();
  }

  private void advance() {
    next = parts.hasNext() ? parts.next() : null;
  }

  private static Stream<Part> parts(
      RunDelta delta, boolean info, RunProjection projection, boolean points) {
    boolean lineage = projection.lineage() != RunLineage.Detail.NONE;
    return concat(
        List.of(
            info ? Stream.of(part(TrackingProtos.runInfo(delta.info()))) : Stream.<Part>empty(),
            delta.metrics().stream()
                .filter(metric -> projection.metrics().includes(metric.key()))
                .map(metric -> part(TrackingProtos.metric(metric))),
            delta.params().stream()
                .filter(param -> projection.params().includes(param.key()))
                .map(param -> part(TrackingProtos.param(param))),
            delta.tags().stream()
                .filter(tag -> projection.tags().includes(tag.key()))
                .map(tag -> part(TrackingProtos.tag(tag))),
            delta.removedTags().stream()
                .filter(key -> projection.tags().includes(key))
                .map(key -> new Part(3 * key.length(), b -> b.addDeletedTagKeys(key))),
            lineage
                ? delta.inputs().map(LineageProtos::inputs).map(RunPieces::part).stream()
                : Stream.<Part>empty(),
            lineage
                ? delta.outputs().map(LineageProtos::outputs).map(RunPieces::part).stream()
                : Stream.<Part>empty(),
            points ? appended(delta, projection) : Stream.<Part>empty(),
            points && delta.pointsOmitted() && !projection.metrics().isNone()
                ? Stream.of(new Part(2, b -> b.setPointsOmitted(true)))
                : Stream.<Part>empty()));
  }

  private static Stream<Part> concat(List<Stream<Part>> streams) {
    return streams.stream().flatMap(stream -> stream);
  }

  private static Part part(dev.slipway.tracking.v1.RunInfo info) {
    return new Part(info.getSerializedSize(), b -> b.setInfo(info));
  }

  private static Part part(RunInputs inputs) {
    return new Part(inputs.getSerializedSize(), b -> b.setInputs(inputs));
  }

  private static Part part(RunOutputs outputs) {
    return new Part(outputs.getSerializedSize(), b -> b.setOutputs(outputs));
  }

  private static Part part(Metric metric) {
    return new Part(metric.getSerializedSize() + OVERHEAD_BYTES, b -> b.addMetrics(metric));
  }

  private static Part part(Param param) {
    return new Part(param.getSerializedSize() + OVERHEAD_BYTES, b -> b.addParams(param));
  }

  private static Part part(Tag tag) {
    return new Part(tag.getSerializedSize() + OVERHEAD_BYTES, b -> b.addTags(tag));
  }

  private static Stream<Part> appended(RunDelta delta, RunProjection projection) {
    Map<String, TreeSet<MetricPoint>> byKey = new TreeMap<>();
    for (AppendedPoint appended : delta.appended()) {
      if (projection.metrics().includes(appended.key())) {
        byKey.computeIfAbsent(appended.key(), key -> new TreeSet<>()).add(appended.point());
      }
    }
    return byKey.entrySet().stream()
        .flatMap(
            metric -> {
              List<MetricPoint> points = new ArrayList<>(metric.getValue());
              return Stream.iterate(0, from -> from < points.size(), from -> from + POINTS_PER_PART)
                  .map(
                      from -> points.subList(from, Math.min(points.size(), from + POINTS_PER_PART)))
                  .map(some -> part(metric.getKey(), some));
            });
  }

  private static Part part(String key, List<MetricPoint> points) {
    return new Part(
        POINT_BYTES * points.size() + 3 * key.length() + OVERHEAD_BYTES,
        piece -> append(piece, key, points));
  }

  /** Adds points, to those of the same metric that came just before. */
  private static void append(RunChange.Builder piece, String key, List<MetricPoint> points) {
    int last = piece.getAppendedCount() - 1;
    MetricAppend.Builder append =
        last >= 0 && piece.getAppended(last).getMetricKey().equals(key)
            ? piece.getAppendedBuilder(last)
            : piece.addAppendedBuilder().setMetricKey(key);
    MetricColumns.Builder columns = append.getPointsBuilder();
    for (MetricPoint point : points) {
      columns.addStep(point.step()).addTimestampMs(point.timestampMillis()).addValue(point.value());
    }
  }
}
