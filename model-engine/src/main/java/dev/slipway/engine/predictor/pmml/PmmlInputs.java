package dev.slipway.engine.predictor.pmml;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.predictor.CategoryColumns;
import dev.slipway.engine.predictor.FeatureMatrix;
import dev.slipway.engine.predictor.TableInputs;
import dev.slipway.engine.signature.CheckedInputs;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.SignatureChecks;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Tensor;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.pmml4s.metadata.Field;
import org.pmml4s.model.Model;

/**
 * How requests carry the active fields of a PMML model: as {@link TableInputs} in FP64, where a
 * field of text is a column of text, whole numbers or booleans. Converters leave out features that
 * a model does not use, so columns of the signature that are no fields are ignored.
 *
 * @param table how the columns travel
 * @param kinds how each field of {@code table.modelColumns()} takes its value
 */
record PmmlInputs(TableInputs table, List<Kind> kinds) {

  static final String ENGINE = "PMML";

  /** How a field takes its value. */
  enum Kind {
    REAL,
    WHOLE,
    BOOLEAN,
    TEXT
  }

  /**
   * Returns the inputs of a model.
   *
   * @param name the file's, for messages
   * @throws UnsupportedModelException if a field is of another type, such as a date
   * @throws ModelPackageException if the signature contradicts the model
   */
  static PmmlInputs of(Model model, Optional<Schema> declared, String name) {
    List<String> names = new ArrayList<>();
    List<Kind> kinds = new ArrayList<>();
    Set<Integer> textual = new HashSet<>();
    for (Field field : model.inputFields()) {
      Kind kind = kind(field, name);
      if (kind == Kind.TEXT) {
        textual.add(names.size());
      }
      names.add(field.name());
      kinds.add(kind);
    }
    if (names.isEmpty()) {
      throw new ModelPackageException(name + " has no active field");
    }
    TableInputs table =
        TableInputs.of(
            declared,
            new TableInputs.Features(ENGINE, DataType.FP64, names.size(), names, textual, true));
    List<String> texts = textual.stream().map(table.modelColumns()::get).toList();
    CategoryColumns.check(table.checks(), texts, ENGINE);
    return new PmmlInputs(table, kinds);
  }

  private static Kind kind(Field field, String name) {
    return switch (field.dataType().toString().toLowerCase(Locale.ROOT)) {
      case "double", "float" -> Kind.REAL;
      case "integer" -> Kind.WHOLE;
      case "boolean" -> Kind.BOOLEAN;
      case "string" -> Kind.TEXT;
      default ->
          throw new UnsupportedModelException(
              name
                  + " has the field "
                  + field.name()
                  + " of type "
                  + field.dataType()
                  + "; double, float, integer, boolean and string are supported");
    };
  }

  SignatureChecks checks() {
    return table.checks();
  }

  /** Returns the rows of checked inputs in the order of the fields; null is missing. */
  List<List<Object>> rows(CheckedInputs inputs) {
    int count = Math.toIntExact(inputs.rows().orElseThrow());
    List<List<Object>> rows = new ArrayList<>(count);
    for (int row = 0; row < count; row++) {
      rows.add(Arrays.asList(new Object[kinds.size()]));
    }
    if (FeatureMatrix.isMatrix(inputs, table.signatureColumns())) {
      fillMatrix(rows, inputs);
      return rows;
    }
    for (Tensor tensor : inputs.tensors()) {
      int field = table.modelColumns().indexOf(tensor.name());
      if (field >= 0 && kinds.get(field) == Kind.TEXT) {
        String[] texts = CategoryColumns.texts(tensor);
        for (int row = 0; row < count; row++) {
          rows.get(row).set(field, texts[row]);
        }
      } else if (field >= 0) {
        ByteBuffer data = FeatureMatrix.convert(tensor, DataType.FP64).data();
        for (int row = 0; row < count; row++) {
          rows.get(row).set(field, value(data.getDouble(), kinds.get(field)));
        }
      }
    }
    return rows;
  }

  private void fillMatrix(List<List<Object>> rows, CheckedInputs inputs) {
    List<String> columns = table.signatureColumns();
    double[] values = FeatureMatrix.toDoubles(inputs, columns, columns);
    for (int field = 0; field < kinds.size(); field++) {
      int column = columns.indexOf(table.modelColumns().get(field));
      for (int row = 0; row < rows.size(); row++) {
        double value = values[row * columns.size() + column];
        rows.get(row).set(field, value(value, kinds.get(field)));
      }
    }
  }

  /** PMML4S compares a category by its type too. */
  private static Object value(double value, Kind kind) {
    if (Double.isNaN(value)) {
      return null;
    }
    return switch (kind) {
      case WHOLE -> value == Math.rint(value) ? (Object) (long) value : (Object) value;
      case BOOLEAN -> value != 0;
      default -> value;
    };
  }
}
