package dev.slipway.benchmarks;

import picocli.CommandLine.Option;

/** Says which model is asked by how many. A mixin of picocli. */
final class ModelLoad {
  @Option(
      names = "--model",
      defaultValue = "MLP_LARGE",
      description = "Which model. Default: ${DEFAULT-VALUE}.")
  private BenchmarkModel model;

  @Option(
      names = "--callers",
      defaultValue = "16",
      description = "Callers at the same time. Default: ${DEFAULT-VALUE}.")
  private int callers;

  BenchmarkModel model() {
    return model;
  }

  int callers() {
    return callers;
  }
}
