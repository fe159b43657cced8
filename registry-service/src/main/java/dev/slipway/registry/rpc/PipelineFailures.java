package dev.slipway.registry.rpc;

import com.google.rpc.PreconditionFailure;
import dev.slipway.engine.error.PipelineProblem;
import dev.slipway.registry.version.PipelineInvalidException;
import java.util.List;
import java.util.function.Supplier;

/** Attaches what is wrong with a pipeline to the status with which it is refused. */
final class PipelineFailures {
  private static final int MAX_SUBJECT_CHARS = 100;
  private static final int MAX_DESCRIPTION_CHARS = 300;

  private PipelineFailures() {}

  /** Registers a version; when it is a pipeline that cannot be used, the failure says why not. */
  static <T> T explained(Supplier<T> registration) {
    try {
      return registration.get();
    } catch (PipelineInvalidException e) {
      throw StatusDetails.attach(e, violations(e.reason(), e.problems()));
    }
  }

  /** Returns problems, the first ones when there is no room for all. */
  private static PreconditionFailure violations(String type, List<PipelineProblem> problems) {
    PreconditionFailure.Builder violations = PreconditionFailure.newBuilder();
    int room = StatusDetails.MAX_BYTES;
    for (PipelineProblem problem : problems) {
      PreconditionFailure.Violation next =
          PreconditionFailure.Violation.newBuilder()
              .setType(type)
              .setSubject(StatusDetails.cut(problem.path(), MAX_SUBJECT_CHARS))
              .setDescription(StatusDetails.cut(problem.description(), MAX_DESCRIPTION_CHARS))
              .build();
      room -= next.getSerializedSize();
      if (room < 0) {
        break;
      }
      violations.addViolations(next);
    }
    return violations.build();
  }
}
