package dev.slipway.cli.batch;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.gateway.scoring.InputRows;
import dev.slipway.gateway.scoring.ScoringException;
import dev.slipway.gateway.scoring.ScoringInputs;
import dev.slipway.gateway.scoring.ScoringOutputs;
import dev.slipway.serving.v1.DataFrame;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.RowError;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Is the rows of one request, from the file to the output. Rows that cannot be read as the model's
 * inputs are not asked about. Of one thread.
 */
final class Chunk {
  private final long firstRow;
  private final InputRows rows;
  private final List<Integer> asked = new ArrayList<>();
  private final Optional<PredictRequest> request;

  /** Why rows have no prediction, by position. */
  private final Map<Integer, String> faults = new TreeMap<>();

  private Optional<DataFrame> answer = Optional.empty();

  /**
   * Reads rows as the model's inputs.
   *
   * @param firstRow number of the first, counted from 0 in the file
   * @throws ScoringException if none is at fault alone, but they cannot be asked about together
   */
  Chunk(long firstRow, InputRows rows, ScoringInputs inputs) {
    this.firstRow = firstRow;
    this.rows = rows;
    this.request = read(inputs);
  }

  private Optional<PredictRequest> read(ScoringInputs inputs) {
    PredictRequest.Builder all = PredictRequest.newBuilder().setId(Long.toString(firstRow));
    try {
      rows.read(inputs, all);
      for (int row = 0; row < rows.size(); row++) {
        asked.add(row);
      }
      return Optional.of(all.build());
    } catch (ScoringException e) {
      findFaults(inputs);
      if (faults.isEmpty()) {
        throw new ScoringException(
            "rows %,d to %,d differ too much for one request (--rows-per-request=1 sends each alone): %s"
                .formatted(firstRow + 1, firstRow + rows.size(), e.getMessage()));
      }
    }
    if (asked.isEmpty()) {
      return Optional.empty();
    }
    PredictRequest.Builder good = PredictRequest.newBuilder().setId(Long.toString(firstRow));
    rows.select(asked).read(inputs, good);
    return Optional.of(good.build());
  }

  private void findFaults(ScoringInputs inputs) {
    for (int row = 0; row < rows.size(); row++) {
      try {
        rows.select(List.of(row)).read(inputs, PredictRequest.newBuilder());
        asked.add(row);
      } catch (ScoringException e) {
        faults.put(row, e.getMessage());
      }
    }
  }

  /** Returns the number of the first row, counted from 0 in the file. */
  long firstRow() {
    return firstRow;
  }

  /** Returns the number of rows. */
  int size() {
    return rows.size();
  }

  /** Returns what to ask the server; empty when every row is at fault. */
  Optional<PredictRequest> request() {
    return request;
  }

  /** Returns whether nothing more is to be asked about the rows. */
  boolean isAnswered() {
    return request.isEmpty() || answer.isPresent();
  }

  /**
   * Takes the answer.
   *
   * @throws ScoringException if it has not a row for each that was asked about
   */
  void answer(PredictResponse response) {
    DataFrame frame = response.getDataFrame();
    if (frame.getRowCount() != asked.size()) {
      throw new ScoringException(
          "%s were asked about and the model answered %d: what it answers is not by row"
              .formatted(describe(), frame.getRowCount()));
    }
    for (RowError error : response.getRowErrorsList()) {
      String field = error.getField().isEmpty() ? "" : error.getField() + ": ";
      faults.put(
          asked.get(Math.toIntExact(error.getRow())), field + error.getStatus().getMessage());
    }
    answer = Optional.of(frame);
  }

  /** Returns the rows in words, counted from 1. */
  String describe() {
    return "rows %,d to %,d".formatted(firstRow + 1, firstRow + rows.size());
  }

  /** Returns the first row at fault in words, counted from 1; empty when there is none. */
  Optional<String> firstFault() {
    return faults.entrySet().stream()
        .findFirst()
        .map(fault -> "row %,d: %s".formatted(firstRow + fault.getKey() + 1, fault.getValue()));
  }

  /** Returns the number of rows without a prediction. */
  int faultCount() {
    return faults.size();
  }

  /** Returns the columns of the answer; empty when nothing was asked. */
  Optional<List<OutputColumn>> answerColumns() {
    return answer.map(OutputColumn::of);
  }

  /**
   * Returns the rows of the output.
   *
   * @param keep columns of the input that come first
   * @param predicted columns of answers
   * @param error name of the column that tells faults; empty when there is none
   */
  List<ObjectNode> output(List<String> keep, List<OutputColumn> predicted, Optional<String> error) {
    List<ObjectNode> answers = answer.map(ScoringOutputs::rows).orElse(List.of());
    List<ObjectNode> output = new ArrayList<>();
    int next = 0;
    for (int row = 0; row < rows.size(); row++) {
      ObjectNode values = JsonNodeFactory.instance.objectNode();
      for (String column : keep) {
        values.set(column, rows.value(row, column));
      }
      boolean wasAsked = next < asked.size() && asked.get(next) == row;
      ObjectNode prediction = wasAsked ? answers.get(next++) : values;
      String fault = faults.get(row);
      for (OutputColumn column : predicted) {
        if (fault == null) {
          values.set(column.name(), prediction.get(column.name()));
        } else {
          values.putNull(column.name());
        }
      }
      error.ifPresent(name -> values.put(name, fault));
      output.add(values);
    }
    return output;
  }
}
