package dev.slipway.gateway.upstream;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.BadRequest;
import com.google.rpc.BadRequest.FieldViolation;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Says why a service refused a call, for each protocol to put into its own words.
 *
 * @param code the class of failure
 * @param message what the service says, in its own vocabulary; may be empty
 * @param reason stable identifier of the failure; empty when the service gave none
 * @param about the values concerned, by name
 * @param violations what is wrong with the request, by fields of the service's message
 */
public record Outcome(
    Status.Code code,
    String message,
    String reason,
    Map<String, String> about,
    List<FieldViolation> violations) {
  private static final Logger log = LoggerFactory.getLogger(Outcome.class);

  /** Copies the collections. */
  public Outcome {
    about = Map.copyOf(about);
    violations = List.copyOf(violations);
  }

  /** Reads a failure and its details. */
  public static Outcome of(StatusRuntimeException failure) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    ErrorInfo info = detail(status, ErrorInfo.class).orElseGet(ErrorInfo::getDefaultInstance);
    String description = failure.getStatus().getDescription();
    return new Outcome(
        failure.getStatus().getCode(),
        description == null ? "" : description,
        info.getReason(),
        info.getMetadataMap(),
        detail(status, BadRequest.class)
            .map(BadRequest::getFieldViolationsList)
            .orElseGet(List::of));
  }

  private static <M extends Message> Optional<M> detail(
      com.google.rpc.Status status, Class<M> type) {
    if (status == null) {
      return Optional.empty();
    }
    for (Any detail : status.getDetailsList()) {
      if (detail.is(type)) {
        try {
          return Optional.of(detail.unpack(type));
        } catch (InvalidProtocolBufferException e) {
          log.warn("a service sent error details that cannot be read", e);
        }
      }
    }
    return Optional.empty();
  }
}
