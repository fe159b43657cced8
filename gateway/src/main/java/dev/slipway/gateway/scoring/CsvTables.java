package dev.slipway.gateway.scoring;

import dev.slipway.serving.v1.PredictRequest;
import java.io.IOException;
import java.io.Reader;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVParser;
import org.apache.commons.csv.CSVRecord;
import org.apache.commons.csv.DuplicateHeaderMode;
import org.apache.commons.csv.QuoteMode;

/**
 * Reads requests out of CSV with a header, some rows at a time. Cells are text that is read as the
 * type of its column; an empty one, unless in quotes, has no value. Not thread-safe.
 */
public final class CsvTables implements AutoCloseable {
  /** Quotes tell the empty text from no value. */
  private static final CSVFormat FORMAT =
      CSVFormat.RFC4180
          .builder()
          .setHeader()
          .setSkipHeaderRecord(true)
          .setDuplicateHeaderMode(DuplicateHeaderMode.DISALLOW)
          .setNullString("")
          .setQuoteMode(QuoteMode.ALL_NON_NULL)
          .get();

  private final CSVParser parser;
  private final Map<String, Integer> columns = new LinkedHashMap<>();
  private final Iterator<CSVRecord> records;

  /**
   * Begins to read.
   *
   * @param csv which {@link #close} closes
   * @throws ScoringException if the header is missing or names a column twice
   */
  public CsvTables(Reader csv) throws IOException {
    try {
      this.parser = FORMAT.parse(csv);
    } catch (IllegalArgumentException e) {
      throw new ScoringException("the header of the CSV: " + e.getMessage(), e);
    }
    for (String name : parser.getHeaderNames()) {
      columns.put(name, columns.size());
    }
    if (columns.isEmpty()) {
      throw new ScoringException("the CSV is empty: its first line must name the columns");
    }
    this.records = parser.iterator();
  }

  /** Returns the names of the columns, in order. */
  public List<String> columns() {
    return List.copyOf(columns.keySet());
  }

  /**
   * Reads the next rows into a request.
   *
   * @param most rows, from 1
   * @return how many there were, 0 at the end
   * @throws ScoringException if a row is malformed, or cannot be read as the model's types
   */
  public int read(int most, ScoringInputs inputs, PredictRequest.Builder request)
      throws IOException {
    InputRows rows = next(most, Long.MAX_VALUE);
    if (rows.size() > 0) {
      rows.read(inputs, request);
    }
    return rows.size();
  }

  /**
   * Returns the next rows, none at the end.
   *
   * @param mostRows from 1
   * @param mostCharacters of which only the last row may go beyond, from 1
   * @throws ScoringException if the text is no CSV from here on
   */
  public InputRows next(int mostRows, long mostCharacters) throws IOException {
    List<CSVRecord> rows = new ArrayList<>();
    long characters = 0;
    try {
      while (rows.size() < mostRows && characters < mostCharacters && records.hasNext()) {
        CSVRecord row = records.next();
        rows.add(row);
        for (String cell : row) {
          // With what separates it from the next: cells without a value are not free either.
          characters += 1 + (cell == null ? 0 : cell.length());
        }
      }
    } catch (UncheckedIOException e) {
      throw new ScoringException(
          "row %d of the CSV: %s"
              .formatted(parser.getRecordNumber() + 1, e.getCause().getMessage()),
          e);
    }
    return new CsvRows(columns, rows, true);
  }

  @Override
  public void close() throws IOException {
    parser.close();
  }
}
