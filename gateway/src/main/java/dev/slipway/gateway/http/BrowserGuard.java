package dev.slipway.gateway.http;

import java.net.URI;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Keeps web pages of others from using the gateway through a visitor's browser: by requests across
 * origins, and by names that were made to point at this machine. Clients that are no browsers send
 * no {@code Origin} and are left alone. Immutable.
 */
final class BrowserGuard {
  private static final Set<String> READING = Set.of("GET", "HEAD", "OPTIONS");
  private static final Pattern OWN =
      Pattern.compile(
          "localhost|127(\\.\\d{1,3}){3}|\\[::1]|10(\\.\\d{1,3}){3}|192\\.168(\\.\\d{1,3}){2}"
              + "|172\\.(1[6-9]|2\\d|3[01])(\\.\\d{1,3}){2}");
  private static final Pattern PORT = Pattern.compile(":\\d*$");

  private final Set<String> allowed;

  /**
   * Creates a guard.
   *
   * @param allowedHosts names without port, {@code *} for all; when empty, the {@code Host} header
   *     is not looked at
   */
  BrowserGuard(List<String> allowedHosts) {
    this.allowed =
        Set.copyOf(allowedHosts.stream().map(host -> host.toLowerCase(Locale.ROOT)).toList());
  }

  /**
   * Returns whether a request may pass.
   *
   * @param host the {@code Host} header, null when there is none
   * @param origin the {@code Origin} header, null when there is none
   */
  boolean admits(String method, String host, String origin) {
    boolean hostIsGood = allowed.isEmpty() || host == null || isAllowed(host);
    boolean originIsGood = origin == null || READING.contains(method) || isAllowedOrigin(origin);
    return hostIsGood && originIsGood;
  }

  private boolean isAllowedOrigin(String origin) {
    try {
      String authority = URI.create(origin).getRawAuthority();
      return allowed.contains("*") || (authority != null && isAllowed(authority));
    } catch (IllegalArgumentException e) {
      return false;
    }
  }

  private boolean isAllowed(String hostAndPort) {
    String host = PORT.matcher(hostAndPort).replaceFirst("").toLowerCase(Locale.ROOT);
    return allowed.contains("*") || allowed.contains(host) || OWN.matcher(host).matches();
  }
}
