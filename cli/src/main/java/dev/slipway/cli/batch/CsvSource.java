package dev.slipway.cli.batch;

import dev.slipway.gateway.scoring.CsvTables;
import dev.slipway.gateway.scoring.InputRows;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/** Reads CSV. Cells are copied as the texts that they are. Not thread-safe. */
final class CsvSource implements RowSource {
  private final TextFile file;
  private final CsvTables tables;

  CsvSource(Path path) throws IOException {
    this.file = TextFile.open(path);
    try {
      this.tables = new CsvTables(file);
    } catch (IOException | RuntimeException e) {
      file.close();
      throw e;
    }
  }

  @Override
  public Optional<List<OutputColumn>> columns() {
    return Optional.of(
        tables.columns().stream()
            .map(name -> new OutputColumn(name, OutputColumn.Type.TEXT))
            .toList());
  }

  @Override
  public InputRows next(int most) throws IOException {
    file.endOfRow();
    return tables.next(most, MOST_CHARACTERS);
  }

  @Override
  public double progress() {
    return file.progress();
  }

  @Override
  public void close() throws IOException {
    tables.close();
  }
}
