package dev.slipway.engine.error;

/**
 * The model package is malformed: a file is missing, unreadable or corrupt, or its parts contradict
 * each other. The message names the file and the place in it. The package cannot become usable by
 * trying again.
 */
public sealed class ModelPackageException extends EngineException permits PipelineException {

  private static final long serialVersionUID = 1L;

  /** Creates the exception. */
  public ModelPackageException(String message) {
    super(message);
  }

  /** Creates the exception with what caused it. */
  public ModelPackageException(String message, Throwable cause) {
    super(message, cause);
  }
}
