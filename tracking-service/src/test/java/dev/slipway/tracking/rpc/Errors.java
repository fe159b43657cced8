package dev.slipway.tracking.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Looks into the errors that calls end with. */
final class Errors {
  private Errors() {}

  /** Asserts that a call is refused for what it asks in these fields, and no others. */
  static void assertInvalid(ThrowingCallable call, String... fields) {
    StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(failure).isNotNull();
    assertThat(failure.getStatus().getCode())
        .as(failure.getMessage())
        .isEqualTo(Status.Code.INVALID_ARGUMENT);
    assertThat(reason(failure)).isEqualTo("INVALID_REQUEST");
    assertThat(fields(failure)).containsExactlyInAnyOrder(fields);
  }

  /** Asserts that a call ends with a code and a reason. */
  static ErrorInfo assertFails(ThrowingCallable call, Status.Code code, String reason) {
    StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(failure).isNotNull();
    return assertIs(failure, code, reason);
  }

  /** Asserts that a failure has a code and a reason. */
  static ErrorInfo assertIs(Throwable failure, Status.Code code, String reason) {
    assertThat(Status.fromThrowable(failure).getCode()).as("%s", failure).isEqualTo(code);
    ErrorInfo info = detail(failure, ErrorInfo.class);
    assertThat(info.getReason()).isEqualTo(reason);
    assertThat(info.getDomain()).isEqualTo("slipway.dev");
    return info;
  }

  static List<String> fields(Throwable failure) {
    return detail(failure, BadRequest.class).getFieldViolationsList().stream()
        .map(BadRequest.FieldViolation::getField)
        .toList();
  }

  private static String reason(Throwable failure) {
    return detail(failure, ErrorInfo.class).getReason();
  }

  private static <T extends com.google.protobuf.Message> T detail(
      Throwable failure, Class<T> type) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    assertThat(status).isNotNull();
    for (Any any : status.getDetailsList()) {
      if (any.is(type)) {
        try {
          return any.unpack(type);
        } catch (InvalidProtocolBufferException e) {
          throw new AssertionError(e);
        }
      }
    }
    throw new AssertionError("no " + type.getSimpleName() + " in " + status);
  }
}
