package dev.slipway.cli.batch;

import java.nio.file.Path;

/**
 * Names the files of a run: beside the output those that are there until it is complete.
 *
 * @param input the rows
 * @param output what appears when it is complete
 */
record BatchFiles(Path input, Path output) {
  /** Returns where the rows are gathered. */
  Path part() {
    return beside(".part");
  }

  /** Returns where the run says how far it has come. */
  Path checkpoint() {
    return beside(".checkpoint");
  }

  private Path beside(String suffix) {
    return output.resolveSibling(output.getFileName() + suffix);
  }
}
