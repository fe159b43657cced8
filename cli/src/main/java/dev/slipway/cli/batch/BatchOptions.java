package dev.slipway.cli.batch;

import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/**
 * Holds what decides which rows the output has, and in what form.
 *
 * @param rowsPerRequest most rows that are asked about together, 1 to 10,000
 * @param ordered whether rows are in the output in the order of the input
 * @param rowErrors whether rows without a prediction are kept, with the reason
 * @param keep columns of the input that are copied
 * @param outputs names of the wanted outputs; empty for all
 * @param params parameters of the predictions, as they were written
 */
record BatchOptions(
    FileFormat inFormat,
    FileFormat outFormat,
    int rowsPerRequest,
    boolean ordered,
    boolean rowErrors,
    List<String> keep,
    List<String> outputs,
    List<String> params) {
  BatchOptions {
    keep = List.copyOf(keep);
    outputs = List.copyOf(outputs);
    params = List.copyOf(params);
  }

  /** Returns which of the options another run has differently. */
  List<String> differences(BatchOptions now) {
    List<String> differences = new ArrayList<>();
    compare("--in-format", inFormat, now.inFormat, differences);
    compare("--out-format", outFormat, now.outFormat, differences);
    compare("--rows-per-request", rowsPerRequest, now.rowsPerRequest, differences);
    compare("--unordered", !ordered, !now.ordered, differences);
    compare("--row-errors", rowErrors, now.rowErrors, differences);
    compare("--keep", keep, now.keep, differences);
    compare("--outputs", outputs, now.outputs, differences);
    compare("--param", params, now.params, differences);
    return differences;
  }

  private static void compare(String option, Object was, Object is, List<String> differences) {
    if (!Objects.equals(was, is)) {
      differences.add("%s was %s and is %s".formatted(option, was, is));
    }
  }
}
