package dev.slipway.engine.error;

/**
 * The model package is sound, but no engine here can run it: none is installed for its flavors, or
 * the model uses a feature that the engine does not have. The message says what would make it
 * runnable.
 */
public final class UnsupportedModelException extends EngineException {

  private static final long serialVersionUID = 1L;

  /** Creates the exception. */
  public UnsupportedModelException(String message) {
    super(message);
  }

  /** Creates the exception with what caused it. */
  public UnsupportedModelException(String message, Throwable cause) {
    super(message, cause);
  }
}
