package dev.slipway.serving.model;

/** Reports that a pipeline does not fit together; another try would fail the same way. */
final class InvalidPipelineException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  InvalidPipelineException(String problem) {
    super(problem);
  }

  InvalidPipelineException(String problem, Throwable cause) {
    super(problem, cause);
  }
}
