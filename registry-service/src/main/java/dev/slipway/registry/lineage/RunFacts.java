package dev.slipway.registry.lineage;

import dev.slipway.registry.version.RunId;
import java.util.List;

/** Is what the tracking service knows of a run, as far as lineage is concerned. */
public record RunFacts(RunId id, String experimentId, String name, List<DatasetUse> datasets) {
  /** Copies the list. */
  public RunFacts {
    datasets = List.copyOf(datasets);
  }

  /**
   * Is a dataset as the input of a run.
   *
   * @param context what it was used for, such as {@code training}; possibly empty
   */
  public record DatasetUse(String name, String digest, String context) {}
}
