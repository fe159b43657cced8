package dev.slipway.cli.batch;

import dev.slipway.gateway.scoring.InputRows;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads the rows of a file in their order, each time the same. Not thread-safe. */
interface RowSource extends Closeable {
  /** Characters of one request's rows, of which only the last may go beyond. */
  long MOST_CHARACTERS = 1 << 20;

  /**
   * Opens a file.
   *
   * @throws dev.slipway.gateway.scoring.ScoringException if its beginning is not of the form
   */
  static RowSource open(FileFormat format, Path file) throws IOException {
    return switch (format) {
      case JSONL -> new JsonLinesSource(file);
      case CSV -> new CsvSource(file);
      case PARQUET -> new ParquetSource(file);
    };
  }

  /** Returns the columns that every row has; empty where each row says for itself. */
  Optional<List<OutputColumn>> columns();

  /**
   * Returns the next rows, none at the end.
   *
   * @param most rows, from 1; fewer come where rows are long
   * @throws dev.slipway.gateway.scoring.ScoringException if the file is damaged here
   */
  InputRows next(int most) throws IOException;

  /** Returns how much of the file was read, 0 to 1. */
  double progress();
}
