package dev.slipway.runtime.error;

import com.google.protobuf.Any;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
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

  /**
   * Everything must fit the 8 KiB of metadata that clients take by default: the message stands in
   * them twice, once percent-encoded at up to three characters a byte and once among the details,
   * which are base64.
   */
  private static final int MAX_MESSAGE_BYTES = 700;

  private static final int MAX_VIOLATIONS_BYTES = 2200;
  private static final int MAX_METADATA_BYTES = 600;
  private static final int MAX_VALUE_BYTES = 300;

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
            .putAllMetadata(shortened(failure.metadata()))
            .build();
    if (failure instanceof InvalidRequestException invalid) {
      return status(code, failure.getMessage(), info, badRequest(invalid));
    }
    return status(code, failure.getMessage(), info);
  }

  /**
   * Lists violations as long as the reply stays small: it travels in the trailers, which every
   * client bounds.
   */
  private static BadRequest badRequest(InvalidRequestException failure) {
    BadRequest.Builder badRequest = BadRequest.newBuilder();
    int room = MAX_VIOLATIONS_BYTES;
    for (FieldViolation violation : failure.violations()) {
      BadRequest.FieldViolation next =
          BadRequest.FieldViolation.newBuilder()
              .setField(cut(violation.field(), MAX_VALUE_BYTES))
              .setDescription(cut(violation.description(), MAX_VALUE_BYTES))
              .setReason(violation.reason())
              .build();
      room -= next.getSerializedSize();
      if (room < 0) {
        break;
      }
      badRequest.addFieldViolations(next);
    }
    return badRequest.build();
  }

  private static Map<String, String> shortened(Map<String, String> metadata) {
    Map<String, String> shortened = new LinkedHashMap<>();
    int room = MAX_METADATA_BYTES;
    for (Map.Entry<String, String> entry : new TreeMap<>(metadata).entrySet()) {
      String value = cut(entry.getValue(), MAX_VALUE_BYTES);
      room -= entry.getKey().length() + value.getBytes(StandardCharsets.UTF_8).length;
      if (room < 0) {
        break;
      }
      shortened.put(entry.getKey(), value);
    }
    return shortened;
  }

  /** Returns the text, or its beginning when it has more bytes of UTF-8; never half a character. */
  private static String cut(String text, int maxBytes) {
    int bytes = 0;
    for (int i = 0; i < text.length(); i = text.offsetByCodePoints(i, 1)) {
      int codePoint = text.codePointAt(i);
      bytes += codePoint < 0x80 ? 1 : codePoint < 0x800 ? 2 : codePoint < 0x10000 ? 3 : 4;
      if (bytes > maxBytes) {
        return text.substring(0, i) + "…";
      }
    }
    return text;
  }

  private static StatusRuntimeException status(
      Status.Code code, String message, com.google.protobuf.Message... details) {
    com.google.rpc.Status.Builder status =
        com.google.rpc.Status.newBuilder()
            .setCode(code.value())
            .setMessage(cut(message, MAX_MESSAGE_BYTES));
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
