package dev.slipway.registry.version;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.error.PipelineProblem;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.List;
import java.util.Map;

/** Reports that a package is a pipeline whose steps are not there or do not fit together. */
public final class PipelineInvalidException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** A version that could not be registered keeps the message. */
  private static final int MAX_PROBLEMS_CHARS = 4_000;

  private final transient List<PipelineProblem> problems;

  /** Creates the failure. */
  public PipelineInvalidException(String where, PipelineException cause) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "PIPELINE_INVALID",
        "the pipeline in %s cannot be used, %s: %s"
            .formatted(where, count(cause.problems()), describe(cause.problems())),
        Map.of("source", where),
        cause);
    this.problems = cause.problems();
  }

  /** Returns everything that is wrong, in the order in which it was found. */
  public List<PipelineProblem> problems() {
    return problems;
  }

  private static String count(List<PipelineProblem> problems) {
    return problems.size() == 1 ? "for one reason" : "for " + problems.size() + " reasons";
  }

  private static String describe(List<PipelineProblem> problems) {
    StringBuilder text = new StringBuilder();
    for (PipelineProblem problem : problems) {
      String next = problem.toString();
      if (text.length() + next.length() > MAX_PROBLEMS_CHARS) {
        return text + "; …";
      }
      text.append(text.isEmpty() ? "" : "; ").append(next);
    }
    return text.toString();
  }
}
