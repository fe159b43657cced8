package dev.slipway.engine.error;

/**
 * The engine cannot answer at the moment, because the process or server that computes is gone or
 * only starting. Nothing is wrong with the request; the same one may pass later.
 */
public final class EngineUnavailableException extends EngineException {

  private static final long serialVersionUID = 1L;

  /** Creates the exception. */
  public EngineUnavailableException(String message) {
    super(message);
  }

  /** Creates the exception with what caused it. */
  public EngineUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
