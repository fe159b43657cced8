package dev.slipway.serving.rpc;

import dev.slipway.runtime.error.Violations;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;

/**
 * Notes whom the requests of a call are from ({@code slipway-route-key}), where they do not say so
 * themselves.
 */
public final class RouteKeyHeader implements ServerInterceptor {
  /** The most characters of a key. */
  static final int MAX_KEY = 256;

  private static final Metadata.Key<String> HEADER =
      Metadata.Key.of("slipway-route-key", Metadata.ASCII_STRING_MARSHALLER);
  private static final Context.Key<String> KEY = Context.keyWithDefault("slipway-route-key", "");

  static String current() {
    return KEY.get();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    String key = headers.get(HEADER);
    if (key == null) {
      return next.startCall(call, headers);
    }
    Violations violations = new Violations();
    violations.atMost("metadata.slipway-route-key", key, MAX_KEY);
    violations.throwIfAny();
    return Contexts.interceptCall(Context.current().withValue(KEY, key), call, headers, next);
  }
}
