package dev.slipway.cli.batch;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Names the files of a run: beside the output those that are there until it is complete.
 *
 * @param input the rows
 * @param output what appears when it is complete
 * @param overwrite whether it may replace a file
 */
record BatchFiles(Path input, Path output, boolean overwrite) {
  /**
   * Checks that the output may be made.
   *
   * @throws IOException if there is something that it may not replace
   */
  void requireOutputToMake() throws IOException {
    if (Files.exists(output) && !Files.isRegularFile(output)) {
      throw new IOException(output + " is no file");
    }
    if (Files.exists(output) && !overwrite) {
      throw new IOException(output + " is there already: --overwrite replaces it");
    }
  }

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
