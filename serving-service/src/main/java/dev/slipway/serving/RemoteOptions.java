package dev.slipway.serving;

import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.serving.model.NamePattern;
import dev.slipway.serving.remote.RemoteSettings;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import picocli.CommandLine.Option;

/** Holds the flags of models that other servers run. A mixin of picocli; not thread-safe. */
final class RemoteOptions {
  private static final Pattern ENDPOINT = Pattern.compile("(\\*|grpcs?|https?)://.+:.+");

  @Option(
      names = "--serve-remote-endpoints",
      paramLabel = "PATTERN",
      split = ",",
      description =
          "Other model servers that may be called for packages of the slipway_remote flavor:"
              + " grpc://HOST:PORT, grpcs://, http:// or https://, * and ? allowed, separated by"
              + " commas. Default: none, such models are refused.")
  private List<String> endpoints = new ArrayList<>();

  @Option(
      names = "--serve-remote-ca-file",
      paramLabel = "FILE",
      description =
          "Certificates of the authorities that other model servers are trusted by, PEM. Default:"
              + " those that Java trusts.")
  private Path authorities;

  /** Returns the settings, noting what is wrong with them; empty after a problem. */
  Optional<RemoteSettings> settings(ConfigProblems problems) {
    boolean good = true;
    for (String endpoint : endpoints) {
      if (!ENDPOINT.matcher(endpoint).matches()) {
        problems.add(
            "--serve-remote-endpoints",
            "has \"" + endpoint + "\"; must be grpc://HOST:PORT, grpcs://, http:// or https://");
        good = false;
      }
    }
    if (authorities != null && !Files.isReadable(authorities)) {
      problems.add("--serve-remote-ca-file", authorities + " cannot be read");
      good = false;
    }
    return good
        ? Optional.of(
            new RemoteSettings(
                endpoints.stream().map(NamePattern::new).toList(),
                Optional.ofNullable(authorities)))
        : Optional.empty();
  }
}
