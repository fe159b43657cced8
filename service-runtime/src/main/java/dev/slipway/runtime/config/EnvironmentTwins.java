package dev.slipway.runtime.config;

import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;

/**
 * Gives every long flag an environment variable that speaks when the flag does not: {@code
 * --database-url} has {@code SLIPWAY_DATABASE_URL}. Immutable.
 */
public final class EnvironmentTwins implements IDefaultValueProvider {
  private static final String PREFIX = "SLIPWAY_";

  private final Map<String, String> environment;

  /** Creates the provider over an environment, usually {@code System.getenv()}. */
  public EnvironmentTwins(Map<String, String> environment) {
    this.environment = Map.copyOf(environment);
  }

  /** Returns the variable that stands in for a flag. */
  public static String variable(String flag) {
    return PREFIX + flag.replaceFirst("^-+", "").replace('-', '_').toUpperCase(Locale.ROOT);
  }

  @Override
  public String defaultValue(ArgSpec arg) {
    if (arg instanceof OptionSpec option
        && option.longestName().startsWith("--")
        && !option.usageHelp()
        && !option.versionHelp()) {
      String value = environment.get(variable(option.longestName()));
      // A variable that is set to nothing is how shells and manifests leave it out.
      return value == null || value.isEmpty() ? null : value;
    }
    return null;
  }
}
