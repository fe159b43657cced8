package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import dev.slipway.registry.v1.ColumnSpec;
import dev.slipway.registry.v1.ParamSpec;
import dev.slipway.registry.v1.Schema;
import dev.slipway.serving.v1.DescribeModelResponse;
import dev.slipway.serving.v1.OutputForm;
import dev.slipway.serving.v1.ParameterList;
import dev.slipway.serving.v1.ParameterValue;
import dev.slipway.serving.v1.PredictRequest;
import dev.slipway.serving.v1.Tensor;
import dev.slipway.serving.v1.TensorInfo;
import dev.slipway.serving.v1.Tensors;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;

/**
 * Fills requests for one model from inputs that people write: a data frame when the model's
 * signature declares columns, tensors otherwise. Immutable; thread-safe.
 *
 * <p>JSON is an object with one of {@code dataframe_split}, {@code dataframe_records}, {@code
 * instances} and {@code inputs}, and perhaps {@code params}, as MLflow's scoring server takes it; a
 * list alone is {@code instances}. What cannot be read as the model's types throws {@link
 * ScoringException}; whether shapes fit is left to the service.
 */
public final class ScoringInputs {
  private static final Set<String> DATA_KEYS =
      Set.of("dataframe_split", "dataframe_records", "instances", "inputs");
  private static final String PARAMS = "params";

  private final Schema schema;
  private final OutputForm outputForm;
  private final List<TensorInfo> tensors;
  private final List<ParamSpec> params;

  /** Creates it for a model, which must be loaded unless its signature declares columns. */
  public ScoringInputs(DescribeModelResponse model) {
    this.schema = model.getSignature().getInputs();
    this.outputForm =
        model.getSignature().getOutputs().hasColumns()
            ? OutputForm.OUTPUT_FORM_DATA_FRAME
            : OutputForm.OUTPUT_FORM_TENSORS;
    this.tensors = model.getInputsList();
    this.params = model.getSignature().getParamsList();
    if (!schema.hasColumns() && tensors.isEmpty()) {
      throw new ScoringException(
          "the model declares neither columns nor tensors: nothing says what its inputs are");
    }
  }

  /** Returns whether requests are tables. */
  public boolean takesTable() {
    return schema.hasColumns();
  }

  /** Returns the form in which the model's signature declares its answers. */
  public OutputForm outputForm() {
    return outputForm;
  }

  /** Reads JSON into a request. */
  public void readJson(String json, PredictRequest.Builder request) {
    try {
      readJson(ScoringJson.MAPPER.readTree(json), request);
    } catch (JsonProcessingException e) {
      throw new ScoringException(
          "not JSON: %s at line %d, column %d"
              .formatted(
                  e.getOriginalMessage(),
                  e.getLocation().getLineNr(),
                  e.getLocation().getColumnNr()),
          e);
    }
  }

  private void readJson(JsonNode body, PredictRequest.Builder request) {
    if (body.isArray()) {
      readInstances(body, request);
      return;
    }
    List<String> keys = new ArrayList<>();
    body.fieldNames().forEachRemaining(keys::add);
    List<String> data = keys.stream().filter(DATA_KEYS::contains).toList();
    if (!body.isObject() || data.size() != 1) {
      throw new ScoringException(
          "the input must be a list, or an object with exactly one of dataframe_split,"
              + " dataframe_records, instances and inputs"
              + (keys.isEmpty() ? "" : "; it has " + keys));
    }
    for (String key : keys) {
      if (!DATA_KEYS.contains(key) && !key.equals(PARAMS)) {
        throw new ScoringException("the key " + key + " is unknown beside " + data.get(0));
      }
    }
    JsonNode input = body.get(data.get(0));
    switch (data.get(0)) {
      case "dataframe_split" -> readTable(split(input), request);
      case "dataframe_records" -> readTable(records("dataframe_records", input), request);
      case "instances" -> readInstances(input, request);
      default -> readInputs(input, request);
    }
    readParams(body.path(PARAMS), request);
  }

  /**
   * Reads parameters that are written as {@code NAME=VALUE}, in the types that the model's
   * signature declares; the value of a list is one in JSON.
   *
   * @throws ScoringException with everything that is wrong with them
   */
  public Map<String, ParameterValue> parameters(List<String> assignments) {
    return ParameterTexts.read(assignments, params);
  }

  /** Fills a request with rows of zeros, empty texts and the like, for those who measure. */
  public void fill(int rows, PredictRequest.Builder request) {
    if (takesTable()) {
      request.setDataFrame(DataFrames.blank(schema.getColumns(), rows));
      return;
    }
    for (TensorInfo info : tensors) {
      addTensor(TensorCasts.zeros(info, rows), request);
    }
  }

  /**
   * Checks that a table with these columns can be read.
   *
   * @throws ScoringException if it lacks some that the model requires
   */
  public void checkColumns(List<String> columns) {
    List<String> lacking =
        schema.getColumns().getColumnsList().stream()
            .filter(ColumnSpec::getRequired)
            .map(ColumnSpec::getName)
            .filter(name -> !name.isEmpty() && !columns.contains(name))
            .toList();
    if (!lacking.isEmpty()) {
      throw new ScoringException(
          "the table lacks the columns %s; it has %s".formatted(lacking, columns));
    }
  }

  /** Reads rows into a request: all of them objects, by column or tensor, or all of them lists. */
  void readRows(List<JsonNode> rows, PredictRequest.Builder request) {
    if (!takesTable()) {
      readInstances(JsonNodeFactory.instance.arrayNode().addAll(rows), request);
      return;
    }
    String where = rows.size() == 1 ? "" : "rows";
    if (rows.get(0).isObject()) {
      Table table = Table.ofRecords(where, rows);
      rows.forEach(this::requireColumns);
      readTable(table, request);
    } else {
      readTable(Table.ofRows(where, List.of(), rows), request);
    }
  }

  /**
   * Checks that an object alone has what the model requires. Of several read as one table, one that
   * lacks a column would have it, without a value, as soon as another has it.
   */
  private void requireColumns(JsonNode row) {
    List<ColumnSpec> specs = schema.getColumns().getColumnsList();
    if (specs.stream().allMatch(spec -> spec.getName().isEmpty())) {
      if (row.size() != specs.size()) {
        throw new ScoringException(
            "the row has %d columns and the model takes %d".formatted(row.size(), specs.size()));
      }
      return;
    }
    for (ColumnSpec spec : specs) {
      if (spec.getRequired() && !row.has(spec.getName())) {
        List<String> names = new ArrayList<>();
        row.fieldNames().forEachRemaining(names::add);
        throw new ScoringException(
            "the row lacks the column %s; it has %s".formatted(spec.getName(), names));
      }
    }
  }

  /** Reads a table into a request: columns by name, or the rows of the model's only tensor. */
  void readTable(Table table, PredictRequest.Builder request) {
    if (takesTable()) {
      request.setDataFrame(DataFrames.of(schema.getColumns(), table));
      return;
    }
    if (tensors.size() == 1) {
      ArrayNode rows = JsonNodeFactory.instance.arrayNode();
      for (int row = 0; row < table.rowCount(); row++) {
        ArrayNode cells = rows.addArray();
        for (int column = 0; column < table.width(); column++) {
          cells.add(number(table, row, column));
        }
      }
      addTensor(NestedLists.tensor(tensors.get(0), rows, table.name()), request);
      return;
    }
    throw new ScoringException(
        "the model takes the tensors %s and no table: give them as inputs or instances"
            .formatted(names()));
  }

  private static JsonNode number(Table table, int row, int column) {
    JsonNode cell = table.cell(row, column);
    if (!table.text() || !cell.isTextual()) {
      return cell;
    }
    try {
      JsonNode value = ScoringJson.MAPPER.readTree(cell.textValue());
      return value.isNumber() || value.isBoolean() ? value : cell;
    } catch (JsonProcessingException e) {
      return cell;
    }
  }

  /** Reads a tensor without a name into a request. */
  void readTensor(Tensor tensor, PredictRequest.Builder request) {
    if (takesTable()) {
      readTable(Table.ofRows("the array", List.of(), List.copyOf(rows(tensor))), request);
    } else if (tensors.size() == 1) {
      addTensor(TensorCasts.cast(tensor, tensors.get(0)), request);
    } else {
      throw new ScoringException(
          "the model takes the tensors %s: one array does not do".formatted(names()));
    }
  }

  private static List<JsonNode> rows(Tensor tensor) {
    List<JsonNode> rows = new ArrayList<>();
    NestedLists.of(tensor).forEach(rows::add);
    return rows;
  }

  private static Table split(JsonNode split) {
    JsonNode data = split.path("data");
    if (!data.isArray()) {
      throw new ScoringException("dataframe_split.data must be a list of rows");
    }
    List<String> keys = new ArrayList<>();
    split.fieldNames().forEachRemaining(keys::add);
    keys.removeAll(List.of("columns", "data", "index"));
    if (!keys.isEmpty()) {
      throw new ScoringException("dataframe_split has the unknown keys " + keys);
    }
    List<String> columns = new ArrayList<>();
    split.path("columns").forEach(column -> columns.add(column.asText()));
    return Table.ofRows("dataframe_split.data", columns, elements(data));
  }

  private static Table records(String where, JsonNode records) {
    if (!records.isArray()) {
      throw new ScoringException(where + " must be a list of objects, one for each row");
    }
    return Table.ofRecords(where, elements(records));
  }

  private void readInstances(JsonNode instances, PredictRequest.Builder request) {
    if (!instances.isArray()) {
      throw new ScoringException("instances must be a list, one element for each row");
    }
    boolean named = !instances.isEmpty() && instances.get(0).isObject();
    if (takesTable()) {
      readTable(
          named
              ? records("instances", instances)
              : Table.ofRows("instances", List.of(), elements(instances)),
          request);
    } else if (named) {
      for (TensorInfo info : tensors) {
        readStacked(info, instances, request);
      }
    } else {
      readUnnamed("instances", instances, request);
    }
  }

  /** Reads a tensor whose rows are members of the instances. */
  private static void readStacked(
      TensorInfo info, JsonNode instances, PredictRequest.Builder request) {
    // An optional one is in all rows or in none: that of some must not be passed over.
    if (info.getOptional()
        && elements(instances).stream().noneMatch(row -> row.has(info.getName()))) {
      return;
    }
    ArrayNode stacked = JsonNodeFactory.instance.arrayNode();
    for (JsonNode instance : instances) {
      JsonNode item = instance.path(info.getName());
      if (item.isMissingNode()) {
        throw new ScoringException(
            "instances[%d] lacks the tensor %s".formatted(stacked.size(), info.getName()));
      }
      stacked.add(item);
    }
    addTensor(NestedLists.tensor(info, stacked, "instances." + info.getName()), request);
  }

  private void readInputs(JsonNode inputs, PredictRequest.Builder request) {
    if (inputs.isObject()) {
      if (takesTable()) {
        readTable(Table.ofColumns("inputs", inputs), request);
      } else {
        readNamed(inputs, request);
      }
    } else if (inputs.isArray()) {
      if (takesTable()) {
        readInstances(inputs, request);
      } else {
        readUnnamed("inputs", inputs, request);
      }
    } else {
      throw new ScoringException("inputs must be a list, or an object: name to values");
    }
  }

  private void readNamed(JsonNode inputs, PredictRequest.Builder request) {
    inputs
        .fieldNames()
        .forEachRemaining(
            name -> {
              if (tensors.stream().noneMatch(info -> info.getName().equals(name))) {
                throw new ScoringException(
                    "inputs has the unknown tensor %s; the model takes %s"
                        .formatted(name, names()));
              }
            });
    for (TensorInfo info : tensors) {
      JsonNode lists = inputs.path(info.getName());
      if (!lists.isMissingNode()) {
        addTensor(NestedLists.tensor(info, lists, "inputs." + info.getName()), request);
      } else if (!info.getOptional()) {
        throw new ScoringException("inputs lacks the tensor " + info.getName());
      }
    }
  }

  private void readUnnamed(String where, JsonNode lists, PredictRequest.Builder request) {
    if (tensors.size() != 1) {
      throw new ScoringException(
          "%s must be an object with the tensors %s".formatted(where, names()));
    }
    addTensor(NestedLists.tensor(tensors.get(0), lists, where), request);
  }

  private static void addTensor(Tensor tensor, PredictRequest.Builder request) {
    Tensors.Builder all = request.getTensorsBuilder();
    all.addTensors(tensor);
    request.setTensors(all);
  }

  private static void readParams(JsonNode params, PredictRequest.Builder request) {
    if (params.isMissingNode() || params.isNull()) {
      return;
    }
    if (!params.isObject()) {
      throw new ScoringException("params must be an object: name to value");
    }
    params
        .properties()
        .forEach(
            param ->
                request.putParameters(param.getKey(), parameter(param.getKey(), param.getValue())));
  }

  private static ParameterValue parameter(String name, JsonNode value) {
    if (value.isArray()) {
      ParameterList.Builder list = ParameterList.newBuilder();
      value.forEach(element -> list.addValues(scalar(name, element)));
      return ParameterValue.newBuilder().setListValue(list).build();
    }
    return scalar(name, value);
  }

  private static ParameterValue scalar(String name, JsonNode value) {
    ParameterValue.Builder parameter = ParameterValue.newBuilder();
    if (value.isBoolean()) {
      return parameter.setBoolValue(value.booleanValue()).build();
    }
    if (value.isIntegralNumber() && value.canConvertToLong()) {
      return parameter.setInt64Value(value.longValue()).build();
    }
    if (value.isNumber()) {
      return parameter.setDoubleValue(value.doubleValue()).build();
    }
    if (value.isTextual()) {
      return parameter.setStringValue(value.textValue()).build();
    }
    throw new ScoringException(
        "params." + name + " must be a truth value, a number, text or a list of these");
  }

  private static List<JsonNode> elements(JsonNode list) {
    List<JsonNode> elements = new ArrayList<>(list.size());
    list.forEach(elements::add);
    return elements;
  }

  private String names() {
    return tensors.stream().map(TensorInfo::getName).collect(Collectors.joining(", "));
  }
}
