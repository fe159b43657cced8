package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.model.LoggedModelInfo;
import dev.slipway.tracking.model.LoggedModelStatus;
import dev.slipway.tracking.model.LoggedModelUpdate;
import dev.slipway.tracking.model.NewLoggedModel;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunNames;
import dev.slipway.tracking.v1.CreateLoggedModelRequest;
import dev.slipway.tracking.v1.DeleteLoggedModelTagsRequest;
import dev.slipway.tracking.v1.FinalizeLoggedModelRequest;
import dev.slipway.tracking.v1.LogLoggedModelParamsRequest;
import dev.slipway.tracking.v1.SetLoggedModelTagsRequest;
import dev.slipway.tracking.v1.UpdateLoggedModelRequest;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/** Turns requests about logged models into domain values, all violations of a request at once. */
final class LoggedModelRequests {
  private static final Set<String> MASK = Set.of("name", "model_type", "status_message");

  private LoggedModelRequests() {}

  /** Is a final status for a model. */
  record Finish(LoggedModelId id, LoggedModelStatus status, String message) {}

  /** Is a change to a model. */
  record Change(LoggedModelId id, LoggedModelUpdate update) {}

  /** Is tags to set on a model. */
  record Tags(LoggedModelId id, List<Tag> tags) {}

  /** Is tags to remove from a model. */
  record TagKeys(LoggedModelId id, List<String> keys) {}

  /** Is params to add to a model. */
  record Params(LoggedModelId id, List<Param> params) {}

  static LoggedModelId id(String text) {
    Violations violations = new Violations();
    Optional<LoggedModelId> id = id("model_id", text, violations);
    violations.throwIfAny();
    return id.orElseThrow();
  }

  static Optional<LoggedModelId> id(String field, String text, Violations violations) {
    return violations.parse(field, text, LoggedModelId::parse);
  }

  static NewLoggedModel create(CreateLoggedModelRequest request, RandomGenerator random) {
    Violations violations = new Violations();
    Optional<String> requestId = violations.requestId("request_id", request.getRequestId());
    Optional<ExperimentId> experiment =
        EntryRequests.experimentId("experiment_id", request.getExperimentId(), violations);
    String name =
        request.getName().isEmpty()
            ? RunNames.generate(random)
            : name("name", request.getName(), violations);
    String type = type("model_type", request.getModelType(), violations);
    Optional<RunId> sourceRun =
        request.getSourceRunId().isEmpty()
            ? Optional.empty()
            : EntryRequests.runId("source_run_id", request.getSourceRunId(), violations);
    List<Param> params =
        EntryRequests.params(
            "params", request.getParamsList(), NewLoggedModel.MAX_PARAMS, violations);
    List<Tag> tags =
        EntryRequests.tags("tags", request.getTagsList(), Tag.MAX_VALUE_CHARS, violations);
    violations.throwIfAny();
    return new NewLoggedModel(
        requestId,
        LoggedModelId.random(),
        experiment.orElseThrow(),
        name,
        type,
        sourceRun,
        params,
        tags);
  }

  private static String name(String field, String name, Violations violations) {
    violations.parse(field, name, LoggedModelInfo::checkName);
    return EntryRequests.text(field, name, LoggedModelInfo.MAX_NAME_CHARS, violations);
  }

  private static String type(String field, String type, Violations violations) {
    return EntryRequests.text(field, type, LoggedModelInfo.MAX_TYPE_CHARS, violations);
  }

  private static String message(String field, String message, Violations violations) {
    return EntryRequests.text(field, message, LoggedModelInfo.MAX_MESSAGE_CHARS, violations);
  }

  static Finish finish(FinalizeLoggedModelRequest request) {
    Violations violations = new Violations();
    Optional<LoggedModelId> id = id("model_id", request.getModelId(), violations);
    Optional<LoggedModelStatus> status =
        switch (request.getStatus()) {
          case LOGGED_MODEL_STATUS_READY -> Optional.of(LoggedModelStatus.READY);
          case LOGGED_MODEL_STATUS_UPLOAD_FAILED -> Optional.of(LoggedModelStatus.UPLOAD_FAILED);
          case LOGGED_MODEL_STATUS_PENDING, LOGGED_MODEL_STATUS_UNSPECIFIED, UNRECOGNIZED -> {
            violations.add("status", "must be ready or upload failed");
            yield Optional.empty();
          }
        };
    String message = message("status_message", request.getStatusMessage(), violations);
    violations.throwIfAny();
    return new Finish(id.orElseThrow(), status.orElseThrow(), message);
  }

  static Change update(UpdateLoggedModelRequest request) {
    Violations violations = new Violations();
    var model = request.getLoggedModel();
    Optional<LoggedModelId> id = id("logged_model.model_id", model.getModelId(), violations);
    Set<String> mask = EntryRequests.mask(request.getUpdateMask(), MASK, violations);
    Optional<String> name =
        mask.contains("name")
            ? Optional.of(name("logged_model.name", model.getName(), violations))
            : Optional.empty();
    Optional<String> type =
        mask.contains("model_type")
            ? Optional.of(type("logged_model.model_type", model.getModelType(), violations))
            : Optional.empty();
    Optional<String> message =
        mask.contains("status_message")
            ? Optional.of(
                message("logged_model.status_message", model.getStatusMessage(), violations))
            : Optional.empty();
    violations.throwIfAny();
    return new Change(id.orElseThrow(), new LoggedModelUpdate(name, type, message));
  }

  static Tags setTags(SetLoggedModelTagsRequest request) {
    Violations violations = new Violations();
    Optional<LoggedModelId> id = id("model_id", request.getModelId(), violations);
    EntryRequests.atLeastOne("tags", request.getTagsCount(), violations);
    List<Tag> tags =
        EntryRequests.tags("tags", request.getTagsList(), Tag.MAX_VALUE_CHARS, violations);
    violations.throwIfAny();
    return new Tags(id.orElseThrow(), tags);
  }

  static TagKeys deleteTags(DeleteLoggedModelTagsRequest request) {
    Violations violations = new Violations();
    Optional<LoggedModelId> id = id("model_id", request.getModelId(), violations);
    List<String> keys = EntryRequests.tagKeys("keys", request.getKeysList(), violations);
    violations.throwIfAny();
    return new TagKeys(id.orElseThrow(), keys);
  }

  static Params logParams(LogLoggedModelParamsRequest request) {
    Violations violations = new Violations();
    Optional<LoggedModelId> id = id("model_id", request.getModelId(), violations);
    EntryRequests.atLeastOne("params", request.getParamsCount(), violations);
    List<Param> params =
        EntryRequests.params(
            "params", request.getParamsList(), NewLoggedModel.MAX_PARAMS, violations);
    violations.throwIfAny();
    return new Params(id.orElseThrow(), params);
  }
}
