package dev.slipway.gateway.http;

import dev.slipway.gateway.upstream.Caller;
import io.grpc.Context.CancellableContext;
import io.javalin.http.Context;
import io.javalin.http.Handler;
import java.util.Optional;

/**
 * Lets a handler call services in the name of whoever sent the request, and ends the calls that it
 * leaves open when it returns or fails: a download whose client is away, for example. A handler
 * that goes on after its return must make its calls in a fork of the context.
 */
final class CallScope {
  private CallScope() {}

  /** Runs a handler. */
  static void run(Context request, Handler handler) throws Exception {
    Optional<Caller> caller = Caller.of(request.header("Authorization"));
    io.grpc.Context current = io.grpc.Context.current();
    try (CancellableContext scope =
        caller.map(known -> known.in(current)).orElse(current).withCancellation()) {
      io.grpc.Context previous = scope.attach();
      try {
        handler.handle(request);
      } finally {
        scope.detach(previous);
      }
    }
  }
}
