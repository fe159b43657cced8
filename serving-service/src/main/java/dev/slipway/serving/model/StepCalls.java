package dev.slipway.serving.model;

import dev.slipway.serving.execution.StepEngine;

/**
 * Has versions answer as steps of pipelines: checks, cache and queue as for a request of theirs.
 */
public interface StepCalls {
  /**
   * Returns the way to a version.
   *
   * @param model held by the caller for as long as it is called
   */
  StepEngine engineOf(LoadedModel model);
}
