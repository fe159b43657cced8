package dev.slipway.gateway.mlflow;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in MLflow's words why a service refused: the one table from reasons and violations to error
 * codes and messages. Existing test suites match on fragments of those messages. Thread-safe.
 */
final class ErrorTranslator {
  private static final Logger log = LoggerFactory.getLogger(ErrorTranslator.class);

  private static final Pattern TOO_LONG =
      Pattern.compile("has (\\d+) characters; at most (\\d+) are allowed");
  private static final Pattern RUN_ID = Pattern.compile("[a-zA-Z0-9][\\w-]{0,255}");
  private static final Pattern ELEMENT = Pattern.compile("(\\w+)\\[\\d+](?:\\.(.+))?");

  private ErrorTranslator() {}

  /**
   * Returns the answer for a failed call.
   *
   * @param request what the client had sent, to show the values that were refused
   */
  static MlflowException translate(StatusRuntimeException failure, Fields request) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    Optional<ErrorInfo> info = detail(status, ErrorInfo.class);
    if (info.isPresent()) {
      Optional<MlflowException> known = known(info.get(), failure.getStatus());
      if (known.isPresent()) {
        return known.get();
      }
    }
    Optional<BadRequest> badRequest = detail(status, BadRequest.class);
    if (badRequest.isPresent() && badRequest.get().getFieldViolationsCount() > 0) {
      return invalid(badRequest.get().getFieldViolationsList(), request);
    }
    return byCode(failure);
  }

  /** Returns the stable reason of a failure, empty when it has none. */
  static String reason(StatusRuntimeException failure) {
    return detail(StatusProto.fromThrowable(failure), ErrorInfo.class)
        .map(ErrorInfo::getReason)
        .orElse("");
  }

  private static Optional<MlflowException> known(ErrorInfo info, Status status) {
    Map<String, String> about = info.getMetadataMap();
    String run = about.getOrDefault("run_id", "");
    return switch (info.getReason()) {
      case "RUN_NOT_FOUND" -> absent("Run with id=" + run + " not found");
      case "EXPERIMENT_NOT_FOUND" ->
          about.containsKey("name")
              ? absent("Could not find experiment with name '" + about.get("name") + "'")
              : absent("No Experiment with id=" + about.get("experiment_id") + " exists");
      case "EXPERIMENT_ALREADY_EXISTS" ->
          Optional.of(
              new MlflowException(
                  ErrorCode.RESOURCE_ALREADY_EXISTS,
                  "Experiment '" + about.get("name") + "' already exists."));
      case "RUN_NOT_ACTIVE" ->
          refused("The run " + run + " must be in the 'active' state. Current state is deleted.");
      case "EXPERIMENT_NOT_ACTIVE" ->
          refused(
              "The experiment "
                  + about.get("experiment_id")
                  + " must be in the 'active' state. Current state is deleted.");
      case "PARAM_CONFLICT" ->
          refused(
              "Changing param values is not allowed. Param with key='%s' was already logged with value='%s'. Attempted logging new value '%s'."
                  .formatted(about.get("key"), about.get("stored_value"), about.get("new_value")));
      case "REGISTERED_MODEL_NOT_FOUND" ->
          absent("Registered Model with name=" + about.get("name") + " not found");
      case "MODEL_VERSION_NOT_FOUND" ->
          about.containsKey("version")
              ? absent(
                  "Model Version (name=%s, version=%s) not found"
                      .formatted(about.get("name"), about.get("version")))
              : Optional.empty();
      // Clients expect a wrong alias to be a wrong value, unlike a wrong model.
      case "MODEL_ALIAS_NOT_FOUND" -> refused(status.getDescription());
      default -> Optional.empty();
    };
  }

  private static Optional<MlflowException> absent(String message) {
    return Optional.of(new MlflowException(ErrorCode.RESOURCE_DOES_NOT_EXIST, message));
  }

  private static Optional<MlflowException> refused(String message) {
    return Optional.of(new MlflowException(ErrorCode.INVALID_PARAMETER_VALUE, message));
  }

  private static MlflowException invalid(List<FieldViolation> violations, Fields request) {
    String run = Entries.runId(request);
    if (clientPath(violations.get(0).getField(), request).equals("run_id")
        && RUN_ID.matcher(run).matches()) {
      // To MLflow it is an id like any other, which merely nobody has.
      return new MlflowException(
          ErrorCode.RESOURCE_DOES_NOT_EXIST, "Run with id=" + run + " not found");
    }
    String message =
        violations.stream()
            .map(violation -> message(violation.getField(), violation.getDescription(), request))
            .collect(Collectors.joining(" "));
    return new MlflowException(ErrorCode.INVALID_PARAMETER_VALUE, message);
  }

  private static String message(String servicePath, String problem, Fields request) {
    String path = clientPath(servicePath, request);
    if (problem.startsWith("is required")) {
      return "Missing value for required parameter '" + path + "'.";
    }
    Matcher tooLong = TOO_LONG.matcher(problem);
    if (tooLong.matches()) {
      return "'%s' exceeds the maximum length of %s characters (%s has %s)."
          .formatted(word(servicePath), tooLong.group(2), path, tooLong.group(1));
    }
    if (path.equals("filter")) {
      return filter(problem);
    }
    return "Invalid value %s for parameter '%s' supplied: %s."
        .formatted(request.shownAt(path), path, problem);
  }

  /** MLflow names the kind of fault; the service's text, which says where it is, follows. */
  private static String filter(String problem) {
    String kind = "Invalid clause(s) in filter string";
    if (problem.contains("is no entity")) {
      kind = "Invalid entity type";
    } else if (problem.contains("is no attribute")) {
      kind = "Invalid attribute key";
    } else if (problem.contains("compared by")) {
      kind = "Invalid comparator";
    }
    return kind + ": " + problem + ".";
  }

  private static String clientPath(String servicePath, Fields request) {
    String path =
        switch (servicePath) {
          case "experiment.name" -> "new_name";
          case "page_size" -> "max_results";
          default ->
              servicePath
                  .replaceFirst("^(experiment|run|registered_model|model_version)\\.", "")
                  .replaceFirst("timestamp_ms$", "timestamp");
        };
    Matcher element = ELEMENT.matcher(path);
    if (!element.matches()) {
      return path;
    }
    if (!request.has(element.group(1))) {
      // The client logs one entry and has no list.
      return element.group(2) == null ? "key" : element.group(2);
    }
    return path.replaceFirst("^(metrics\\[\\d+])\\.key$", "$1.name");
  }

  /** Returns the word that MLflow uses for a field that is too long. */
  private static String word(String servicePath) {
    if (servicePath.matches("metrics\\[\\d+]\\.key")) {
      return "Metric name";
    }
    if (servicePath.matches("params\\[\\d+]\\.key")) {
      return "Param key";
    }
    if (servicePath.matches("keys\\[\\d+]")) {
      return "key";
    }
    return servicePath.substring(servicePath.lastIndexOf('.') + 1);
  }

  private static MlflowException byCode(StatusRuntimeException failure) {
    Status status = failure.getStatus();
    String message = status.getDescription() == null ? "" : status.getDescription();
    return switch (status.getCode()) {
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE ->
          new MlflowException(ErrorCode.INVALID_PARAMETER_VALUE, message);
      case NOT_FOUND -> new MlflowException(ErrorCode.RESOURCE_DOES_NOT_EXIST, message);
      case ALREADY_EXISTS -> new MlflowException(ErrorCode.RESOURCE_ALREADY_EXISTS, message);
      case ABORTED -> new MlflowException(ErrorCode.ABORTED, message);
      case PERMISSION_DENIED -> new MlflowException(ErrorCode.PERMISSION_DENIED, message);
      case UNAUTHENTICATED -> new MlflowException(ErrorCode.UNAUTHENTICATED, message);
      case RESOURCE_EXHAUSTED -> new MlflowException(ErrorCode.RESOURCE_EXHAUSTED, message);
      case CANCELLED -> new MlflowException(ErrorCode.CANCELLED, "The call was cancelled");
      case UNIMPLEMENTED ->
          new MlflowException(ErrorCode.NOT_IMPLEMENTED, "The service does not offer this");
      case UNAVAILABLE -> {
        log.warn("a service does not answer: {}", status);
        yield new MlflowException(
            ErrorCode.TEMPORARILY_UNAVAILABLE, "The service does not answer; try again");
      }
      case DEADLINE_EXCEEDED ->
          new MlflowException(
              ErrorCode.DEADLINE_EXCEEDED,
              "The service did not answer in time; a write may have been done all the same");
      case OK, UNKNOWN, INTERNAL, DATA_LOSS -> {
        log.error("a service failed", failure);
        yield new MlflowException(
            ErrorCode.INTERNAL_ERROR, "Internal error; the server's log has the details");
      }
    };
  }

  private static <M extends com.google.protobuf.Message> Optional<M> detail(
      com.google.rpc.Status status, Class<M> type) {
    if (status != null) {
      for (Any detail : status.getDetailsList()) {
        if (detail.is(type)) {
          try {
            return Optional.of(detail.unpack(type));
          } catch (InvalidProtocolBufferException e) {
            log.warn("a service sent error details that cannot be read", e);
          }
        }
      }
    }
    return Optional.empty();
  }
}
