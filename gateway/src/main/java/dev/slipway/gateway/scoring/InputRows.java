package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.serving.v1.PredictRequest;
import java.util.List;

/** Holds some rows of an input as they were written. Immutable. */
public interface InputRows {
  /** Returns the number of rows. */
  int size();

  /**
   * Reads them into a request; there must be some.
   *
   * @throws ScoringException if one is malformed, or cannot be read as the model's types
   */
  void read(ScoringInputs inputs, PredictRequest.Builder request);

  /** Returns some of the rows, by ascending positions from 0. */
  InputRows select(List<Integer> positions);

  /** Returns the value of a cell; null, as a node, where there is none. */
  JsonNode value(int position, String column);
}
