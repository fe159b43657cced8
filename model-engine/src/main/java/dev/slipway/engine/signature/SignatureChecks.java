package dev.slipway.engine.signature;

import dev.slipway.engine.error.InvalidInputException;
import dev.slipway.engine.error.Listing;
import dev.slipway.engine.error.SignatureViolation;
import dev.slipway.engine.error.UnsupportedModelException;
import dev.slipway.engine.tensor.DataType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.Tensor;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeSet;

/**
 * What the input of one model must look like, and the check that finds everything that is wrong
 * with a request at once.
 *
 * <p><b>Tensor signatures.</b> Each tensor exactly once, by name; datatype and rank equal, each
 * fixed dimension equal. A tensor signature without a name takes the single tensor of the request
 * whatever its name. When every tensor of the signature leaves its first dimension open, that is
 * the batch axis: all tensors must have the same number of rows.
 *
 * <p><b>Column signatures.</b> One tensor per column, by the column's name, of shape {@code
 * [batch]} or {@code [batch, 1]} and the column's datatype: {@code boolean} BOOL, {@code integer}
 * INT32, {@code long} INT64, {@code float} FP32, {@code double} FP64, {@code string}, {@code
 * binary} and {@code datetime} (ISO 8601) BYTES. Columns that are not required may be left out.
 * Where every column is a number, one matrix {@code [batch, columns]} serves as well: a single
 * tensor, whatever its name, with the columns in the order of the signature, in FP32, FP64, or the
 * datatype that all columns share. A column known only by its position goes by the name {@code
 * column_<index>}.
 *
 * <p>Immutable; any thread may call it.
 */
public final class SignatureChecks {

  private static final String INPUTS = "inputs";

  private final List<Expected> expected;
  private final Map<String, Integer> indexByName = new HashMap<>();
  private final boolean anyName;
  private final boolean columns;
  private final Optional<Set<DataType>> matrixTypes;
  private final boolean batched;

  /** One tensor that a request carries. */
  private record Expected(TensorMetadata metadata, boolean required, boolean anyShape) {}

  private SignatureChecks(
      List<Expected> expected,
      boolean anyName,
      boolean columns,
      Optional<Set<DataType>> matrixTypes) {
    this.expected = List.copyOf(expected);
    this.anyName = anyName;
    this.columns = columns;
    this.matrixTypes = matrixTypes;
    for (int i = 0; i < expected.size(); i++) {
      indexByName.put(expected.get(i).metadata().name(), i);
    }
    this.batched =
        expected.stream()
            .map(entry -> entry.metadata().shape())
            .allMatch(shape -> shape.rank() > 0 && shape.dimension(0) == Shape.ANY);
  }

  /** Returns the checks of a model that describes its inputs as tensors, all required. */
  public static SignatureChecks ofTensors(List<TensorMetadata> inputs) {
    return ofTensors(inputs, Set.of());
  }

  /**
   * Returns the checks of a model that describes its inputs as tensors, all required.
   *
   * @param anyShape the names of those whose shape is not known and not checked
   */
  public static SignatureChecks ofTensors(List<TensorMetadata> inputs, Set<String> anyShape) {
    List<Expected> expected =
        inputs.stream()
            .map(input -> new Expected(input, true, anyShape.contains(input.name())))
            .toList();
    return new SignatureChecks(expected, false, false, Optional.empty());
  }

  /** Returns the checks of a model that takes one tensor whatever its name. */
  public static SignatureChecks ofUnnamedTensor(TensorMetadata input) {
    return new SignatureChecks(
        List.of(new Expected(input, true, false)), true, false, Optional.empty());
  }

  /**
   * Returns the checks of a signature's inputs.
   *
   * @param defaultName what a single tensor without a name is called in metadata
   * @throws UnsupportedModelException if a type has no tensor form: complex numbers, nested columns
   */
  public static SignatureChecks ofSchema(Schema schema, String defaultName) {
    return schema instanceof TensorSchema tensors
        ? ofTensorSchema(tensors, defaultName)
        : ofColumnSchema((ColumnSchema) schema);
  }

  /**
   * Returns the checks of columns that travel only as one tensor each, never as a matrix; under the
   * conditions of {@link #ofSchema}.
   */
  public static SignatureChecks ofSeparateColumns(ColumnSchema schema) {
    return new SignatureChecks(ofColumnSchema(schema).expected, false, true, Optional.empty());
  }

  private static SignatureChecks ofTensorSchema(TensorSchema schema, String defaultName) {
    List<Expected> expected = new ArrayList<>();
    for (TensorSpec spec : schema.tensors()) {
      String name = spec.name().orElse(defaultName);
      DataType datatype =
          spec.datatype()
              .orElseThrow(
                  () ->
                      new UnsupportedModelException(
                          "the tensor "
                              + name
                              + " has the dtype "
                              + spec.dtype()
                              + ", which no request can carry"));
      expected.add(new Expected(new TensorMetadata(name, datatype, spec.shape()), true, false));
    }
    return new SignatureChecks(
        expected, schema.tensors().get(0).name().isEmpty(), false, Optional.empty());
  }

  private static SignatureChecks ofColumnSchema(ColumnSchema schema) {
    List<Expected> expected = new ArrayList<>();
    Set<ScalarType> types = new TreeSet<>();
    for (int i = 0; i < schema.columns().size(); i++) {
      ColumnSpec column = schema.columns().get(i);
      String name = column.name().orElse("column_" + i);
      if (!(column.type() instanceof ScalarType type)) {
        throw new UnsupportedModelException(
            "the column "
                + name
                + " has the nested type "
                + PythonJson.write(column.type().toJson())
                + ", which no tensor can carry");
      }
      types.add(type);
      expected.add(
          new Expected(
              new TensorMetadata(name, type.datatype(), Shape.of(Shape.ANY)),
              column.required(),
              false));
    }
    Optional<Set<DataType>> matrixTypes = Optional.empty();
    if (types.stream().allMatch(ScalarType::isNumeric)) {
      Set<DataType> accepted = new TreeSet<>(Set.of(DataType.FP32, DataType.FP64));
      if (types.size() == 1) {
        accepted.add(types.iterator().next().datatype());
      }
      matrixTypes = Optional.of(accepted);
    }
    return new SignatureChecks(expected, false, true, matrixTypes);
  }

  /**
   * Returns the tensors that a request carries, in the order of the model; for columns one each.
   */
  public List<TensorMetadata> tensors() {
    return expected.stream().map(Expected::metadata).toList();
  }

  /** Tells whether a request must carry the tensor of this name; not so for unknown names. */
  public boolean isRequired(String name) {
    Integer place = indexByName.get(name);
    return place != null && expected.get(place).required();
  }

  /** Tells whether one matrix may stand for all columns. */
  public boolean acceptsMatrix() {
    return matrixTypes.isPresent();
  }

  /** Tells whether requests have a batch axis: every tensor's first dimension is open. */
  public boolean batched() {
    return batched;
  }

  /**
   * Checks the tensors of a request.
   *
   * @return the same tensors, the bytes untouched, under the names of the model and in its order
   * @throws InvalidInputException with every violation; fields are {@code inputs}, {@code
   *     inputs[i].name}, {@code inputs[i].datatype} and {@code inputs[i].shape}, where {@code i}
   *     counts the request's tensors
   */
  public CheckedInputs check(List<Tensor> tensors) {
    if (tensors.size() == 1 && isMatrix(tensors.get(0).metadata())) {
      return checkMatrix(tensors.get(0));
    }
    List<SignatureViolation> violations = new ArrayList<>();
    Tensor[] ordered = new Tensor[expected.size()];
    int[] requestIndex = new int[expected.size()];
    for (int i = 0; i < tensors.size(); i++) {
      Tensor tensor = tensors.get(i);
      Integer place =
          anyName && tensors.size() == 1 ? Integer.valueOf(0) : indexByName.get(tensor.name());
      if (place == null) {
        violations.add(unknown(i, tensor.name()));
      } else if (ordered[place] != null) {
        violations.add(
            violation(
                i,
                "name",
                "\""
                    + tensor.name()
                    + "\" is given twice, first as inputs["
                    + requestIndex[place]
                    + "]"));
      } else {
        ordered[place] = tensor;
        requestIndex[place] = i;
        checkOne(i, tensor.metadata(), expected.get(place), violations);
      }
    }
    List<Tensor> present = new ArrayList<>(ordered.length);
    List<Integer> indexes = new ArrayList<>(ordered.length);
    for (int place = 0; place < ordered.length; place++) {
      TensorMetadata metadata = expected.get(place).metadata();
      if (ordered[place] != null) {
        present.add(ordered[place].withName(metadata.name()));
        indexes.add(requestIndex[place]);
      } else if (expected.get(place).required()) {
        violations.add(missing(metadata));
      }
    }
    if (present.isEmpty() && violations.isEmpty()) {
      violations.add(
          new SignatureViolation(INPUTS, "no input is given; the model takes " + names()));
    }
    OptionalLong rows =
        violations.isEmpty() ? checkRows(present, indexes, violations) : OptionalLong.empty();
    if (!violations.isEmpty()) {
      throw new InvalidInputException(violations);
    }
    return new CheckedInputs(present, rows);
  }

  /**
   * Tells what would be wrong with every request of which this much is known beforehand, as with
   * tensors that another model gives. Names must be the model's; sizes of any kind may come to fit.
   *
   * @param offered the tensors of the request, each with a name of its own
   * @return violations with fields as {@link #check} has them, where {@code i} counts the offered
   */
  public List<SignatureViolation> misfits(List<TensorMetadata> offered) {
    List<SignatureViolation> violations = new ArrayList<>();
    if (offered.size() == 1 && isMatrix(offered.get(0))) {
      checkMatrix(offered.get(0), violations);
      return violations;
    }
    Set<Integer> places = new TreeSet<>();
    for (int i = 0; i < offered.size(); i++) {
      TensorMetadata tensor = offered.get(i);
      Integer place =
          anyName && offered.size() == 1 ? Integer.valueOf(0) : indexByName.get(tensor.name());
      if (place == null) {
        violations.add(unknown(i, tensor.name()));
      } else {
        places.add(place);
        checkOne(i, tensor, expected.get(place), violations);
      }
    }
    for (int place = 0; place < expected.size(); place++) {
      if (expected.get(place).required() && !places.contains(place)) {
        violations.add(missing(expected.get(place).metadata()));
      }
    }
    return violations;
  }

  private SignatureViolation unknown(int index, String name) {
    return violation(index, "name", "unknown input \"" + name + "\"; the model takes " + names());
  }

  private static SignatureViolation missing(TensorMetadata metadata) {
    return new SignatureViolation(
        INPUTS,
        "missing input \""
            + metadata.name()
            + "\": "
            + metadata.datatype()
            + " "
            + metadata.shape());
  }

  /** A single tensor is the matrix unless it can only be meant as a column. */
  private boolean isMatrix(TensorMetadata tensor) {
    if (matrixTypes.isEmpty()) {
      return false;
    }
    Shape shape = tensor.shape();
    boolean wide =
        expected.size() > 1 && shape.rank() == 2 && shape.dimension(1) == expected.size();
    return wide || !indexByName.containsKey(tensor.name());
  }

  private CheckedInputs checkMatrix(Tensor matrix) {
    List<SignatureViolation> violations = new ArrayList<>();
    checkMatrix(matrix.metadata(), violations);
    if (!violations.isEmpty()) {
      throw new InvalidInputException(violations);
    }
    return new CheckedInputs(List.of(matrix), OptionalLong.of(matrix.shape().dimension(0)));
  }

  private void checkMatrix(TensorMetadata matrix, List<SignatureViolation> violations) {
    String alternative =
        " [batch, "
            + expected.size()
            + "] with the columns in the order of the signature, or one tensor per column: "
            + names();
    if (!matrixTypes.orElseThrow().contains(matrix.datatype())) {
      violations.add(
          violation(
              0,
              "datatype",
              "\""
                  + matrix.name()
                  + "\" is "
                  + matrix.datatype()
                  + "; the model takes a matrix of "
                  + matrixTypes.orElseThrow()
                  + alternative));
    }
    if (matrix.shape().rank() != 2 || !mayBe(matrix.shape().dimension(1), expected.size())) {
      violations.add(
          violation(
              0,
              "shape",
              "\""
                  + matrix.name()
                  + "\" has the shape "
                  + matrix.shape()
                  + "; the model takes a matrix"
                  + alternative));
    }
  }

  /** Tells whether a size is the wanted one, or may come to be. */
  private static boolean mayBe(long size, long wanted) {
    return size == wanted || size == Shape.ANY;
  }

  private void checkOne(
      int index, TensorMetadata tensor, Expected entry, List<SignatureViolation> violations) {
    TensorMetadata wanted = entry.metadata();
    if (tensor.datatype() != wanted.datatype()) {
      violations.add(
          violation(
              index,
              "datatype",
              quoted(tensor) + " is " + tensor.datatype() + ", expected " + wanted.datatype()));
    }
    Shape shape = tensor.shape();
    if (entry.anyShape()) {
      return;
    }
    if (columns) {
      boolean column = shape.rank() == 1 || (shape.rank() == 2 && mayBe(shape.dimension(1), 1));
      if (!column) {
        violations.add(
            violation(
                index,
                "shape",
                quoted(tensor) + " has the shape " + shape + ", expected [batch] or [batch, 1]"));
      }
      return;
    }
    if (shape.rank() != wanted.shape().rank()) {
      violations.add(
          violation(
              index,
              "shape",
              quoted(tensor)
                  + " has "
                  + shape.rank()
                  + " dimensions "
                  + shape
                  + ", expected "
                  + wanted.shape().rank()
                  + ": "
                  + wanted.shape()));
      return;
    }
    for (int axis = 0; axis < shape.rank(); axis++) {
      long size = wanted.shape().dimension(axis);
      if (size != Shape.ANY && !mayBe(shape.dimension(axis), size)) {
        violations.add(
            violation(
                index,
                "shape",
                quoted(tensor)
                    + " has "
                    + shape.dimension(axis)
                    + " at dimension "
                    + axis
                    + " of "
                    + shape
                    + ", expected "
                    + size
                    + ": "
                    + wanted.shape()));
      }
    }
  }

  private static String quoted(TensorMetadata tensor) {
    return "\"" + tensor.name() + "\"";
  }

  private OptionalLong checkRows(
      List<Tensor> present, List<Integer> indexes, List<SignatureViolation> violations) {
    if (!batched) {
      return OptionalLong.empty();
    }
    long rows = present.get(0).shape().dimension(0);
    for (int i = 1; i < present.size(); i++) {
      long other = present.get(i).shape().dimension(0);
      if (other != rows) {
        violations.add(
            violation(
                indexes.get(i),
                "shape",
                "\""
                    + present.get(i).name()
                    + "\" has "
                    + other
                    + " rows, but \""
                    + present.get(0).name()
                    + "\" has "
                    + rows));
      }
    }
    return OptionalLong.of(rows);
  }

  private static SignatureViolation violation(int index, String member, String description) {
    return new SignatureViolation(INPUTS + "[" + index + "]." + member, description);
  }

  private String names() {
    return Listing.of(expected.stream().map(entry -> entry.metadata().name()).toList());
  }
}
