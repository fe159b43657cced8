package dev.slipway.registry.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.io.UncheckedIOException;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Asserts how calls fail. */
final class Failures {
  private Failures() {}

  static StatusRuntimeException assertFails(
      ThrowingCallable call, Status.Code code, String reason) {
    StatusRuntimeException failure = catchThrowableOfType(StatusRuntimeException.class, call);
    assertThat(failure).as("the call fails").isNotNull();
    assertThat(failure.getStatus().getCode()).as(failure.toString()).isEqualTo(code);
    assertThat(info(failure).getReason()).isEqualTo(reason);
    assertThat(info(failure).getDomain()).isEqualTo("slipway.dev");
    return failure;
  }

  static void assertInvalid(ThrowingCallable call, String... fields) {
    StatusRuntimeException failure =
        assertFails(call, Status.Code.INVALID_ARGUMENT, "INVALID_REQUEST");
    assertThat(badRequest(failure).getFieldViolationsList())
        .extracting(BadRequest.FieldViolation::getField)
        .containsExactlyInAnyOrder(fields);
    assertThat(badRequest(failure).getFieldViolationsList())
        .allSatisfy(violation -> assertThat(violation.getReason()).isEqualTo(reason(violation)));
  }

  /** What is missing and what is too long has a reason wherever it is. */
  private static String reason(BadRequest.FieldViolation violation) {
    String description = violation.getDescription();
    if (description.startsWith("is required")) {
      return "REQUIRED";
    }
    return description.matches("has \\d+ characters; at most .*")
        ? "TOO_LONG"
        : violation.getReason();
  }

  static ErrorInfo info(StatusRuntimeException failure) {
    return detail(failure, ErrorInfo.class, ErrorInfo.getDefaultInstance());
  }

  private static BadRequest badRequest(StatusRuntimeException failure) {
    return detail(failure, BadRequest.class, BadRequest.getDefaultInstance());
  }

  static <T extends com.google.protobuf.Message> T detail(
      StatusRuntimeException failure, Class<T> type, T absent) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    List<Any> details = status == null ? List.of() : status.getDetailsList();
    for (Any detail : details) {
      if (detail.is(type)) {
        try {
          return detail.unpack(type);
        } catch (InvalidProtocolBufferException e) {
          throw new UncheckedIOException(e);
        }
      }
    }
    return absent;
  }
}
