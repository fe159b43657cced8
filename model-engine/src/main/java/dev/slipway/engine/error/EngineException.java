package dev.slipway.engine.error;

/**
 * Every failure that this module raises on purpose. Callers switch on the subclass to tell whose
 * fault it is: the package's, the caller's, or the engine's. Anything else that escapes is a
 * defect.
 */
public abstract sealed class EngineException extends RuntimeException
    permits EngineUnavailableException,
        InvalidInputException,
        ModelPackageException,
        PredictionException,
        UnexpectedOutputException,
        UnsupportedModelException {

  private static final long serialVersionUID = 1L;

  EngineException(String message) {
    super(message);
  }

  EngineException(String message, Throwable cause) {
    super(message, cause);
  }
}
