package dev.slipway.serving.rpc;

import com.google.protobuf.Any;
import com.google.protobuf.Duration;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import dev.slipway.runtime.error.StatusMapper;
import dev.slipway.serving.execution.QueueFullException;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;

/** Turns failures of the inference path into statuses; overload also says when to try again. */
final class Failures {
  private Failures() {}

  static StatusRuntimeException toStatus(RuntimeException failure) {
    StatusRuntimeException status = StatusMapper.toStatus(failure);
    if (failure instanceof QueueFullException full) {
      java.time.Duration delay = full.retryDelay();
      RetryInfo retry =
          RetryInfo.newBuilder()
              .setRetryDelay(
                  Duration.newBuilder().setSeconds(delay.getSeconds()).setNanos(delay.getNano()))
              .build();
      return StatusProto.toStatusRuntimeException(
          toProto(status).toBuilder().addDetails(Any.pack(retry)).build());
    }
    return status;
  }

  static Status toProto(StatusRuntimeException status) {
    Status proto = StatusProto.fromThrowable(status);
    if (proto != null) {
      return proto;
    }
    String description = status.getStatus().getDescription();
    return Status.newBuilder()
        .setCode(status.getStatus().getCode().value())
        .setMessage(description == null ? "" : description)
        .build();
  }
}
