package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.slipway.serving.v1.PredictRequest;
import java.util.List;
import java.util.Map;
import org.apache.commons.csv.CSVRecord;

/**
 * Holds rows of CSV.
 *
 * @param columns positions by name
 * @param rows which may have too few or too many cells
 * @param numbered whether what is thrown tells the numbers of rows
 */
record CsvRows(Map<String, Integer> columns, List<CSVRecord> rows, boolean numbered)
    implements InputRows {
  @Override
  public int size() {
    return rows.size();
  }

  @Override
  public void read(ScoringInputs inputs, PredictRequest.Builder request) {
    for (CSVRecord row : rows) {
      if (row.size() != columns.size()) {
        throw new ScoringException(
            "%s has %d cells and its header %d"
                .formatted(
                    numbered ? "row " + row.getRecordNumber() + " of the CSV" : "the row",
                    row.size(),
                    columns.size()));
      }
    }
    inputs.readTable(
        new Table(
            numbered ? "csv" : "",
            columns,
            columns.size(),
            rows.get(0).getRecordNumber() - 1,
            rows.size(),
            this::cell,
            true),
        request);
  }

  private JsonNode cell(int row, int column) {
    String cell = rows.get(row).get(column);
    return cell == null
        ? JsonNodeFactory.instance.nullNode()
        : JsonNodeFactory.instance.textNode(cell);
  }

  @Override
  public InputRows select(List<Integer> positions) {
    return new CsvRows(columns, positions.stream().map(rows::get).toList(), false);
  }

  @Override
  public JsonNode value(int position, String column) {
    Integer index = columns.get(column);
    return index == null || index >= rows.get(position).size()
        ? JsonNodeFactory.instance.nullNode()
        : cell(position, index);
  }
}
