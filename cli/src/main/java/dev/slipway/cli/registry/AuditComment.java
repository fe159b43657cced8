package dev.slipway.cli.registry;

import picocli.CommandLine.Option;

/** Says why something is done. A mixin of picocli. */
final class AuditComment {
  @Option(
      names = "--comment",
      paramLabel = "TEXT",
      defaultValue = "",
      description = "Why, for the audit.")
  private String text;

  String text() {
    return text;
  }
}
