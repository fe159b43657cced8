package dev.slipway.serving;

import dev.slipway.engine.predictor.python.PythonSettings;
import dev.slipway.runtime.config.ConfigProblems;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import picocli.CommandLine.Option;

/** Holds the flags of Python models. A mixin of picocli; not thread-safe. */
final class PythonOptions {
  private static final String SYSTEM = "system";
  private static final String PREPARED = "prepared";

  @Option(
      names = "--serve-python",
      paramLabel = "COMMAND",
      split = ",",
      description =
          "Pythons that may run models of the python_function flavor, separated by commas; a"
              + " package gets the first of the series (3.11) that it was written with. Such a"
              + " package's code runs with this server's rights. Default: none, such models are"
              + " refused.")
  private List<String> interpreters = new ArrayList<>();

  @Option(
      names = "--serve-python-env",
      paramLabel = "MODE",
      defaultValue = SYSTEM,
      description =
          "system: Python models find the packages that are installed; prepared: pip installs what"
              + " each asks for into an environment of its own. Default: ${DEFAULT-VALUE}.")
  private String environment;

  @Option(
      names = "--serve-python-workers",
      paramLabel = "N",
      defaultValue = "2",
      description =
          "Processes for each Python model that is loaded, each with the model in its memory and"
              + " one call at a time. Default: ${DEFAULT-VALUE}.")
  private int workers;

  @Option(
      names = "--serve-python-timeout-seconds",
      paramLabel = "SECONDS",
      defaultValue = "60",
      description =
          "How long a call of a Python model may take before its process is ended. Default:"
              + " ${DEFAULT-VALUE}.")
  private long timeoutSeconds;

  @Option(
      names = "--serve-python-memory",
      paramLabel = "SIZE",
      defaultValue = "25%",
      description =
          "Memory that one process of a Python model may take before it is ended: bytes, with a"
              + " unit (2GiB), or a share of the memory of the machine or container; 0 for no"
              + " bound. Default: ${DEFAULT-VALUE}.")
  private String memory;

  /**
   * Returns the settings, noting what is wrong with them; null after a problem, empty if Python
   * models are refused.
   *
   * @param startTimeout how long a process may take to load its model
   * @param environments folder of prepared environments
   */
  Optional<PythonSettings> settings(
      Duration startTimeout, Path environments, ConfigProblems problems) {
    boolean good = ServingOptions.atLeast(1, workers, "--serve-python-workers", problems);
    good &= ServingOptions.atLeast(1, timeoutSeconds, "--serve-python-timeout-seconds", problems);
    if (!environment.equals(SYSTEM) && !environment.equals(PREPARED)) {
      problems.add(
          "--serve-python-env",
          "is \"" + environment + "\"; must be " + SYSTEM + " or " + PREPARED);
      good = false;
    }
    OptionalLong bytes = MemorySize.parse(memory, MemorySize.ofMachine());
    if (bytes.isEmpty()) {
      problems.add(
          "--serve-python-memory",
          "is \"" + memory + "\"; must be bytes, a size like 2GiB or 500MB, or 0% to 100%");
      good = false;
    }
    if (interpreters.stream().anyMatch(String::isBlank)) {
      problems.add("--serve-python", "has an empty command");
      good = false;
    }
    if (!good) {
      return null;
    }
    return interpreters.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new PythonSettings(
                interpreters,
                workers,
                startTimeout,
                Duration.ofSeconds(timeoutSeconds),
                bytes.getAsLong() == 0 ? Long.MAX_VALUE : bytes.getAsLong(),
                environment.equals(PREPARED) ? Optional.of(environments) : Optional.empty()));
  }
}
