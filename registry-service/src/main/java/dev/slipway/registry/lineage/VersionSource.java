package dev.slipway.registry.lineage;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.PackageSource;
import dev.slipway.registry.version.VersionNumber;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Is a version that another one names as what it was made from.
 *
 * @param role name of the pipeline's step; empty for a copy
 */
public record VersionSource(
    ModelName name, VersionNumber number, LineageRelation relation, String role) {
  /** Returns what a version was made from: the version that it copies, and its steps. */
  public static List<VersionSource> of(PackageSource source, List<Flavor> flavors) {
    List<VersionSource> sources = new ArrayList<>();
    if (source instanceof PackageSource.OtherVersion other) {
      sources.add(new VersionSource(other.name(), other.version(), LineageRelation.COPY, ""));
    }
    steps(flavors).forEach(step -> step(step).ifPresent(sources::add));
    return sources;
  }

  private static List<PipelineStep> steps(List<Flavor> flavors) {
    try {
      return PipelineDefinition.find(flavors).map(PipelineDefinition::steps).orElse(List.of());
    } catch (PipelineException e) {
      // Nobody can serve it, so it is no pipeline of anything. Older versions may be such.
      return List.of();
    }
  }

  /** Returns the version of a step; nothing when no model can have such a name. */
  private static Optional<VersionSource> step(PipelineStep step) {
    try {
      return Optional.of(
          new VersionSource(
              new ModelName(step.model()),
              new VersionNumber(step.version()),
              LineageRelation.PIPELINE_STEP,
              step.name()));
    } catch (IllegalArgumentException e) {
      return Optional.empty();
    }
  }
}
