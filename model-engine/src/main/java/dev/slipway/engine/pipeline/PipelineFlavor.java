package dev.slipway.engine.pipeline;

import dev.slipway.engine.error.PipelineException;
import dev.slipway.engine.packaging.Flavor;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Reads and writes pipelines as flavor of an {@code MLmodel} file. */
final class PipelineFlavor {
  static final String NAME = "slipway_pipeline";
  static final String MODELS = "models:/";

  private static final Pattern VERSION = Pattern.compile("models:/([^/@]+)/([0-9]{1,18})");
  private static final Set<String> KEYS = Set.of("steps", "outputs");
  private static final Set<String> STEP_KEYS = Set.of("name", "model", "digest", "inputs");

  private PipelineFlavor() {}

  /**
   * Reads a flavor.
   *
   * @throws PipelineException with everything that is wrong with it
   */
  static PipelineDefinition read(Flavor flavor) {
    PipelineProblems problems = new PipelineProblems();
    Map<String, Object> config = flavor.config();
    unknown(config, KEYS, "", problems);
    List<PipelineStep> steps = new ArrayList<>();
    if (config.get("steps") instanceof List<?> list
        && list.size() <= PipelineDefinition.MAX_STEPS) {
      for (int i = 0; i < list.size(); i++) {
        step("steps[" + i + "]", list.get(i), problems).ifPresent(steps::add);
      }
    } else {
      problems.add("steps", "must be a list of 1 to " + PipelineDefinition.MAX_STEPS + " steps");
    }
    Map<String, TensorSource> outputs = sources("outputs", config.get("outputs"), problems);
    problems.throwIfAny();
    return new PipelineDefinition(steps, outputs);
  }

  private static Optional<PipelineStep> step(String path, Object value, PipelineProblems problems) {
    if (!(value instanceof Map<?, ?> map)) {
      problems.add(path, "must be a map of name, model and inputs");
      return Optional.empty();
    }
    unknown(map, STEP_KEYS, path + ".", problems);
    Optional<String> name = text(path + ".name", map.get("name"), problems);
    Optional<String> uri = text(path + ".model", map.get("model"), problems);
    Optional<String> digest =
        map.get("digest") == null
            ? Optional.empty()
            : text(path + ".digest", map.get("digest"), problems);
    Optional<Map<String, TensorSource>> inputs =
        map.get("inputs") == null
            ? Optional.empty()
            : Optional.of(sources(path + ".inputs", map.get("inputs"), problems));
    Optional<Matcher> version = uri.flatMap(text -> version(path + ".model", text, problems));
    if (name.isEmpty() || version.isEmpty()) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new PipelineStep(
              name.get(),
              version.get().group(1),
              Long.parseLong(version.get().group(2)),
              digest,
              inputs));
    } catch (IllegalArgumentException e) {
      problems.add(path, e.getMessage());
      return Optional.empty();
    }
  }

  private static Optional<Matcher> version(String path, String uri, PipelineProblems problems) {
    Matcher matcher = VERSION.matcher(uri);
    if (!matcher.matches()) {
      problems.add(
          path,
          "is \""
              + uri
              + "\"; must be models:/NAME/NUMBER, since a version of a pipeline always runs the"
              + " same steps, whatever stages and aliases point to");
      return Optional.empty();
    }
    return Optional.of(matcher);
  }

  private static Map<String, TensorSource> sources(
      String path, Object value, PipelineProblems problems) {
    Map<String, TensorSource> sources = new LinkedHashMap<>();
    if (!(value instanceof Map<?, ?> map) || map.isEmpty()) {
      problems.add(path, "must be a map from names to inputs.TENSOR or STEP.TENSOR");
      return sources;
    }
    map.forEach(
        (name, source) -> {
          String member = path + "." + name;
          try {
            text(member, source, problems)
                .map(TensorSource::parse)
                .ifPresent(parsed -> sources.put(name.toString(), parsed));
          } catch (IllegalArgumentException e) {
            problems.add(member, e.getMessage());
          }
        });
    return sources;
  }

  private static Optional<String> text(String path, Object value, PipelineProblems problems) {
    if (!(value instanceof String text) || text.isEmpty()) {
      problems.add(path, "must be text");
      return Optional.empty();
    }
    return Optional.of(text);
  }

  private static void unknown(
      Map<?, ?> map, Set<String> known, String prefix, PipelineProblems problems) {
    for (Object key : map.keySet()) {
      if (!(key instanceof String name) || !known.contains(name)) {
        problems.add(prefix + key, "is not known");
      }
    }
  }

  static Flavor write(PipelineDefinition pipeline) {
    List<Object> steps = new ArrayList<>();
    for (PipelineStep step : pipeline.steps()) {
      Map<String, Object> map = new LinkedHashMap<>();
      map.put("name", step.name());
      map.put("model", step.uri());
      step.digest().ifPresent(digest -> map.put("digest", digest));
      step.inputs().ifPresent(inputs -> map.put("inputs", texts(inputs)));
      steps.add(map);
    }
    return new Flavor(NAME, Map.of("steps", steps, "outputs", texts(pipeline.outputs())));
  }

  private static Map<String, Object> texts(Map<String, TensorSource> sources) {
    Map<String, Object> texts = new LinkedHashMap<>();
    sources.forEach((name, source) -> texts.put(name, source.toString()));
    return texts;
  }
}
