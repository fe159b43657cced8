package dev.slipway.tracking.run;

import dev.slipway.tracking.model.LoggedModelId;

/**
 * Is a logged model that a run produced.
 *
 * @param step the training step after which it was saved; any number
 */
public record ModelOutput(LoggedModelId model, long step) {
  /** The most models that one request names as inputs or outputs. */
  public static final int MAX_PER_REQUEST = 1000;
}
