package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.rpc.BadRequest.FieldViolation;
import dev.slipway.gateway.upstream.Outcome;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says in MLflow's words why a service refused. Existing test suites match on fragments of those
 * messages. Thread-safe.
 */
public final class ErrorTranslator {
  private static final Logger log = LoggerFactory.getLogger(ErrorTranslator.class);

  private static final Pattern LAST_NUMBER = Pattern.compile("(\\d+)\\D*$");
  private static final Pattern ID = Pattern.compile("[a-zA-Z0-9][\\w-]{0,255}");

  private ErrorTranslator() {}

  /**
   * Returns the answer for a failed call.
   *
   * @param request what the client had sent, by MLflow's names
   */
  public static MlflowException translate(Outcome outcome, Map<String, String> request) {
    ObjectNode fields = JsonNodeFactory.instance.objectNode();
    request.forEach(fields::put);
    return translate(outcome, RequestNames.of(Fields.ofQuery(fields)));
  }

  /**
   * Returns the answer for a failed call.
   *
   * @param names how the client names what the service may find wrong
   */
  static MlflowException translate(Outcome outcome, RequestNames names) {
    Optional<MlflowException> known =
        TrackingErrors.translate(outcome).or(() -> RegistryErrors.translate(outcome));
    if (known.isPresent()) {
      return known.get();
    }
    return outcome.violations().isEmpty() ? byCode(outcome) : invalid(outcome.violations(), names);
  }

  private static MlflowException invalid(List<FieldViolation> violations, RequestNames names) {
    // To MLflow these are ids like any other, which merely nobody has.
    String first = names.of(violations.get(0).getField());
    String run = Entries.runId(names.request());
    if (first.equals("run_id") && ID.matcher(run).matches()) {
      return TrackingErrors.runNotFound(run);
    }
    String model = names.request().text("model_id");
    if (violations.get(0).getField().equals("model_id") && ID.matcher(model).matches()) {
      return TrackingErrors.loggedModelNotFound(model);
    }
    return MlflowException.refused(
        violations.stream()
            .map(violation -> message(violation, names))
            .collect(Collectors.joining(" ")));
  }

  private static String message(FieldViolation violation, RequestNames names) {
    String path = names.of(violation.getField());
    String problem = violation.getDescription();
    return switch (violation.getReason()) {
      case "REQUIRED" -> MlflowException.missing(path).getMessage();
      case "TOO_LONG" ->
          "'%s' exceeds the maximum length of %s characters (%s %s)."
              .formatted(
                  RequestNames.wordFor(violation.getField()), lastNumber(problem), path, problem);
      case "SOURCE_LOCAL_PATH" ->
          "Invalid model version source: %s. To use a local path as a model version source, the run_id request parameter has to be specified and the local path has to be contained within the artifact directory of the run; this server keeps no artifacts at local paths: upload the model first."
              .formatted(names.request().shownAt(path));
      case "SOURCE_UNSAFE" ->
          "Invalid model version source: %s %s.".formatted(names.request().shownAt(path), problem);
      default ->
          path.equals("filter")
              ? kindOfFault(violation.getReason()) + ": " + problem + "."
              : "Invalid value %s for parameter '%s' supplied: %s."
                  .formatted(names.request().shownAt(path), path, problem);
    };
  }

  /** MLflow names the kind of fault; the service's text, which says where it is, follows. */
  private static String kindOfFault(String reason) {
    return switch (reason) {
      case "FILTER_ENTITY" -> "Invalid entity type";
      case "FILTER_ATTRIBUTE" -> "Invalid attribute key";
      case "FILTER_OPERATOR" -> "Invalid comparator";
      default -> "Invalid clause(s) in filter string";
    };
  }

  /** The description of a text that is too long ends by saying how long it may be. */
  private static String lastNumber(String problem) {
    Matcher number = LAST_NUMBER.matcher(problem);
    return number.find() ? number.group(1) : "";
  }

  private static MlflowException byCode(Outcome outcome) {
    String message = outcome.message();
    return switch (outcome.code()) {
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> MlflowException.refused(message);
      case NOT_FOUND -> MlflowException.absent(message);
      case ALREADY_EXISTS -> new MlflowException(ErrorCode.RESOURCE_ALREADY_EXISTS, message);
      case ABORTED -> new MlflowException(ErrorCode.ABORTED, message);
      case PERMISSION_DENIED -> new MlflowException(ErrorCode.PERMISSION_DENIED, message);
      case UNAUTHENTICATED -> new MlflowException(ErrorCode.UNAUTHENTICATED, message);
      case RESOURCE_EXHAUSTED -> new MlflowException(ErrorCode.RESOURCE_EXHAUSTED, message);
      case CANCELLED -> new MlflowException(ErrorCode.CANCELLED, "The call was cancelled");
      case UNIMPLEMENTED ->
          new MlflowException(ErrorCode.NOT_IMPLEMENTED, "The service does not offer this");
      case UNAVAILABLE -> {
        log.warn("a service does not answer: {}", message);
        yield new MlflowException(
            ErrorCode.TEMPORARILY_UNAVAILABLE, "The service does not answer; try again");
      }
      case DEADLINE_EXCEEDED ->
          new MlflowException(
              ErrorCode.DEADLINE_EXCEEDED,
              "The service did not answer in time; a write may have been done all the same");
      case OK, UNKNOWN, INTERNAL, DATA_LOSS -> {
        log.error("a service failed: {} {}", outcome.code(), message);
        yield new MlflowException(
            ErrorCode.INTERNAL_ERROR, "Internal error; the server's log has the details");
      }
    };
  }
}
