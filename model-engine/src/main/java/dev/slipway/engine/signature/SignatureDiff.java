package dev.slipway.engine.signature;

import dev.slipway.engine.signature.SignatureDifference.Kind;
import dev.slipway.engine.tensor.Shape;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * How the signature of one version differs from that of an older one, and whether callers of either
 * can call the other.
 *
 * <p>What is compatible follows from how requests are checked: a field that a signature does not
 * have is refused, columns are widened without loss and tensors are not, and columns that are all
 * numbers may also come as one matrix, so that their order counts. Of a side that only one of the
 * two declares nothing is known, and nothing is promised but that answers hold what the newer
 * declares.
 */
public final class SignatureDiff {
  private final List<SignatureDifference> differences = new ArrayList<>();

  private SignatureDiff() {}

  /** Compares two signatures. */
  public static SignatureDiff between(ModelSignature older, ModelSignature newer) {
    SignatureDiff diff = new SignatureDiff();
    diff.compareSides(Side.INPUTS, older.inputs(), newer.inputs());
    diff.compareSides(Side.OUTPUTS, older.outputs(), newer.outputs());
    diff.compareFields(
        Side.PARAMS, "params", Field.ofParams(older.params()), Field.ofParams(newer.params()));
    return diff;
  }

  /**
   * Returns the differences: inputs, outputs, params, each in the older's order, additions last.
   */
  public List<SignatureDifference> differences() {
    return List.copyOf(differences);
  }

  /** Tells whether requests for the older are valid for the newer, and answers hold as much. */
  public boolean isBackwardCompatible() {
    return differences.stream().allMatch(SignatureDifference::backwardCompatible);
  }

  /** Tells whether requests for the newer are valid for the older, and answers hold as much. */
  public boolean isForwardCompatible() {
    return differences.stream().allMatch(SignatureDifference::forwardCompatible);
  }

  private enum Side {
    INPUTS,
    OUTPUTS,
    PARAMS;

    /** What a request holds may be allowed more by the newer; what an answer holds, less. */
    boolean isTaken() {
      return this != OUTPUTS;
    }
  }

  /** A column, a tensor, a property or a param. */
  private record Field(
      String key,
      Optional<ColumnType> type,
      Optional<String> dtype,
      boolean required,
      Optional<Shape> shape,
      Optional<Object> defaultValue,
      String text) {

    static Map<String, Field> ofColumns(List<ColumnSpec> columns) {
      Map<String, Field> fields = new LinkedHashMap<>();
      for (int i = 0; i < columns.size(); i++) {
        ColumnSpec column = columns.get(i);
        String key = column.name().orElse(Integer.toString(i));
        fields.put(
            key,
            new Field(
                key,
                Optional.of(column.type()),
                Optional.empty(),
                column.required(),
                Optional.empty(),
                Optional.empty(),
                requiredText(column.type(), column.required())));
      }
      return fields;
    }

    static Map<String, Field> ofTensors(List<TensorSpec> tensors) {
      Map<String, Field> fields = new LinkedHashMap<>();
      for (int i = 0; i < tensors.size(); i++) {
        TensorSpec tensor = tensors.get(i);
        String key = tensor.name().orElse(Integer.toString(i));
        fields.put(
            key,
            new Field(
                key,
                Optional.empty(),
                Optional.of(tensor.dtype()),
                true,
                Optional.of(tensor.shape()),
                Optional.empty(),
                tensor.dtype() + " " + tensor.shape().toList()));
      }
      return fields;
    }

    static Map<String, Field> ofProperties(List<ColumnType.Property> properties) {
      Map<String, Field> fields = new LinkedHashMap<>();
      for (ColumnType.Property property : properties) {
        fields.put(
            property.name(),
            new Field(
                property.name(),
                Optional.of(property.type()),
                Optional.empty(),
                property.required(),
                Optional.empty(),
                Optional.empty(),
                requiredText(property.type(), property.required())));
      }
      return fields;
    }

    static Map<String, Field> ofParams(List<ParamSpec> params) {
      Map<String, Field> fields = new LinkedHashMap<>();
      for (ParamSpec param : params) {
        fields.put(
            param.name(),
            new Field(
                param.name(),
                Optional.of(param.type()),
                Optional.empty(),
                false,
                param.shape(),
                param.defaultValue(),
                TypeNames.of(param.type())
                    + param.shape().map(shape -> " " + shape.toList()).orElse("")
                    + param.defaultValue().map(value -> " = " + value).orElse("")));
      }
      return fields;
    }

    private static String requiredText(ColumnType type, boolean required) {
      return TypeNames.of(type) + (required ? " (required)" : " (optional)");
    }
  }

  private void compareSides(Side side, Optional<Schema> older, Optional<Schema> newer) {
    String path = side == Side.INPUTS ? "inputs" : "outputs";
    if (older.isEmpty() || newer.isEmpty()) {
      if (newer.isPresent()) {
        add(path, Kind.ADDED, "", form(newer.get()), side == Side.OUTPUTS, false);
      } else if (older.isPresent()) {
        add(path, Kind.REMOVED, form(older.get()), "", false, side == Side.OUTPUTS);
      }
      return;
    }
    if (older.get() instanceof ColumnSchema oldColumns
        && newer.get() instanceof ColumnSchema newColumns) {
      compareFields(
          side, path, Field.ofColumns(oldColumns.columns()), Field.ofColumns(newColumns.columns()));
      compareOrder(side, path, oldColumns.columns(), newColumns.columns());
    } else if (older.get() instanceof TensorSchema oldTensors
        && newer.get() instanceof TensorSchema newTensors) {
      compareFields(
          side, path, Field.ofTensors(oldTensors.tensors()), Field.ofTensors(newTensors.tensors()));
    } else {
      add(path, Kind.TYPE_CHANGED, form(older.get()), form(newer.get()), false, false);
    }
  }

  private static String form(Schema schema) {
    return schema instanceof ColumnSchema columns
        ? columns.columns().size() + " columns"
        : ((TensorSchema) schema).tensors().size() + " tensors";
  }

  private void compareFields(
      Side side, String path, Map<String, Field> older, Map<String, Field> newer) {
    for (Field field : older.values()) {
      String at = path + "[" + field.key() + "]";
      Field now = newer.get(field.key());
      if (now == null) {
        // Whoever sends it is refused by one that does not have it.
        boolean forward = side == Side.INPUTS ? !field.required() : true;
        add(at, Kind.REMOVED, field.text(), "", false, forward);
      } else {
        compareField(side, at, field, now);
      }
    }
    for (Field field : newer.values()) {
      if (!older.containsKey(field.key())) {
        boolean backward = side == Side.INPUTS ? !field.required() : true;
        add(path + "[" + field.key() + "]", Kind.ADDED, "", field.text(), backward, false);
      }
    }
  }

  private void compareField(Side side, String at, Field older, Field newer) {
    if (older.type().isPresent() && newer.type().isPresent()) {
      compareTypes(side, at, older.type().get(), newer.type().get(), older.text(), newer.text());
    }
    if (!older.dtype().equals(newer.dtype())) {
      // Bytes of another datatype are refused, however wide.
      add(at, Kind.TYPE_CHANGED, older.text(), newer.text(), false, false);
    }
    if (older.required() != newer.required()) {
      boolean wider = older.required() == side.isTaken();
      add(
          at,
          newer.required() ? Kind.BECAME_REQUIRED : Kind.BECAME_OPTIONAL,
          older.text(),
          newer.text(),
          wider,
          !wider);
    }
    if (!older.shape().equals(newer.shape())) {
      boolean newerTakes = holds(newer.shape(), older.shape());
      boolean olderTakes = holds(older.shape(), newer.shape());
      add(
          at,
          Kind.SHAPE_CHANGED,
          older.text(),
          newer.text(),
          side.isTaken() ? newerTakes : olderTakes,
          side.isTaken() ? olderTakes : newerTakes);
    }
    if (!older.defaultValue().equals(newer.defaultValue())) {
      add(at, Kind.DEFAULT_CHANGED, older.text(), newer.text(), true, true);
    }
  }

  /** Tells whether every value of the second shape is one of the first. */
  private static boolean holds(Optional<Shape> wide, Optional<Shape> narrow) {
    if (wide.isEmpty() || narrow.isEmpty()) {
      return wide.isEmpty() && narrow.isEmpty();
    }
    if (wide.get().rank() != narrow.get().rank()) {
      return false;
    }
    for (int i = 0; i < wide.get().rank(); i++) {
      long size = wide.get().dimension(i);
      if (size >= 0 && size != narrow.get().dimension(i)) {
        return false;
      }
    }
    return true;
  }

  private void compareTypes(
      Side side,
      String at,
      ColumnType older,
      ColumnType newer,
      String olderText,
      String newerText) {
    if (older.equals(newer)) {
      return;
    }
    if (older instanceof ColumnType.ArrayType oldArray
        && newer instanceof ColumnType.ArrayType newArray) {
      compareNested(side, at + ".items", oldArray.items(), newArray.items());
    } else if (older instanceof ColumnType.MapType oldMap
        && newer instanceof ColumnType.MapType newMap) {
      compareNested(side, at + ".values", oldMap.values(), newMap.values());
    } else if (older instanceof ColumnType.ObjectType oldObject
        && newer instanceof ColumnType.ObjectType newObject) {
      compareFields(
          side == Side.OUTPUTS ? Side.OUTPUTS : Side.INPUTS,
          at + ".properties",
          Field.ofProperties(oldObject.properties()),
          Field.ofProperties(newObject.properties()));
    } else if (widens(older, newer)) {
      add(at, Kind.TYPE_WIDENED, olderText, newerText, side.isTaken(), !side.isTaken());
    } else if (widens(newer, older)) {
      add(at, Kind.TYPE_NARROWED, olderText, newerText, !side.isTaken(), side.isTaken());
    } else {
      add(at, Kind.TYPE_CHANGED, olderText, newerText, false, false);
    }
  }

  private void compareNested(Side side, String at, ColumnType older, ColumnType newer) {
    compareTypes(side, at, older, newer, TypeNames.of(older), TypeNames.of(newer));
  }

  /** As requests are widened: without loss. */
  private static boolean widens(ColumnType from, ColumnType to) {
    if (to instanceof ColumnType.AnyType) {
      return true;
    }
    return (from == ScalarType.INTEGER && (to == ScalarType.LONG || to == ScalarType.DOUBLE))
        || (from == ScalarType.FLOAT && to == ScalarType.DOUBLE);
  }

  /** Named columns that swapped places; they are matched by name, but for those of a matrix. */
  private void compareOrder(
      Side side, String path, List<ColumnSpec> older, List<ColumnSpec> newer) {
    List<String> before = common(older, newer);
    List<String> after = common(newer, older);
    boolean matrix =
        side == Side.INPUTS
            && older.stream()
                .allMatch(column -> column.type() instanceof ScalarType type && type.isNumeric());
    for (int i = 0; i < before.size(); i++) {
      String name = before.get(i);
      if (!name.equals(after.get(i))) {
        add(
            path + "[" + name + "]",
            Kind.MOVED,
            "position " + positionOf(name, older),
            "position " + positionOf(name, newer),
            !matrix,
            !matrix);
      }
    }
  }

  private static List<String> common(List<ColumnSpec> of, List<ColumnSpec> with) {
    Collection<String> others =
        with.stream().flatMap(column -> column.name().stream()).collect(Collectors.toSet());
    return of.stream().flatMap(column -> column.name().stream()).filter(others::contains).toList();
  }

  private static int positionOf(String name, List<ColumnSpec> columns) {
    return columns.stream().map(column -> column.name().orElse("")).toList().indexOf(name);
  }

  private void add(
      String path, Kind kind, String older, String newer, boolean backward, boolean forward) {
    differences.add(new SignatureDifference(path, kind, older, newer, backward, forward));
  }
}
