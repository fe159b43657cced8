package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.serving.v1.Column;
import dev.slipway.serving.v1.DataFrame;
import dev.slipway.serving.v1.PredictResponse;
import dev.slipway.serving.v1.Tensor;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Shows answers as people read them: a table as a list of records, one tensor as nested lists,
 * several as an object of these. NaN and the infinities are strings, since JSON has no numbers for
 * them.
 */
public final class ScoringOutputs {
  private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

  private ScoringOutputs() {}

  /** Returns {@code {"predictions": ...}}. */
  public static String json(PredictResponse answer) {
    return NODES.objectNode().set("predictions", predictions(answer)).toString();
  }

  private static JsonNode predictions(PredictResponse answer) {
    if (answer.hasDataFrame()) {
      ArrayNode records = NODES.arrayNode();
      rows(answer.getDataFrame()).forEach(records::add);
      return records;
    }
    List<Tensor> tensors = answer.getTensors().getTensorsList();
    if (tensors.size() == 1) {
      return NestedLists.of(tensors.get(0));
    }
    ObjectNode byName = NODES.objectNode();
    tensors.forEach(tensor -> byName.set(tensor.getName(), NestedLists.of(tensor)));
    return byName;
  }

  /** Returns the names of a table's columns as they are shown: positions where there are none. */
  public static List<String> columns(DataFrame frame) {
    List<String> names = new ArrayList<>();
    for (int i = 0; i < frame.getColumnsCount(); i++) {
      String name = frame.getColumns(i).getName();
      names.add(name.isEmpty() ? Integer.toString(i) : name);
    }
    return names;
  }

  /** Returns the rows of a table as objects, column to value. */
  public static List<ObjectNode> rows(DataFrame frame) {
    Map<String, List<JsonNode>> columns = new LinkedHashMap<>();
    List<String> names = columns(frame);
    for (int i = 0; i < names.size(); i++) {
      columns.put(names.get(i), values(frame.getColumns(i)));
    }
    List<ObjectNode> rows = new ArrayList<>();
    for (int row = 0; row < frame.getRowCount(); row++) {
      ObjectNode record = NODES.objectNode();
      for (Map.Entry<String, List<JsonNode>> column : columns.entrySet()) {
        record.set(column.getKey(), column.getValue().get(row));
      }
      rows.add(record);
    }
    return rows;
  }

  private static List<JsonNode> values(Column column) {
    List<JsonNode> values = new ArrayList<>();
    switch (column.getValuesCase()) {
      case BOOLS ->
          column.getBools().getValuesList().forEach(v -> values.add(NODES.booleanNode(v)));
      case INT32S ->
          column.getInt32S().getValuesList().forEach(v -> values.add(NODES.numberNode(v)));
      case INT64S ->
          column.getInt64S().getValuesList().forEach(v -> values.add(NODES.numberNode(v)));
      case FLOATS ->
          column
              .getFloats()
              .getValuesList()
              .forEach(
                  v ->
                      values.add(
                          Float.isFinite(v)
                              ? NODES.numberNode(v)
                              : NODES.textNode(Float.toString(v))));
      case DOUBLES ->
          column
              .getDoubles()
              .getValuesList()
              .forEach(
                  v ->
                      values.add(
                          Double.isFinite(v)
                              ? NODES.numberNode(v)
                              : NODES.textNode(Double.toString(v))));
      case STRINGS ->
          column.getStrings().getValuesList().forEach(v -> values.add(NODES.textNode(v)));
      case BYTE_STRINGS ->
          column
              .getByteStrings()
              .getValuesList()
              .forEach(
                  v ->
                      values.add(
                          NODES.textNode(Base64.getEncoder().encodeToString(v.toByteArray()))));
      case TIMESTAMPS_MICROS ->
          column
              .getTimestampsMicros()
              .getValuesList()
              .forEach(
                  v ->
                      values.add(
                          NODES.textNode(Instant.EPOCH.plus(v, ChronoUnit.MICROS).toString())));
      case JSON -> column.getJson().getValuesList().forEach(v -> values.add(parsed(v)));
      default -> throw new IllegalStateException("a column without values: " + column.getName());
    }
    Set<Integer> absent = new HashSet<>(column.getNullRowsList());
    absent.forEach(row -> values.set(row, NODES.nullNode()));
    return values;
  }

  private static JsonNode parsed(String json) {
    try {
      return ScoringJson.MAPPER.readTree(json);
    } catch (JsonProcessingException e) {
      return NODES.textNode(json);
    }
  }
}
