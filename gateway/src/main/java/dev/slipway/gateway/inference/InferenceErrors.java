package dev.slipway.gateway.inference;

import dev.slipway.gateway.upstream.Outcome;
import dev.slipway.runtime.error.InvalidRequestException;
import io.javalin.http.HttpResponseException;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Says with which status and in which words a request is refused. */
final class InferenceErrors {
  private static final Logger log = LoggerFactory.getLogger(InferenceErrors.class);

  private InferenceErrors() {}

  /** Refuses a request for what is wrong with it. */
  static HttpResponseException malformed(String message) {
    return new HttpResponseException(400, message);
  }

  /** Refuses a request for all that is wrong with it. */
  static HttpResponseException malformed(InvalidRequestException violations) {
    return malformed(
        violations.violations().stream()
            .map(violation -> violation.field() + ": " + violation.description())
            .collect(Collectors.joining("; ")));
  }

  /** Refuses what this server never does. */
  static HttpResponseException unsupported(String message) {
    return new HttpResponseException(501, message);
  }

  /** Says why the service refused. */
  static HttpResponseException translate(Outcome outcome) {
    return switch (outcome.code()) {
      case INVALID_ARGUMENT, FAILED_PRECONDITION, OUT_OF_RANGE -> malformed(words(outcome));
      case UNAUTHENTICATED -> new HttpResponseException(401, words(outcome));
      case PERMISSION_DENIED -> new HttpResponseException(403, words(outcome));
      case NOT_FOUND -> new HttpResponseException(404, words(outcome));
      case ALREADY_EXISTS, ABORTED -> new HttpResponseException(409, words(outcome));
      // Without a reason it is gRPC's own: the message is too large for the service.
      case RESOURCE_EXHAUSTED ->
          new HttpResponseException(outcome.reason().isEmpty() ? 413 : 429, words(outcome));
      case UNIMPLEMENTED -> unsupported(words(outcome));
      case UNAVAILABLE -> {
        log.warn("the serving service is not available: {}", outcome.message());
        // Without a reason nobody answered, and the message is about connections.
        yield new HttpResponseException(
            503,
            outcome.reason().isEmpty()
                ? "the serving service does not answer; try again"
                : words(outcome));
      }
      case CANCELLED -> new HttpResponseException(503, "the call was cancelled");
      case DEADLINE_EXCEEDED ->
          new HttpResponseException(504, "the model did not answer in time: " + words(outcome));
      case OK, UNKNOWN, INTERNAL, DATA_LOSS -> {
        log.error("serving failed: {} {}", outcome.code(), outcome.message());
        yield new HttpResponseException(
            500,
            outcome.reason().isEmpty()
                ? "internal error; the server's log has the details"
                : words(outcome));
      }
    };
  }

  private static String words(Outcome outcome) {
    if (outcome.violations().isEmpty()) {
      return outcome.message();
    }
    return outcome.violations().stream()
        .map(violation -> name(violation.getField()) + ": " + violation.getDescription())
        .collect(Collectors.joining("; "));
  }

  /** Tensors are always handed on as raw chunks, which clients of this protocol know nothing of. */
  private static String name(String field) {
    return field.replace("raw_input_contents", "inputs");
  }
}
