package dev.slipway.engine.error;

import java.io.Serial;
import java.io.Serializable;
import java.util.Objects;

/**
 * One thing that is wrong with a pipeline.
 *
 * @param path its place in the pipeline: {@code steps[1].inputs.x}
 * @param description what is wrong there; reads on from the path
 */
public record PipelineProblem(String path, String description) implements Serializable {
  @Serial private static final long serialVersionUID = 1L;

  /** Rejects nulls. */
  public PipelineProblem {
    Objects.requireNonNull(path, "path");
    Objects.requireNonNull(description, "description");
  }

  /** Returns place and description as one sentence. */
  @Override
  public String toString() {
    return path + " " + description;
  }
}
