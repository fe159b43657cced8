package dev.slipway.serving.rpc;

import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.model.LoadedModel;
import dev.slipway.serving.model.LoadedStep;
import dev.slipway.serving.v1.Dependency;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.ServedVersion;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Function;

/** Tells what a version needs, and what all of it takes. */
final class Dependencies {
  private Dependencies() {}

  /**
   * Adds the steps of a pipeline, those of pipelines that are steps behind them, and the totals.
   *
   * @param describe tells how a version is doing
   */
  static void add(
      LoadedModel model,
      Function<VersionKey, ServedVersion> describe,
      DescribeModelResponse.Builder response) {
    Map<LoadedModel, String> found = new LinkedHashMap<>();
    gather(model, "", found);
    long bytes = model.memoryBytes();
    Duration took = model.report().duration();
    for (Map.Entry<LoadedModel, String> step : found.entrySet()) {
      response.addDependencies(
          Dependency.newBuilder()
              .setStep(step.getValue())
              .setVersion(describe.apply(step.getKey().version().key())));
      bytes += step.getKey().memoryBytes();
      took = took.plus(step.getKey().report().duration());
    }
    response.setTotalMemoryBytes(bytes).setTotalLoadDuration(ServingProtos.duration(took));
  }

  private static void gather(LoadedModel model, String prefix, Map<LoadedModel, String> found) {
    for (LoadedStep step : model.steps()) {
      String name = prefix + step.name();
      found.putIfAbsent(step.model(), name);
      gather(step.model(), name + "/", found);
    }
  }
}
