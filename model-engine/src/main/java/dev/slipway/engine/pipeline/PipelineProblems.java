package dev.slipway.engine.pipeline;

import dev.slipway.engine.error.ModelPackageException;
import java.util.ArrayList;
import java.util.List;

/** Gathers what is wrong with a pipeline, so that its author mends all of it in one go. */
public final class PipelineProblems {
  /** Nobody reads more. */
  private static final int MAX_PROBLEMS = 100;

  private final List<String> found = new ArrayList<>();

  /** Adds a problem at a place in the flavor. Beyond a hundred they are left out. */
  public void add(String path, String description) {
    if (found.size() < MAX_PROBLEMS) {
      found.add(path + " " + description);
    }
  }

  /**
   * Throws all problems at once, if there is any.
   *
   * @throws ModelPackageException that names them
   */
  public void throwIfAny() {
    if (!found.isEmpty()) {
      throw new ModelPackageException(
          "the pipeline does not fit together: " + String.join("; ", found));
    }
  }
}
