package dev.slipway.artifact.rpc;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.BadRequest;
import com.google.rpc.ErrorInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.util.ArrayList;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;

/** Looks into failed calls. */
final class Failures {
  private Failures() {}

  /** Asserts that a call fails with a code and a reason; returns the details. */
  static ErrorInfo assertFails(ThrowingCallable call, Status.Code code, String reason) {
    Throwable failure = catchThrowable(call);
    assertThat(failure).as("failure").isNotNull();
    assertThat(Status.fromThrowable(failure).getCode()).as(failure.toString()).isEqualTo(code);
    ErrorInfo info = ErrorInfo.getDefaultInstance();
    for (Any detail : StatusProto.fromThrowable(failure).getDetailsList()) {
      info = unpack(detail, ErrorInfo.class, info);
    }
    assertThat(info.getReason()).isEqualTo(reason);
    assertThat(info.getDomain()).isEqualTo("slipway.dev");
    return info;
  }

  /** Asserts that a call is refused for these fields, all of them at once. */
  static void assertInvalid(ThrowingCallable call, String... fields) {
    Throwable failure = catchThrowable(call);
    assertThat(failure).as("failure").isNotNull();
    assertFails(
        () -> {
          throw failure;
        },
        Status.Code.INVALID_ARGUMENT,
        "INVALID_REQUEST");
    List<String> violated = new ArrayList<>();
    for (Any detail : StatusProto.fromThrowable(failure).getDetailsList()) {
      unpack(detail, BadRequest.class, BadRequest.getDefaultInstance())
          .getFieldViolationsList()
          .forEach(violation -> violated.add(violation.getField()));
    }
    assertThat(violated).containsExactlyInAnyOrder(fields);
  }

  private static <T extends com.google.protobuf.Message> T unpack(
      Any detail, Class<T> type, T otherwise) {
    try {
      return detail.is(type) ? detail.unpack(type) : otherwise;
    } catch (InvalidProtocolBufferException e) {
      throw new AssertionError(e);
    }
  }
}
