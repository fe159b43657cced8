package dev.slipway.registry.service;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.pipeline.PipelineDefinition;
import dev.slipway.engine.pipeline.PipelineJoin;
import dev.slipway.engine.pipeline.PipelineProblems;
import dev.slipway.engine.pipeline.PipelineStep;
import dev.slipway.engine.pipeline.StepDeclaration;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.RegisteredModelNotFoundException;
import dev.slipway.registry.store.ModelVersionStore;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.ModelVersionNotFoundException;
import dev.slipway.registry.version.ModelVersionState;
import dev.slipway.registry.version.Sha256;
import dev.slipway.registry.version.VersionNumber;
import dev.slipway.registry.version.VersionPackage.ModelFile;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Finds everything that is wrong with one pipeline, by what the registry has of the versions that
 * it runs. Of one thread.
 *
 * <p>All versions that a pipeline runs, those of pipelines within included, must be there with
 * their packages. A version that runs itself through others is therefore refused as well: it is not
 * there yet when it is checked.
 */
final class PipelineCheck {
  private final ModelVersionStore versions;
  private final PipelineProblems problems = new PipelineProblems();
  private final Map<String, Optional<StepPackage>> found = new HashMap<>();
  private final Map<String, Size> sizes = new HashMap<>();

  /**
   * How large a version is.
   *
   * @param depth how many pipelines lie in each other; 0 for a model
   * @param allSteps the steps, those of pipelines within included; 0 for a model
   */
  private record Size(int depth, int allSteps) {
    static final Size MODEL = new Size(0, 0);

    /** Beyond this steps are not counted: sums of so many still have room. */
    static final int MAX_COUNTED = 1_000_000;

    /** Stands for more than may be served. */
    static final Size TOO_LARGE =
        new Size(PipelineDefinition.MAX_DEPTH, PipelineDefinition.MAX_ALL_STEPS);
  }

  /**
   * What is needed of a version; descriptions and tags of so many would be large.
   *
   * @param digest absent when there is no package
   * @param pipeline the flavor that makes it a pipeline, if it is one
   * @param pending whether its package is still to be read
   */
  private record StepPackage(
      Optional<Sha256> digest,
      Optional<ModelSignature> signature,
      List<Flavor> pipeline,
      boolean pending) {
    static StepPackage of(ModelVersion version) {
      return new StepPackage(
          version.packageDigest(),
          version.signature(),
          version.flavors().stream()
              .filter(flavor -> flavor.name().equals(PipelineDefinition.FLAVOR))
              .toList(),
          version.state() == ModelVersionState.PENDING);
    }
  }

  PipelineCheck(ModelVersionStore versions) {
    this.versions = versions;
  }

  /**
   * Checks a package; nothing is wrong with one that is no pipeline.
   *
   * @throws PipelineException with everything that is wrong
   */
  void check(ModelFile file) {
    Optional<PipelineDefinition> pipeline = PipelineDefinition.find(file.flavors());
    if (pipeline.isEmpty()) {
      return;
    }
    Map<String, StepDeclaration> declared = new HashMap<>();
    List<PipelineStep> steps = pipeline.get().steps();
    for (int i = 0; i < steps.size(); i++) {
      PipelineStep step = steps.get(i);
      declare(step, PipelineProblems.place(i))
          .ifPresent(declaration -> declared.put(step.name(), declaration));
    }
    try {
      PipelineJoin.check(pipeline.get(), declared, file.signature());
    } catch (PipelineException e) {
      problems.addAll(e);
    } catch (ModelPackageException e) {
      problems.add("signature", "cannot be used: " + e.getMessage());
    }
    problems.throwIfAny();
  }

  private Optional<StepDeclaration> declare(PipelineStep step, String place) {
    Optional<StepPackage> version = find(step);
    if (version.isEmpty()) {
      problems.add(place + ".model", "is " + step.uri() + ", which is not in the registry");
      return Optional.empty();
    }
    Optional<Sha256> digest = version.get().digest();
    if (digest.isEmpty()) {
      problems.add(
          place + ".model", "is " + step.uri() + ", which has no package that can be served");
      return Optional.empty();
    }
    if (!step.digest().orElse(digest.get().hex()).equals(digest.get().hex())) {
      problems.add(
          place + ".digest",
          "is not that of " + step.uri() + ", whose package is " + digest.get().hex());
    }
    Size size = size(step, version.get(), place);
    return Optional.of(
        StepDeclaration.of(
            step.model() + "/" + step.version(),
            version.get().signature(),
            size.depth(),
            size.allSteps()));
  }

  /** Measures a version, which is looked at once, and notes what a pipeline lacks. */
  private Size size(PipelineStep step, StepPackage version, String place) {
    Size known = sizes.get(step.uri());
    if (known != null) {
      return known;
    }
    // A version that is found below itself is in a circle, which is never served.
    sizes.put(step.uri(), Size.TOO_LARGE);
    Size size = measure(step, version, place);
    sizes.put(step.uri(), size);
    return size;
  }

  private Size measure(PipelineStep step, StepPackage version, String place) {
    Optional<PipelineDefinition> pipeline;
    try {
      pipeline = PipelineDefinition.find(version.pipeline());
    } catch (PipelineException e) {
      problems.add(place + ".model", "is " + step.uri() + ": " + e.getMessage());
      return Size.MODEL;
    }
    int depth = 0;
    int allSteps = 0;
    for (PipelineStep within : pipeline.map(PipelineDefinition::steps).orElse(List.of())) {
      if (found.size() > PipelineDefinition.MAX_ALL_STEPS) {
        // So many different ones are too many however they are counted.
        return Size.TOO_LARGE;
      }
      Optional<StepPackage> inner = find(within);
      if (inner.flatMap(StepPackage::digest).isEmpty()) {
        problems.add(
            place + ".model",
            "is "
                + step.uri()
                + ", which runs "
                + within.uri()
                + ": that is not in the registry, or has no package");
        continue;
      }
      Size size = size(within, inner.get(), place);
      depth = Math.max(depth, size.depth() + 1);
      allSteps = Math.min(allSteps + size.allSteps() + 1, Size.MAX_COUNTED);
    }
    return new Size(depth, allSteps);
  }

  /**
   * Returns the URIs of all versions that were looked at and whose packages are still to be read.
   */
  Set<String> pending() {
    return found.entrySet().stream()
        .filter(version -> version.getValue().filter(StepPackage::pending).isPresent())
        .map(Map.Entry::getKey)
        .collect(Collectors.toUnmodifiableSet());
  }

  private Optional<StepPackage> find(PipelineStep step) {
    return found.computeIfAbsent(step.uri(), uri -> read(step));
  }

  private Optional<StepPackage> read(PipelineStep step) {
    ModelName name;
    try {
      name = new ModelName(step.model());
    } catch (IllegalArgumentException e) {
      // No model can have such a name.
      return Optional.empty();
    }
    try {
      return Optional.of(StepPackage.of(versions.get(name, new VersionNumber(step.version()))));
    } catch (RegisteredModelNotFoundException | ModelVersionNotFoundException e) {
      return Optional.empty();
    }
  }
}
