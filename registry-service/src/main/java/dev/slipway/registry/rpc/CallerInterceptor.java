package dev.slipway.registry.rpc;

import dev.slipway.registry.actor.Caller;
import dev.slipway.runtime.error.Violations;
import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import java.util.Arrays;
import java.util.Set;
import java.util.stream.Collectors;

/** Reads who gives a command from the headers of its call; bad headers are refused. Thread-safe. */
public final class CallerInterceptor implements ServerInterceptor {
  private static final Context.Key<Caller> CALLER =
      Context.keyWithDefault("slipway-caller", Caller.ANONYMOUS);
  private static final Metadata.Key<String> ACTOR =
      Metadata.Key.of("slipway-actor", Metadata.ASCII_STRING_MARSHALLER);
  private static final Metadata.Key<String> ROLES =
      Metadata.Key.of("slipway-roles", Metadata.ASCII_STRING_MARSHALLER);

  /** Returns who gives the command that is being served on this thread. */
  static Caller current() {
    return CALLER.get();
  }

  @Override
  public <Q, R> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, R> call, Metadata headers, ServerCallHandler<Q, R> next) {
    Violations violations = new Violations();
    Caller caller = read(headers.get(ACTOR), headers.get(ROLES), violations);
    violations.throwIfAny();
    return Contexts.interceptCall(Context.current().withValue(CALLER, caller), call, headers, next);
  }

  private static Caller read(String actor, String roles, Violations violations) {
    String name = actor == null ? Caller.ANONYMOUS.name() : actor;
    if (!Caller.isName(name)) {
      violations.add(
          "metadata.slipway-actor",
          "must be 1 to 128 printable ASCII characters without outer spaces");
    }
    Set<String> names =
        roles == null || roles.isBlank()
            ? Set.of()
            : Arrays.stream(roles.split(",", -1)).map(String::strip).collect(Collectors.toSet());
    if (names.size() > Caller.MAX_ROLES || !names.stream().allMatch(Caller::isRole)) {
      violations.add(
          "metadata.slipway-roles",
          "must be at most 64 roles separated by commas, each 1 to 64 of the characters A-Z a-z 0-9"
              + " . _ -");
    }
    return violations.isEmpty() ? new Caller(name, names) : Caller.ANONYMOUS;
  }
}
