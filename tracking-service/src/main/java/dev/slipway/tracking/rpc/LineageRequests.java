package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.tracking.dataset.DatasetInput;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.rpc.SearchRequests.Paged;
import dev.slipway.tracking.run.ModelOutput;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.v1.LogInputsRequest;
import dev.slipway.tracking.v1.LogOutputsRequest;
import dev.slipway.tracking.v1.SearchDatasetsRequest;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** Turns requests about what runs read and produced into domain values, all violations at once. */
final class LineageRequests {
  private static final int MAX_EXPERIMENTS = 20;
  private static final int MAX_PAGE = 1_000;

  private LineageRequests() {}

  /** Is inputs to add to a run. */
  record Inputs(RunId run, List<DatasetInput> datasets, List<LoggedModelId> models) {}

  /** Is outputs to add to a run. */
  record Outputs(RunId run, List<ModelOutput> models) {}

  static Inputs logInputs(LogInputsRequest request) {
    Violations violations = new Violations();
    Optional<RunId> run = EntryRequests.runId("run_id", request.getRunId(), violations);
    List<DatasetInput> datasets =
        DatasetRequests.inputs("datasets", request.getDatasetsList(), violations);
    int models = request.getModelsCount();
    EntryRequests.atMost("models", models, ModelOutput.MAX_PER_REQUEST, violations);
    Set<LoggedModelId> ids = new LinkedHashSet<>();
    for (int i = 0; i < models; i++) {
      model("models[" + i + "]", request.getModels(i).getModelId(), violations).ifPresent(ids::add);
    }
    violations.throwIfAny();
    return new Inputs(run.orElseThrow(), datasets, List.copyOf(ids));
  }

  static Outputs logOutputs(LogOutputsRequest request) {
    Violations violations = new Violations();
    Optional<RunId> run = EntryRequests.runId("run_id", request.getRunId(), violations);
    int models = request.getModelsCount();
    EntryRequests.atLeastOne("models", models, violations);
    EntryRequests.atMost("models", models, ModelOutput.MAX_PER_REQUEST, violations);
    Map<LoggedModelId, Long> steps = new LinkedHashMap<>();
    for (int i = 0; i < models; i++) {
      long step = request.getModels(i).getStep();
      model("models[" + i + "]", request.getModels(i).getModelId(), violations)
          .ifPresent(id -> steps.put(id, step));
    }
    violations.throwIfAny();
    return new Outputs(
        run.orElseThrow(),
        steps.entrySet().stream()
            .map(entry -> new ModelOutput(entry.getKey(), entry.getValue()))
            .toList());
  }

  private static Optional<LoggedModelId> model(String path, String id, Violations violations) {
    return LoggedModelRequests.id(path + ".model_id", id, violations);
  }

  static Paged<Set<ExperimentId>> searchDatasets(SearchDatasetsRequest request) {
    Violations violations = new Violations();
    Set<ExperimentId> experiments =
        SearchRequests.experimentIds(request.getExperimentIdsList(), MAX_EXPERIMENTS, violations);
    PageRequest page =
        PageRequest.of(
            request.getPageSize(),
            request.getPageToken(),
            MAX_PAGE,
            MAX_PAGE,
            "datasets\n" + String.join(",", new TreeSet<>(request.getExperimentIdsList())),
            violations);
    violations.throwIfAny();
    return new Paged<>(experiments, page);
  }
}
