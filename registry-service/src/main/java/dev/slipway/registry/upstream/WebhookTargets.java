package dev.slipway.registry.upstream;

import dev.slipway.registry.webhook.AddressPolicy;
import dev.slipway.registry.webhook.WebhookSettings;
import dev.slipway.runtime.error.InvalidValueException;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.List;
import okhttp3.Dns;
import okhttp3.HttpUrl;

/**
 * Says where webhooks may point to. Thread-safe.
 *
 * <p>This is for people, so that a mistake is seen when it is made; what protects the network is
 * {@link CheckedSockets}.
 *
 * @param allowHttp whether plain HTTP is allowed
 * @param dns looks up names
 */
public record WebhookTargets(AddressPolicy policy, boolean allowHttp, Dns dns) {
  /**
   * Returns a URL as it is, if webhooks may point to it. A name that has no address now is passed.
   *
   * @throws IllegalArgumentException saying why not, if not
   */
  public String requireAllowed(String url) {
    if (url.isEmpty()) {
      throw InvalidValueException.missing();
    }
    int length = url.codePointCount(0, url.length());
    if (length > WebhookSettings.MAX_URL) {
      throw InvalidValueException.tooLong(length, WebhookSettings.MAX_URL);
    }
    HttpUrl parsed = HttpUrl.parse(url);
    if (parsed == null || url.chars().anyMatch(c -> c <= ' ' || c == 0x7f)) {
      throw new IllegalArgumentException("must be an absolute https URL");
    }
    if (!parsed.isHttps() && !allowHttp) {
      throw new IllegalArgumentException(
          "must begin with https://; the server's settings do not allow http");
    }
    if (!parsed.encodedUsername().isEmpty() || !parsed.encodedPassword().isEmpty()) {
      throw new IllegalArgumentException("must not have user information");
    }
    if (addresses(parsed.host()).stream().anyMatch(address -> !policy.allows(address))) {
      throw new IllegalArgumentException(
          "points to an address of a private or special network; the server's settings do not allow"
              + " those");
    }
    return url;
  }

  private List<InetAddress> addresses(String host) {
    try {
      return dns.lookup(host);
    } catch (UnknownHostException e) {
      return List.of();
    }
  }
}
