package dev.slipway.gateway.scoring;

import java.io.Serial;

/** Says that an input cannot be read as what the model takes: where, and what would be. */
public final class ScoringException extends IllegalArgumentException {
  @Serial private static final long serialVersionUID = 1L;

  /** Creates it. */
  public ScoringException(String message) {
    super(message);
  }

  ScoringException(String message, Throwable cause) {
    super(message, cause);
  }
}
