package dev.slipway.tracking.watch;

import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunLineage;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Is the changes of one run, folded: the latest state of each part, and the tick at which it came.
 * However often a part changes, it takes its place once. Not thread-safe.
 */
final class FoldedRun {
  private record At<T>(long tick, T value) {}

  private final Map<String, At<LatestMetric>> metrics = new TreeMap<>();
  private final Map<String, At<Param>> params = new TreeMap<>();

  /** Absent tags are removed ones. */
  private final Map<String, At<Optional<Tag>>> tags = new TreeMap<>();

  /** What the run read and produced, at the later of both ticks. */
  private Optional<RunLineage> lineage = Optional.empty();

  private long inputsTick;
  private long outputsTick;
  private final Deque<At<List<AppendedPoint>>> appended = new ArrayDeque<>();
  private RunInfo info;
  private long tick;
  private long infoTick;
  private long createdTick;
  private long listedTick;
  private long omittedTick;
  private long stateBytes;
  private long appendedBytes;

  void fold(long newTick, RunDelta delta) {
    tick = newTick;
    info = delta.info();
    infoTick = delta.infoChanged() ? newTick : infoTick;
    createdTick = delta.created() ? newTick : createdTick;
    listedTick = delta.listed() ? newTick : listedTick;
    omittedTick = delta.pointsOmitted() ? newTick : omittedTick;
    for (LatestMetric metric : delta.metrics()) {
      At<LatestMetric> before = metrics.put(metric.key(), new At<>(newTick, metric));
      stateBytes += before == null ? RunDelta.bytes(metric) : 0;
    }
    for (Param param : delta.params()) {
      At<Param> before = params.put(param.key(), new At<>(newTick, param));
      stateBytes += before == null ? RunDelta.bytes(param) : 0;
    }
    for (Tag tag : delta.tags()) {
      putTag(tag.key(), new At<>(newTick, Optional.of(tag)));
    }
    for (String key : delta.removedTags()) {
      putTag(key, new At<>(newTick, Optional.empty()));
    }
    inputsTick = delta.inputs().isPresent() ? newTick : inputsTick;
    outputsTick = delta.outputs().isPresent() ? newTick : outputsTick;
    delta.inputs().or(delta::outputs).ifPresent(this::putLineage);
    if (!delta.appended().isEmpty()) {
      appended.add(new At<>(newTick, delta.appended()));
      appendedBytes += bytes(delta.appended());
    }
  }

  private void putLineage(RunLineage present) {
    stateBytes += RunDelta.bytes(present) - lineage.map(RunDelta::bytes).orElse(0L);
    lineage = Optional.of(present);
  }

  private void putTag(String key, At<Optional<Tag>> tag) {
    At<Optional<Tag>> before = tags.put(key, tag);
    stateBytes += bytes(key, tag) - (before == null ? 0 : bytes(key, before));
  }

  private static long bytes(String key, At<Optional<Tag>> tag) {
    return tag.value().map(RunDelta::bytes).orElse(RunDelta.removedBytes(key));
  }

  private static long bytes(List<AppendedPoint> points) {
    return (long) points.size() * AppendedPoint.BYTES;
  }

  /** Returns the tick of the last change. */
  long tick() {
    return tick;
  }

  /** Returns the memory taken, about. */
  long bytes() {
    return RunDelta.bytes(info) + stateBytes + appendedBytes;
  }

  /** Forgets points that came up to a tick and that everybody has. */
  void forgetAppended(long through) {
    while (!appended.isEmpty() && appended.peek().tick() <= through) {
      appendedBytes -= bytes(appended.remove().value());
    }
  }

  /** Forgets the oldest points, which somebody may miss, until the rest takes no more memory. */
  void omitAppended(long maxBytes) {
    while (!appended.isEmpty() && appendedBytes > maxBytes) {
      At<List<AppendedPoint>> oldest = appended.remove();
      appendedBytes -= bytes(oldest.value());
      omittedTick = Math.max(omittedTick, oldest.tick());
    }
  }

  /** Returns what changed after a tick. */
  RunDelta since(long after) {
    List<LatestMetric> newMetrics = new ArrayList<>();
    metrics.values().stream().filter(m -> m.tick() > after).forEach(m -> newMetrics.add(m.value()));
    List<Param> newParams = new ArrayList<>();
    params.values().stream().filter(p -> p.tick() > after).forEach(p -> newParams.add(p.value()));
    List<Tag> newTags = new ArrayList<>();
    List<String> removedTags = new ArrayList<>();
    tags.forEach(
        (key, tag) -> {
          if (tag.tick() > after) {
            tag.value().ifPresentOrElse(newTags::add, () -> removedTags.add(key));
          }
        });
    List<AppendedPoint> points = new ArrayList<>();
    appended.stream().filter(a -> a.tick() > after).forEach(a -> points.addAll(a.value()));
    return new RunDelta(
        info,
        infoTick > after,
        createdTick > after,
        listedTick > after,
        newMetrics,
        newParams,
        newTags,
        removedTags,
        inputsTick > after ? lineage : Optional.empty(),
        outputsTick > after ? lineage : Optional.empty(),
        points,
        omittedTick > after);
  }
}
