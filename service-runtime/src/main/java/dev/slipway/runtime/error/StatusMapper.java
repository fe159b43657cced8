package dev.slipway.runtime.error;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Turns failures into gRPC statuses: the one table from {@link ErrorKind} to code and details.
 *
 * <p>Details follow <a href="https://google.aip.dev/193">AIP-193</a>: {@code ErrorInfo} with a
 * stable reason always, {@code BadRequest} for malformed input. Whatever was not foreseen becomes
 * {@code INTERNAL} with an opaque message and is logged with its stack trace. Thread-safe.
 */
public final class StatusMapper {
  /** The {@code ErrorInfo.domain} of every error of the suite. */
  public static final String DOMAIN = "slipway.dev";

  private static final Logger log = LoggerFactory.getLogger(StatusMapper.class);

  private StatusMapper() {}

  /**
   * Returns the status to send for a failure; a status that is already one passes through
   * unchanged.
   */
  public static StatusRuntimeException toStatus(Throwable failure) {
    if (failure instanceof ServiceException known) {
      return toStatus(known);
    }
    if (failure instanceof StatusRuntimeException status) {
      return status;
    }
    if (failure instanceof StatusException status) {
      return status.getStatus().asRuntimeException(status.getTrailers());
    }
    log.error("unforeseen failure", failure);
    return status(
        Status.Code.INTERNAL,
        "internal error; the server's log has the details",
        ErrorInfo.newBuilder().setDomain(DOMAIN).setReason("INTERNAL").build());
  }

  private static StatusRuntimeException toStatus(ServiceException failure) {
    Status.Code code = code(failure.kind());
    if (code == Status.Code.INTERNAL || code == Status.Code.DATA_LOSS) {
      log.error("{}", failure.reason(), failure);
    } else if (failure.getCause() != null) {
      log.debug("{}", failure.reason(), failure);
    }
    ErrorInfo info =
        ErrorInfo.newBuilder()
            .setDomain(DOMAIN)
            .setReason(failure.reason())
            .putAllMetadata(failure.metadata())
            .build();
    if (failure instanceof InvalidRequestException invalid) {
      BadRequest.Builder badRequest = BadRequest.newBuilder();
      for (FieldViolation violation : invalid.violations()) {
        badRequest
            .addFieldViolationsBuilder()
            .setField(violation.field())
            .setDescription(violation.description());
      }
      return status(code, failure.getMessage(), info, badRequest.build());
    }
    return status(code, failure.getMessage(), info);
  }

  private static StatusRuntimeException status(
      Status.Code code, String message, com.google.protobuf.Message... details) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder().setCode(code.value()).setMessage(message);
    for (com.google.protobuf.Message detail : details) {
      status.addDetails(Any.pack(detail));
    }
    return StatusProto.toStatusRuntimeException(status.build());
  }

  private static Status.Code code(ErrorKind kind) {
    return switch (kind) {
      case INVALID_ARGUMENT -> Status.Code.INVALID_ARGUMENT;
      case NOT_FOUND -> Status.Code.NOT_FOUND;
      case ALREADY_EXISTS -> Status.Code.ALREADY_EXISTS;
      case FAILED_PRECONDITION -> Status.Code.FAILED_PRECONDITION;
      case ABORTED -> Status.Code.ABORTED;
      case OUT_OF_RANGE -> Status.Code.OUT_OF_RANGE;
      case RESOURCE_EXHAUSTED -> Status.Code.RESOURCE_EXHAUSTED;
      case UNAVAILABLE -> Status.Code.UNAVAILABLE;
      case DEADLINE_EXCEEDED -> Status.Code.DEADLINE_EXCEEDED;
      case CANCELLED -> Status.Code.CANCELLED;
      case PERMISSION_DENIED -> Status.Code.PERMISSION_DENIED;
      case UNIMPLEMENTED -> Status.Code.UNIMPLEMENTED;
      case DATA_LOSS -> Status.Code.DATA_LOSS;
      case INTERNAL -> Status.Code.INTERNAL;
    };
  }
}
