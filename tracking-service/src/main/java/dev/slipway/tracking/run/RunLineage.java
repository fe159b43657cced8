package dev.slipway.tracking.run;

import dev.slipway.tracking.dataset.DatasetInput;
import dev.slipway.tracking.model.LoggedModelId;
import java.util.List;

/**
 * Is what a run read and produced, each list in the order in which it was first logged.
 *
 * @param datasets datasets that the run read
 * @param modelInputs logged models that the run read
 * @param modelOutputs logged models that the run produced
 */
public record RunLineage(
    List<DatasetInput> datasets, List<LoggedModelId> modelInputs, List<ModelOutput> modelOutputs) {
  /** Nothing read and nothing produced. */
  public static final RunLineage EMPTY = new RunLineage(List.of(), List.of(), List.of());

  /** Says how much of a run's lineage is read. */
  public enum Detail {
    /** Nothing. */
    NONE(0),
    /** Everything, of the datasets' details what fits into a list. */
    BRIEF(1_000_000),
    /** Everything, of the datasets' details what the memory for one run allows. */
    FULL(20_000_000);

    private final long maxDetailChars;

    Detail(long maxDetailChars) {
      this.maxDetailChars = maxDetailChars;
    }

    /**
     * Returns the most characters that source, schema and profile of all datasets of a run have
     * together; in their order, those that do not fit any more come without.
     */
    public long maxDetailChars() {
      return maxDetailChars;
    }
  }

  /** Copies the lists. */
  public RunLineage {
    datasets = List.copyOf(datasets);
    modelInputs = List.copyOf(modelInputs);
    modelOutputs = List.copyOf(modelOutputs);
  }
}
