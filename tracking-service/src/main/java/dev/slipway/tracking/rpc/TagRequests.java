package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunLineage;
import dev.slipway.tracking.run.RunProjection;
import dev.slipway.tracking.v1.DeleteExperimentTagsRequest;
import dev.slipway.tracking.v1.DeleteRunTagsRequest;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.SetExperimentTagsRequest;
import dev.slipway.tracking.v1.SetRunTagsRequest;
import java.util.List;
import java.util.Optional;

/** Turns requests about tags into domain values, all violations of a request at once. */
final class TagRequests {
  private TagRequests() {}

  /** Is tags to set on an experiment. */
  record OfExperiment(ExperimentId id, List<Tag> tags) {}

  /** Is tags to remove from an experiment. */
  record KeysOfExperiment(ExperimentId id, List<String> keys) {}

  /** Is tags to set on a run. */
  record OfRun(RunId id, List<Tag> tags) {}

  /** Is tags to remove from a run. */
  record KeysOfRun(RunId id, List<String> keys) {}

  static OfExperiment setExperimentTags(SetExperimentTagsRequest request) {
    Violations violations = new Violations();
    Optional<ExperimentId> id =
        EntryRequests.experimentId("experiment_id", request.getExperimentId(), violations);
    EntryRequests.atLeastOne("tags", request.getTagsCount(), violations);
    List<Tag> tags =
        EntryRequests.tags(
            "tags", request.getTagsList(), Tag.MAX_EXPERIMENT_VALUE_CHARS, violations);
    violations.throwIfAny();
    return new OfExperiment(id.orElseThrow(), tags);
  }

  static KeysOfExperiment deleteExperimentTags(DeleteExperimentTagsRequest request) {
    Violations violations = new Violations();
    Optional<ExperimentId> id =
        EntryRequests.experimentId("experiment_id", request.getExperimentId(), violations);
    List<String> keys = EntryRequests.tagKeys("keys", request.getKeysList(), violations);
    violations.throwIfAny();
    return new KeysOfExperiment(id.orElseThrow(), keys);
  }

  static OfRun setRunTags(SetRunTagsRequest request) {
    Violations violations = new Violations();
    Optional<RunId> id = EntryRequests.runId("run_id", request.getRunId(), violations);
    EntryRequests.atLeastOne("tags", request.getTagsCount(), violations);
    List<Tag> tags = EntryRequests.runTags("tags", request.getTagsList(), violations);
    violations.throwIfAny();
    return new OfRun(id.orElseThrow(), tags);
  }

  static KeysOfRun deleteRunTags(DeleteRunTagsRequest request) {
    Violations violations = new Violations();
    Optional<RunId> id = EntryRequests.runId("run_id", request.getRunId(), violations);
    List<String> keys = EntryRequests.tagKeys("keys", request.getKeysList(), violations);
    violations.throwIfAny();
    return new KeysOfRun(id.orElseThrow(), keys);
  }

  static RunProjection projection(GetRunRequest request) {
    Violations violations = new Violations();
    EntryRequests.runId("run_id", request.getRunId(), violations);
    RunProjection projection = EntryRequests.projection(request.getProjection(), violations);
    if (request.getFullDatasets() && projection.lineage() == RunLineage.Detail.NONE) {
      violations.add("full_datasets", "does not go with projection.omit_inputs_and_outputs");
    }
    violations.throwIfAny();
    return request.getFullDatasets() ? projection.withLineage(RunLineage.Detail.FULL) : projection;
  }
}
