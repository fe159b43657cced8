package dev.slipway.serving.remote;

import java.net.URI;
import java.net.URISyntaxException;
import java.util.Locale;
import java.util.Set;

/**
 * Where a model server answers.
 *
 * @param scheme {@code grpc}, {@code grpcs}, {@code http} or {@code https}; those with an s use TLS
 * @param host in lower case
 * @param port 1 to 65535
 */
record RemoteEndpoint(String scheme, String host, int port) {
  private static final Set<String> SCHEMES = Set.of("grpc", "grpcs", "http", "https");

  /**
   * Reads {@code scheme://host:port} and nothing more: no user, path or query, which an allow-list
   * could not tell apart.
   *
   * @throws IllegalArgumentException if it is anything else
   */
  static RemoteEndpoint parse(String text) {
    try {
      URI uri = new URI(text);
      boolean bare =
          uri.getScheme() != null
              && uri.getHost() != null
              && uri.getPort() >= 1
              && uri.getPort() <= 65_535
              && uri.getRawUserInfo() == null
              && uri.getRawPath().isEmpty()
              && uri.getRawQuery() == null
              && uri.getRawFragment() == null;
      if (bare && SCHEMES.contains(uri.getScheme().toLowerCase(Locale.ROOT))) {
        return new RemoteEndpoint(
            uri.getScheme().toLowerCase(Locale.ROOT),
            uri.getHost().toLowerCase(Locale.ROOT),
            uri.getPort());
      }
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException(problem(text), e);
    }
    throw new IllegalArgumentException(problem(text));
  }

  private static String problem(String text) {
    return "is \"" + text + "\"; must be grpc://HOST:PORT, grpcs://, http:// or https://";
  }

  boolean usesTls() {
    return scheme.endsWith("s");
  }

  boolean isGrpc() {
    return scheme.startsWith("grpc");
  }

  /** Returns the form that patterns are compared with. */
  @Override
  public String toString() {
    return scheme + "://" + host + ":" + port;
  }
}
