package dev.slipway.engine.pipeline;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * One step of a pipeline: a registered version, and what it is fed with.
 *
 * @param name its name within the pipeline: 1 to 64 of {@code A-Z a-z 0-9 _ -}, and not {@code
 *     inputs}
 * @param model registered model name
 * @param version version number, at least 1
 * @param digest digest that the version's package must have, 64 lower-case hex digits; empty when
 *     any will do
 * @param inputs where each of its inputs comes from, by name; empty when it takes the pipeline's
 *     inputs of the same names
 */
public record PipelineStep(
    String name,
    String model,
    long version,
    Optional<String> digest,
    Optional<Map<String, TensorSource>> inputs) {
  private static final Pattern NAME = Pattern.compile("[A-Za-z0-9_-]{1,64}");
  private static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");

  /**
   * Copies the map.
   *
   * @throws IllegalArgumentException if a part is out of its range
   */
  public PipelineStep {
    if (!NAME.matcher(name).matches() || name.equals(TensorSource.INPUTS)) {
      throw new IllegalArgumentException(
          "has the name \""
              + name
              + "\"; must be 1 to 64 of the characters A-Z a-z 0-9 _ - and not inputs");
    }
    if (model.isEmpty() || version < 1) {
      throw new IllegalArgumentException("names no version of a model");
    }
    Objects.requireNonNull(digest, "digest");
    if (digest.filter(text -> !DIGEST.matcher(text).matches()).isPresent()) {
      throw new IllegalArgumentException("has a digest that is not 64 lower-case hex digits");
    }
    inputs = inputs.map(map -> Collections.unmodifiableMap(new LinkedHashMap<>(map)));
  }

  /** Returns a step that takes the pipeline's inputs of the same names. */
  public static PipelineStep of(String name, String model, long version) {
    return new PipelineStep(name, model, version, Optional.empty(), Optional.empty());
  }

  /** Returns a step that is fed as said. */
  public static PipelineStep of(
      String name, String model, long version, Map<String, TensorSource> inputs) {
    return new PipelineStep(name, model, version, Optional.empty(), Optional.of(inputs));
  }

  /** Returns the version as {@code models:/name/3}. */
  public String uri() {
    return PipelineFlavor.MODELS + model + "/" + version;
  }
}
