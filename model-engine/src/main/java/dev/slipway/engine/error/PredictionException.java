package dev.slipway.engine.error;

/**
 * The engine failed while it ran a well-formed request. The message carries the engine's own words.
 */
public final class PredictionException extends EngineException {

  private static final long serialVersionUID = 1L;

  /** Creates the exception. */
  public PredictionException(String message) {
    super(message);
  }

  /** Creates the exception with what caused it. */
  public PredictionException(String message, Throwable cause) {
    super(message, cause);
  }
}
