package dev.slipway.engine.predictor.python;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/**
 * How Python models are run.
 *
 * @param interpreters the commands that may run them, at least one; a package gets the first of the
 *     Python version that it names, by major and minor number, or the first at all
 * @param workers processes for each loaded package, from 1
 * @param startTimeout how long a worker may take to load its package
 * @param callTimeout how long a prediction may take; the worker of one that takes longer is stopped
 * @param maxWorkerBytes resident memory that a worker may take; {@link Long#MAX_VALUE} for no bound
 * @param environments the folder in which environments are prepared as packages ask for them; empty
 *     to run with what the interpreters have
 */
public record PythonSettings(
    List<String> interpreters,
    int workers,
    Duration startTimeout,
    Duration callTimeout,
    long maxWorkerBytes,
    Optional<Path> environments) {

  /** Copies the list and checks the ranges. */
  public PythonSettings {
    interpreters = List.copyOf(interpreters);
    if (interpreters.isEmpty()
        || workers < 1
        || startTimeout.toMillis() < 1
        || callTimeout.toMillis() < 1
        || maxWorkerBytes < 1) {
      throw new IllegalArgumentException("settings of Python out of range");
    }
  }
}
