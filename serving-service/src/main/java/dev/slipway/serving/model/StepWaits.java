package dev.slipway.serving.model;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.serving.catalog.VersionKey;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Which pipelines that are being loaded wait for which steps, so that pipelines that are steps of
 * each other are refused rather than left to wait for ever. Thread-safe.
 */
final class StepWaits {
  @GuardedBy("this")
  private final List<Wait> waits = new ArrayList<>();

  /** One wait; told from an equal one by its identity. */
  static final class Wait {
    private final VersionKey pipeline;
    private final VersionKey step;

    private Wait(VersionKey pipeline, VersionKey step) {
      this.pipeline = pipeline;
      this.step = step;
    }
  }

  /**
   * Notes a wait.
   *
   * @throws InvalidPipelineException if the step waits for the pipeline already
   */
  synchronized Wait begin(VersionKey pipeline, VersionKey step) {
    Optional<List<VersionKey>> circle = path(step, pipeline, new HashSet<>());
    if (circle.isPresent()) {
      List<String> names = new ArrayList<>(List.of(pipeline.toString()));
      circle.get().forEach(key -> names.add(key.toString()));
      throw new InvalidPipelineException(
          "the pipeline is a step of itself: " + String.join(" -> ", names));
    }
    Wait wait = new Wait(pipeline, step);
    waits.add(wait);
    return wait;
  }

  synchronized void end(Wait wait) {
    waits.remove(wait);
  }

  /** Returns the way from one version to another, both ends included. */
  @GuardedBy("this")
  private Optional<List<VersionKey>> path(VersionKey from, VersionKey to, Set<VersionKey> seen) {
    if (from.equals(to)) {
      return Optional.of(List.of(to));
    }
    if (!seen.add(from)) {
      return Optional.empty();
    }
    for (Wait wait : waits) {
      if (wait.pipeline.equals(from)) {
        Optional<List<VersionKey>> rest = path(wait.step, to, seen);
        if (rest.isPresent()) {
          List<VersionKey> path = new ArrayList<>(List.of(from));
          path.addAll(rest.get());
          return Optional.of(path);
        }
      }
    }
    return Optional.empty();
  }
}
