package dev.slipway.engine.error;

import java.util.List;
import java.util.stream.Collectors;

/** A pipeline does not fit together; tells everything that is wrong with it. */
public final class PipelineException extends ModelPackageException {

  private static final long serialVersionUID = 1L;

  private final PipelineProblem[] problems;

  /**
   * Creates the exception.
   *
   * @param problems at least one
   */
  public PipelineException(List<PipelineProblem> problems) {
    super(
        "the pipeline does not fit together: "
            + problems.stream().map(PipelineProblem::toString).collect(Collectors.joining("; ")));
    this.problems = problems.toArray(PipelineProblem[]::new);
  }

  /** Returns each problem, in the order in which they were found. */
  public List<PipelineProblem> problems() {
    return List.of(problems);
  }
}
