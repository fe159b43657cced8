package dev.slipway.gateway.upstream;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.ClientInterceptor;
import io.grpc.Context;
import io.grpc.ForwardingClientCall.SimpleForwardingClientCall;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Names whoever a request comes from, as far as it says so: the user of HTTP's basic
 * authentication, which MLflow's clients send when they are told a user name. The gateway checks no
 * password; a proxy that does must remove what it did not check. Roles are never taken from a
 * client.
 *
 * @param actor what the registry writes into its audit log: 1 to 128 printable ASCII characters
 *     without outer spaces
 */
public record Caller(String actor) {
  private static final Context.Key<Caller> CURRENT = Context.key("caller");
  private static final Metadata.Key<String> ACTOR =
      Metadata.Key.of("slipway-actor", Metadata.ASCII_STRING_MARSHALLER);
  private static final Pattern PRINTABLE = Pattern.compile("[!-~]([ -~]{0,126}[!-~])?");
  private static final String BASIC = "Basic ";

  /** Checks the characters. */
  public Caller {
    if (!PRINTABLE.matcher(actor).matches()) {
      throw new IllegalArgumentException(
          "an actor is 1 to 128 printable ASCII characters without outer spaces");
    }
  }

  /**
   * Returns the caller that a header names; empty when it names none, or one that the audit log
   * cannot hold.
   *
   * @param authorization the {@code Authorization} header, null when there is none
   */
  public static Optional<Caller> of(String authorization) {
    if (authorization == null || !authorization.regionMatches(true, 0, BASIC, 0, BASIC.length())) {
      return Optional.empty();
    }
    byte[] decoded;
    try {
      decoded = Base64.getDecoder().decode(authorization.substring(BASIC.length()).strip());
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
    String user = new String(decoded, StandardCharsets.UTF_8).split(":", 2)[0].strip();
    return PRINTABLE.matcher(user).matches() ? Optional.of(new Caller(user)) : Optional.empty();
  }

  /** Returns a context in which calls are made in this name. */
  public Context in(Context context) {
    return context.withValue(CURRENT, this);
  }

  /** Tells services who calls. */
  static final class Interceptor implements ClientInterceptor {
    @Override
    public <Q, A> ClientCall<Q, A> interceptCall(
        MethodDescriptor<Q, A> method, CallOptions options, Channel next) {
      Caller caller = CURRENT.get();
      ClientCall<Q, A> call = next.newCall(method, options);
      return caller == null ? call : new NamedCall<>(call, caller);
    }
  }

  private static final class NamedCall<Q, A> extends SimpleForwardingClientCall<Q, A> {
    private final Caller caller;

    NamedCall(ClientCall<Q, A> call, Caller caller) {
      super(call);
      this.caller = caller;
    }

    @Override
    public void start(Listener<A> listener, Metadata headers) {
      headers.put(ACTOR, caller.actor());
      super.start(listener, headers);
    }
  }
}
