package dev.slipway.tracking.watch;

import dev.slipway.tracking.dataset.Dataset;
import dev.slipway.tracking.dataset.DatasetInput;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.run.LatestMetric;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunLineage;
import java.util.List;
import java.util.Optional;

/**
 * Is what changed in a run since some moment: the latest state of each part that changed.
 *
 * @param info the run's present state, changed or not
 * @param infoChanged whether it did
 * @param created whether the run came to be since
 * @param listed whether the run came into a list, left one or moved in it since: it was created,
 *     deleted or restored, or its start time changed. All params, tags and latest metrics that the
 *     run has are here then
 * @param metrics latest points that changed
 * @param params params that are new
 * @param tags tags that are new or were set again
 * @param removedTags keys of tags that are gone
 * @param inputs what the run read, with what it produced, when what it read changed
 * @param outputs what the run produced, with what it read, when what it produced changed
 * @param appended points that were appended, where they were asked for, in no order
 * @param pointsOmitted whether points may have been appended that are not here
 */
public record RunDelta(
    RunInfo info,
    boolean infoChanged,
    boolean created,
    boolean listed,
    List<LatestMetric> metrics,
    List<Param> params,
    List<Tag> tags,
    List<String> removedTags,
    Optional<RunLineage> inputs,
    Optional<RunLineage> outputs,
    List<AppendedPoint> appended,
    boolean pointsOmitted) {
  private static final int ENTRY_BYTES = 96;

  /** Copies the lists. */
  public RunDelta {
    metrics = List.copyOf(metrics);
    params = List.copyOf(params);
    tags = List.copyOf(tags);
    removedTags = List.copyOf(removedTags);
    appended = List.copyOf(appended);
  }

  /** Returns the memory that the delta takes, about. */
  public long bytes() {
    long bytes = bytes(info);
    for (LatestMetric metric : metrics) {
      bytes += bytes(metric);
    }
    for (Param param : params) {
      bytes += bytes(param);
    }
    for (Tag tag : tags) {
      bytes += bytes(tag);
    }
    for (String key : removedTags) {
      bytes += removedBytes(key);
    }
    bytes += inputs.or(() -> outputs).map(RunDelta::bytes).orElse(0L);
    return bytes + (long) appended.size() * AppendedPoint.BYTES;
  }

  /** Returns the memory that a run without any entries takes, about. */
  static long bytes(RunInfo info) {
    return 500 + 2L * info.artifactUri().length();
  }

  static long bytes(LatestMetric metric) {
    return ENTRY_BYTES + 2L * metric.key().length();
  }

  static long bytes(Param param) {
    return ENTRY_BYTES + 2L * (param.key().length() + param.value().length());
  }

  static long bytes(Tag tag) {
    return ENTRY_BYTES + 2L * (tag.key().length() + tag.value().length());
  }

  static long bytes(RunLineage lineage) {
    long bytes =
        (long) ENTRY_BYTES * (lineage.modelInputs().size() + lineage.modelOutputs().size());
    for (DatasetInput input : lineage.datasets()) {
      Dataset dataset = input.dataset();
      bytes +=
          ENTRY_BYTES
              + 2L
                  * (dataset.name().length()
                      + dataset.source().length()
                      + dataset.schema().length()
                      + dataset.profile().length());
      for (Tag tag : input.tags()) {
        bytes += bytes(tag);
      }
    }
    return bytes;
  }

  static long removedBytes(String key) {
    return ENTRY_BYTES + 2L * key.length();
  }
}
