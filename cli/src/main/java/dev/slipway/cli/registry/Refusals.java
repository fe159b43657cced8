package dev.slipway.cli.registry;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.protobuf.Message;
import com.google.rpc.ErrorInfo;
import dev.slipway.registry.v1.CheckReport;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.util.List;
import java.util.Optional;

/** Reads why the registry has refused a command. Stateless. */
final class Refusals {
  private Refusals() {}

  /** Returns the stable reason; empty when the failure carries none. */
  static String reason(StatusRuntimeException failure) {
    return detail(failure, ErrorInfo.class).map(ErrorInfo::getReason).orElse("");
  }

  /** Returns what checks have found, when it was them who refused a move. */
  static Optional<CheckReport> report(StatusRuntimeException failure) {
    return detail(failure, CheckReport.class);
  }

  private static <M extends Message> Optional<M> detail(
      StatusRuntimeException failure, Class<M> type) {
    com.google.rpc.Status status = StatusProto.fromThrowable(failure);
    for (Any detail : status == null ? List.<Any>of() : status.getDetailsList()) {
      if (detail.is(type)) {
        try {
          return Optional.of(detail.unpack(type));
        } catch (InvalidProtocolBufferException e) {
          return Optional.empty();
        }
      }
    }
    return Optional.empty();
  }
}
