package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.serving.v1.PredictResponse;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.commons.csv.CSVFormat;
import org.apache.commons.csv.CSVPrinter;
import org.apache.commons.csv.QuoteMode;

/**
 * Writes answers that are tables as CSV, with a header before the first. A missing value and the
 * empty text are an empty cell, lists and records are JSON. Not thread-safe.
 */
public final class CsvAnswers {
  private static final CSVFormat FORMAT =
      CSVFormat.RFC4180.builder().setRecordSeparator('\n').setQuoteMode(QuoteMode.MINIMAL).get();

  private final CSVPrinter printer;
  private boolean headerWritten;

  /**
   * Creates it.
   *
   * @param csv which the caller flushes and closes
   * @param withHeader false where earlier answers are there already
   */
  public CsvAnswers(Appendable csv, boolean withHeader) throws IOException {
    this.printer = new CSVPrinter(csv, FORMAT);
    this.headerWritten = !withHeader;
  }

  /** Appends the rows of an answer. */
  public void write(PredictResponse answer) throws IOException {
    write(ScoringOutputs.rows(answer.getDataFrame()));
  }

  /** Appends rows, column to value, all of the same columns. */
  public void write(List<ObjectNode> rows) throws IOException {
    for (ObjectNode row : rows) {
      if (!headerWritten) {
        List<String> names = new ArrayList<>();
        row.fieldNames().forEachRemaining(names::add);
        writeHeader(names);
      }
      List<Object> cells = new ArrayList<>();
      row.forEach(cell -> cells.add(text(cell)));
      printer.printRecord(cells);
    }
  }

  /** Appends the header, for who may have no rows. */
  public void writeHeader(List<String> names) throws IOException {
    printer.printRecord(names);
    headerWritten = true;
  }

  private static Object text(JsonNode cell) {
    if (cell.isNull()) {
      return null;
    }
    return cell.isValueNode() ? cell.asText() : cell.toString();
  }
}
