package dev.slipway.registry.rpc;

import com.google.protobuf.Any;
import com.google.protobuf.Message;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.runtime.error.StatusMapper;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;

/** Attaches to a failure's status what callers are to know besides its reason. */
final class StatusDetails {
  /**
   * The most bytes of a detail: a status travels in the trailers, of which clients take 8 KiB by
   * default, base64-encoded; the message and the other details have their share.
   */
  static final int MAX_BYTES = 2000;

  private StatusDetails() {}

  /** Returns the status of a failure with one more detail, of at most {@link #MAX_BYTES}. */
  static StatusRuntimeException attach(ServiceException failure, Message detail) {
    com.google.rpc.Status status = StatusProto.fromThrowable(StatusMapper.toStatus(failure));
    return StatusProto.toStatusRuntimeException(
        status.toBuilder().addDetails(Any.pack(detail)).build());
  }

  /** Returns a text, or its beginning. */
  static String cut(String text, int maxChars) {
    return text.codePointCount(0, text.length()) <= maxChars
        ? text
        : text.substring(0, text.offsetByCodePoints(0, maxChars)) + "…";
  }
}
