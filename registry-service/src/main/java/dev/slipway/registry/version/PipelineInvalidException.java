package dev.slipway.registry.version;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.error.PipelineProblem;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.List;
import java.util.Map;
import java.util.Set;

/** Reports that a package is a pipeline whose steps are not there or do not fit together. */
public final class PipelineInvalidException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** A version that could not be registered keeps the message. */
  private static final int MAX_PROBLEMS_CHARS = 4_000;

  private final transient List<PipelineProblem> problems;
  private final transient Set<String> pending;

  /**
   * Creates the failure.
   *
   * @param pending URIs of what it runs and whose packages are still to be read
   */
  public PipelineInvalidException(String where, PipelineException cause, Set<String> pending) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "PIPELINE_INVALID",
        "the pipeline in %s cannot be used, %s: %s"
            .formatted(where, count(cause.problems()), describe(cause.problems())),
        Map.of("source", where),
        cause);
    this.problems = cause.problems();
    this.pending = Set.copyOf(pending);
  }

  /**
   * Returns whether the pipeline may become usable, since packages of what it runs are still to be
   * read.
   *
   * @param own URI of the pipeline's own version, for which it would wait for ever
   */
  public boolean mayMend(String own) {
    return pending.stream().anyMatch(uri -> !uri.equals(own));
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
