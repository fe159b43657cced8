package dev.slipway.engine.error;

import java.util.List;

/** A pipeline does not fit together; tells everything that is wrong with it. */
public final class PipelineException extends ModelPackageException {

  private static final long serialVersionUID = 1L;

  private final String[] problems;

  /**
   * Creates the exception.
   *
   * @param problems each with its place in the pipeline, at least one
   */
  public PipelineException(List<String> problems) {
    super("the pipeline does not fit together: " + String.join("; ", problems));
    this.problems = problems.toArray(String[]::new);
  }

  /** Returns each problem with its place in the pipeline. */
  public List<String> problems() {
    return List.of(problems);
  }
}
