package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.entry.EntryKey;
import dev.slipway.tracking.metric.MetricBatch;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.v1.OpenMetricStream;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import java.util.regex.Pattern;

/** Turns the messages of metric streams into domain values, all violations of a message at once. */
final class StreamRequests {
  private static final Pattern WRITER_ID = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  private StreamRequests() {}

  /** Says who writes to which run. */
  record Open(RunId run, String writerId) {}

  static Open open(OpenMetricStream message) {
    Violations violations = new Violations();
    Optional<RunId> run = EntryRequests.runId("open.run_id", message.getRunId(), violations);
    if (!WRITER_ID.matcher(message.getWriterId()).matches()) {
      violations.add("open.writer_id", "must be 1 to 64 of the characters A-Z a-z 0-9 . _ -");
    }
    violations.throwIfAny();
    return new Open(run.orElseThrow(), message.getWriterId());
  }

  /**
   * Is a batch as it was sent.
   *
   * @param names its dictionary, which the next batch may refer to
   * @param points its points, with the names that they have
   */
  record Batch(List<String> names, MetricBatch points) {}

  /**
   * Reads a batch.
   *
   * @param previousNames dictionary of the batch before, for a batch without one of its own
   * @param isKnown tells names that were checked before
   */
  static Batch batch(
      dev.slipway.tracking.v1.MetricBatch message,
      List<String> previousNames,
      Predicate<String> isKnown) {
    Violations violations = new Violations();
    if (message.getSeq() < 1) {
      violations.add("batch.seq", "is " + message.getSeq() + "; numbers start at 1");
    }
    int points = message.getValueCount();
    if (points < 1 || points > MetricBatch.MAX_POINTS) {
      violations.add(
          "batch.value", "has " + points + " points; must have 1 to " + MetricBatch.MAX_POINTS);
    }
    List<String> names = previousNames;
    if (message.getNamesCount() > 0) {
      names = List.copyOf(message.getNamesList());
      checkNames(names, isKnown, violations);
    } else if (previousNames.isEmpty()) {
      violations.add("batch.names", "is required in the first batch of a stream");
    }
    if (points > MetricBatch.MAX_POINTS) {
      violations.throwIfAny();
    }
    int[] nameIndexes = nameIndexes(message, names.size(), violations);
    long[] steps = steps(message, violations);
    long[] timestamps = timestamps(message, violations);
    violations.throwIfAny();
    double[] values = new double[points];
    for (int i = 0; i < points; i++) {
      values[i] = message.getValue(i);
    }
    return new Batch(names, MetricBatch.compact(names, nameIndexes, steps, timestamps, values));
  }

  private static void checkNames(
      List<String> names, Predicate<String> isKnown, Violations violations) {
    EntryRequests.atMost("batch.names", names.size(), MetricBatch.MAX_NAMES, violations);
    for (int i = 0; i < names.size(); i++) {
      String name = names.get(i);
      if (!isKnown.test(name)) {
        violations.parse("batch.names[" + i + "]", name, EntryKey::check);
      }
    }
  }

  private static int[] nameIndexes(
      dev.slipway.tracking.v1.MetricBatch message, int names, Violations violations) {
    int points = message.getValueCount();
    int[] indexes = new int[points];
    if (message.getNameIndexCount() == 0 && points == names) {
      Arrays.setAll(indexes, i -> i);
      return indexes;
    }
    if (message.getNameIndexCount() != points) {
      violations.add(
          "batch.name_index",
          "has "
              + message.getNameIndexCount()
              + " entries; must have one per point ("
              + points
              + "), or none when there are as many points as names ("
              + names
              + ")");
      return indexes;
    }
    for (int i = 0; i < points; i++) {
      int index = message.getNameIndex(i);
      if (index < 0 || index >= names) {
        violations.add(
            "batch.name_index[" + i + "]",
            "is " + Integer.toUnsignedString(index) + "; there are " + names + " names, from 0");
      }
      indexes[i] = index;
    }
    return indexes;
  }

  private static long[] steps(dev.slipway.tracking.v1.MetricBatch message, Violations violations) {
    int points = message.getValueCount();
    long[] steps = new long[points];
    int count = message.getStepCount();
    if (count == 1) {
      Arrays.fill(steps, message.getStep(0));
    } else if (count == points) {
      for (int i = 0; i < points; i++) {
        steps[i] = message.getStep(i);
      }
    } else if (count != 0) {
      violations.add(
          "batch.step", "has " + count + " entries; must have none, one, or one per point");
    }
    return steps;
  }

  private static long[] timestamps(
      dev.slipway.tracking.v1.MetricBatch message, Violations violations) {
    int points = message.getValueCount();
    long[] timestamps = new long[points];
    int count = message.getTimestampMsCount();
    if (count != 1 && count != points) {
      violations.add(
          "batch.timestamp_ms", "has " + count + " entries; must have one, or one per point");
      return timestamps;
    }
    for (int i = 0; i < count; i++) {
      if (message.getTimestampMs(i) < 0) {
        violations.add("batch.timestamp_ms[" + i + "]", "must be 0 or more");
      }
      timestamps[i] = message.getTimestampMs(i);
    }
    if (count == 1) {
      Arrays.fill(timestamps, message.getTimestampMs(0));
    }
    return timestamps;
  }
}
