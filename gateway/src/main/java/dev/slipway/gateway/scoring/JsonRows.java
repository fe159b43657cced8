package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.slipway.serving.v1.PredictRequest;
import java.util.List;

/** Holds rows of JSON: objects, column or tensor to value, or lists of values. Immutable. */
public final class JsonRows implements InputRows {
  private final List<Row> rows;

  /**
   * Is one row.
   *
   * @param fault why it is no JSON; empty when it is
   */
  private record Row(JsonNode value, String fault) {}

  private JsonRows(List<Row> rows) {
    this.rows = rows;
  }

  /** Returns rows of which each is a text of JSON; one that is not fails when it is read. */
  public static JsonRows ofTexts(List<String> texts) {
    return new JsonRows(texts.stream().map(JsonRows::parse).toList());
  }

  /** Returns rows of values. */
  public static JsonRows of(List<? extends JsonNode> values) {
    return new JsonRows(values.stream().map(value -> new Row(value, "")).toList());
  }

  private static Row parse(String text) {
    JsonNode nothing = JsonNodeFactory.instance.nullNode();
    try {
      JsonNode value = ScoringJson.MAPPER.readTree(text);
      return value.isMissingNode() ? new Row(nothing, "the line is empty") : new Row(value, "");
    } catch (JsonProcessingException e) {
      return new Row(
          nothing,
          "not JSON: %s at column %d"
              .formatted(e.getOriginalMessage(), e.getLocation().getColumnNr()));
    }
  }

  @Override
  public int size() {
    return rows.size();
  }

  @Override
  public void read(ScoringInputs inputs, PredictRequest.Builder request) {
    for (Row row : rows) {
      if (!row.fault().isEmpty()) {
        throw new ScoringException(row.fault());
      }
    }
    inputs.readRows(rows.stream().map(Row::value).toList(), request);
  }

  @Override
  public InputRows select(List<Integer> positions) {
    return new JsonRows(positions.stream().map(rows::get).toList());
  }

  @Override
  public JsonNode value(int position, String column) {
    JsonNode value = rows.get(position).value().path(column);
    return value.isMissingNode() ? JsonNodeFactory.instance.nullNode() : value;
  }
}
