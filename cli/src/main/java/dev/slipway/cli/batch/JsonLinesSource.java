package dev.slipway.cli.batch;

import dev.slipway.gateway.scoring.InputRows;
import dev.slipway.gateway.scoring.JsonRows;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads a row a line, whose number is that of the line. Not thread-safe. */
final class JsonLinesSource implements RowSource {
  private final TextFile file;
  private final BufferedReader lines;

  JsonLinesSource(Path path) throws IOException {
    this.file = TextFile.open(path);
    this.lines = new BufferedReader(file);
  }

  @Override
  public Optional<List<OutputColumn>> columns() {
    return Optional.empty();
  }

  @Override
  public InputRows next(int most) throws IOException {
    List<String> texts = new ArrayList<>();
    long characters = 0;
    while (texts.size() < most && characters < MOST_CHARACTERS) {
      file.endOfRow();
      String line = lines.readLine();
      if (line == null) {
        break;
      }
      texts.add(line);
      characters += line.length();
    }
    return JsonRows.ofTexts(texts);
  }

  @Override
  public double progress() {
    return file.progress();
  }

  @Override
  public void close() throws IOException {
    lines.close();
  }
}
