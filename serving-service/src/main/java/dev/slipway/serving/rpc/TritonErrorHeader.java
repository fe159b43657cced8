package dev.slipway.serving.rpc;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/**
 * Notes whether a caller wants the failures of a stream as the status of the call ({@code
 * triton_grpc_error: true}).
 */
public final class TritonErrorHeader implements ServerInterceptor {
  private static final Metadata.Key<String> HEADER =
      Metadata.Key.of("triton_grpc_error", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<Boolean> ON = Context.key("triton_grpc_error");

  static boolean isOn() {
    return Boolean.TRUE.equals(ON.get());
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    if (!"true".equals(headers.get(HEADER))) {
      return next.startCall(call, headers);
    }
    return Contexts.interceptCall(Context.current().withValue(ON, true), call, headers, next);
  }
}
