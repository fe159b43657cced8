package dev.slipway.engine.pipeline;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.error.PipelineProblem;
import java.util.ArrayList;
import java.util.List;

/**
 * Gathers what is wrong with a pipeline, so that its author mends all of it in one go. Not for
 * sharing between threads.
 */
public final class PipelineProblems {
  /** Nobody reads more. */
  private static final int MAX_PROBLEMS = 100;

  /** Names of tensors and steps are as long as a package's author likes. */
  private static final int MAX_PATH_CHARS = 300;

  private static final int MAX_DESCRIPTION_CHARS = 1_000;

  private final List<PipelineProblem> found = new ArrayList<>();

  /** Returns the place of a step in the flavor. */
  public static String place(int step) {
    return "steps[" + step + "]";
  }

  /**
   * Adds a problem at a place in the flavor; of a long text its beginning. Beyond a hundred they
   * are left out.
   */
  public void add(String path, String description) {
    if (found.size() < MAX_PROBLEMS) {
      found.add(
          new PipelineProblem(cut(path, MAX_PATH_CHARS), cut(description, MAX_DESCRIPTION_CHARS)));
    }
  }

  private static String cut(String text, int maxChars) {
    return text.codePointCount(0, text.length()) <= maxChars
        ? text
        : text.substring(0, text.offsetByCodePoints(0, maxChars)) + "…";
  }

  /** Adds those that were found elsewhere, under the same bound. */
  public void addAll(PipelineException others) {
    others.problems().stream().limit(MAX_PROBLEMS - found.size()).forEach(found::add);
  }

  /** Tells whether nothing was found. */
  public boolean isEmpty() {
    return found.isEmpty();
  }

  /**
   * Throws all problems at once, if there is any.
   *
   * @throws PipelineException that names them
   */
  public void throwIfAny() {
    if (!found.isEmpty()) {
      throw new PipelineException(found);
    }
  }
}
