package dev.slipway.cli.batch;

import java.nio.file.Path;
import java.util.Locale;
import java.util.Optional;

/** Is a form in which rows are in a file. */
enum FileFormat {
  /** A JSON value a line. */
  JSONL,
  /** A header, then a row a record. */
  CSV,
  /** Apache Parquet. */
  PARQUET;

  /** Returns the form that a file's name tells. */
  static Optional<FileFormat> of(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    if (name.endsWith(".jsonl") || name.endsWith(".ndjson")) {
      return Optional.of(JSONL);
    }
    if (name.endsWith(".csv")) {
      return Optional.of(CSV);
    }
    return name.endsWith(".parquet") ? Optional.of(PARQUET) : Optional.empty();
  }
}
