package dev.slipway.runtime.config;

import java.util.List;

/**
 * Reports every bad setting of a command at once, a line each; shown to the operator without a
 * stack trace.
 */
public final class ConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  private final transient List<String> problems;

  /** Creates the failure from one line per bad setting. */
  public ConfigException(List<String> problems) {
    super(String.join(System.lineSeparator(), problems));
    this.problems = List.copyOf(problems);
  }

  /** Returns one line per bad setting. */
  public List<String> problems() {
    return problems == null ? List.of() : problems;
  }
}
