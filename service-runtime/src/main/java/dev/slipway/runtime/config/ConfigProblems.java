package dev.slipway.runtime.config;

import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/**
 * Gathers bad settings, so that an operator mends all of them in one go. Not thread-safe.
 *
 * <p>A line names the flag and its environment twin, says what is wrong, and never shows the value
 * of a secret.
 */
public final class ConfigProblems {
  private final Set<String> problems = new LinkedHashSet<>();

  /**
   * Adds a problem with a flag, such as {@code --port}; one that is noted already is not told
   * twice.
   */
  public void add(String flag, String problem) {
    problems.add("%s (%s): %s".formatted(flag, EnvironmentTwins.variable(flag), problem));
  }

  /**
   * Builds a value, noting an {@link IllegalArgumentException} as a problem of the flag.
   *
   * @return the value, or null after a problem: {@link #throwIfAny} comes before any use of it
   */
  public <T> T check(String flag, Supplier<T> value) {
    try {
      return value.get();
    } catch (IllegalArgumentException e) {
      add(flag, e.getMessage());
      return null;
    }
  }

  /** Throws all problems as one {@link ConfigException}, if there is any. */
  public void throwIfAny() {
    if (!problems.isEmpty()) {
      throw new ConfigException(List.copyOf(problems));
    }
  }
}
