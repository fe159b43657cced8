package dev.slipway.cli.client;

import dev.slipway.client.SlipwayClient;
import dev.slipway.runtime.config.ConfigProblems;
import dev.slipway.runtime.server.Channels;
import picocli.CommandLine.Option;

/**
 * Says where the services answer, for commands that call them. A mixin of picocli; not thread-safe.
 */
public final class ClientOptions {
  @Option(
      names = "--server",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:7100",
      description = "Where the services answer. Default: ${DEFAULT-VALUE}.")
  private String server;

  @Option(
      names = "--tracking-address",
      paramLabel = "HOST:PORT",
      defaultValue = "",
      description = "Where tracking answers, when it is a process of its own.")
  private String tracking;

  @Option(
      names = "--registry-address",
      paramLabel = "HOST:PORT",
      defaultValue = "",
      description = "Where the registry answers, when it is a process of its own.")
  private String registry;

  @Option(
      names = "--artifact-address",
      paramLabel = "HOST:PORT",
      defaultValue = "",
      description = "Where the artifact service answers, when it is a process of its own.")
  private String artifact;

  @Option(
      names = "--serving-address",
      paramLabel = "HOST:PORT",
      defaultValue = "",
      description = "Where serving answers, when it is a process of its own.")
  private String serving;

  /**
   * Returns a client of the services; the caller closes it. Nothing is connected yet.
   *
   * @throws dev.slipway.runtime.config.ConfigException if an address is malformed
   */
  public SlipwayClient connect() {
    ConfigProblems problems = new ConfigProblems();
    check("--server", server, problems);
    check("--tracking-address", tracking, problems);
    check("--registry-address", registry, problems);
    check("--artifact-address", artifact, problems);
    check("--serving-address", serving, problems);
    problems.throwIfAny();
    return SlipwayClient.builder()
        .address(server)
        .trackingAddress(tracking)
        .registryAddress(registry)
        .artifactAddress(artifact)
        .servingAddress(serving)
        .build();
  }

  private static void check(String flag, String address, ConfigProblems problems) {
    if (address.isEmpty()) {
      return;
    }
    try {
      Channels.to(address, 1).shutdownNow();
    } catch (IllegalArgumentException e) {
      problems.add(flag, address + " is no host:port");
    }
  }
}
