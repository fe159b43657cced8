package dev.slipway.serving.remote;

import dev.slipway.serving.model.NamePattern;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * Which other servers may be called.
 *
 * @param endpoints patterns of {@code scheme://host:port}; a package can name no other. Empty: none
 *     may be called
 * @param authorities file with the certificates of the authorities that are trusted, PEM; empty for
 *     those that Java trusts
 */
public record RemoteSettings(List<NamePattern> endpoints, Optional<Path> authorities) {
  /** No other server may be called. */
  public static final RemoteSettings NONE = new RemoteSettings(List.of(), Optional.empty());

  /** Copies the list. */
  public RemoteSettings {
    endpoints = List.copyOf(endpoints);
  }

  boolean allows(RemoteEndpoint endpoint) {
    return endpoints.stream().anyMatch(pattern -> pattern.matches(endpoint.toString()));
  }
}
