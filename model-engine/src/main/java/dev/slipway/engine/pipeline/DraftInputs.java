package dev.slipway.engine.pipeline;

import dev.slipway.engine.signature.ColumnSchema;
import dev.slipway.engine.signature.ColumnSpec;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.signature.Schema;
import dev.slipway.engine.signature.TensorSchema;
import dev.slipway.engine.signature.TensorSpec;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.engine.tensor.TensorMetadata;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** What a drafted pipeline takes, and which steps take it. Not for sharing between threads. */
final class DraftInputs {
  private final Map<String, List<Taker>> takers = new LinkedHashMap<>();

  /**
   * A step's input that is fed by an input of the pipeline.
   *
   * @param step the step's index
   * @param input the name there
   * @param said whether the author wants it so
   * @param version the version behind the step
   */
  record Taker(int step, String input, boolean said, StepVersion version) {
    /** Returns the tensor; empty when the version has no such input. */
    Optional<TensorMetadata> wanted() {
      Optional<TensorMetadata> named = version.input(input);
      List<TensorMetadata> all = version.inputs().tensors();
      return named.isPresent() || all.size() != 1 ? named : Optional.of(all.get(0));
    }

    boolean optional() {
      return !said && !version.inputs().isRequired(input);
    }

    /** Tells whether the version would have an input left without its optional ones. */
    boolean requiresAny() {
      return version.inputs().tensors().stream()
          .anyMatch(tensor -> version.inputs().isRequired(tensor.name()));
    }

    /** Returns the type of the column that the version sees; empty when it is none. */
    Optional<ScalarType> column() {
      if (!(version.signature().flatMap(ModelSignature::inputs).orElse(null)
          instanceof ColumnSchema columns)) {
        return Optional.empty();
      }
      for (int i = 0; i < columns.columns().size(); i++) {
        ColumnSpec column = columns.columns().get(i);
        if (column.name().orElse("column_" + i).equals(input)
            && column.type() instanceof ScalarType type) {
          return Optional.of(type);
        }
      }
      return Optional.empty();
    }

    String place() {
      return PipelineProblems.place(step);
    }
  }

  void add(String name, int step, String input, boolean said, StepVersion version) {
    takers
        .computeIfAbsent(name, key -> new ArrayList<>())
        .add(new Taker(step, input, said, version));
  }

  /** Tells whether each is a column of one type to all who take it. */
  boolean areColumns() {
    return takers.values().stream()
        .allMatch(
            same -> {
              Optional<ScalarType> first = same.get(0).column();
              return first.isPresent() && same.stream().allMatch(t -> t.column().equals(first));
            });
  }

  /** Takes away, and returns, those that nobody requires, unless their step requires none. */
  List<Taker> leaveOutOptional() {
    List<Taker> left = new ArrayList<>();
    takers.values().stream()
        .filter(same -> same.stream().allMatch(Taker::optional))
        .forEach(left::addAll);
    left.removeIf(taker -> !taker.requiresAny());
    takers.values().removeIf(left::containsAll);
    return left;
  }

  /** Finds inputs that steps see differently. */
  void check(PipelineProblems problems) {
    takers.forEach(
        (name, same) -> {
          for (Taker taker : same) {
            if (taker.wanted().isEmpty()) {
              problems.add(
                  taker.place() + ".inputs." + taker.input(),
                  "is no input of "
                      + taker.version().version()
                      + ", which takes "
                      + taker.version().inputs().tensors().stream()
                          .map(TensorMetadata::name)
                          .toList());
            } else {
              checkAlike(name, same.get(0), taker, problems);
            }
          }
        });
  }

  private static void checkAlike(String name, Taker first, Taker other, PipelineProblems problems) {
    if (first.wanted().isPresent()
        && first.wanted().get().datatype() != other.wanted().orElseThrow().datatype()) {
      problems.add(
          "inputs." + name,
          "is "
              + first.wanted().get().datatype()
              + " for "
              + first.place()
              + " and "
              + other.wanted().get().datatype()
              + " for "
              + other.place());
    }
  }

  /** Returns the schema of those that {@link #check} finds nothing wrong with. */
  Optional<Schema> schema() {
    if (takers.isEmpty()) {
      return Optional.empty();
    }
    if (areColumns()) {
      List<ColumnSpec> columns = new ArrayList<>();
      takers.forEach(
          (name, same) ->
              columns.add(
                  new ColumnSpec(
                      Optional.of(name),
                      same.get(0).column().orElseThrow(),
                      !same.stream().allMatch(Taker::optional))));
      return Optional.of(new ColumnSchema(columns));
    }
    List<TensorMetadata> tensors = new ArrayList<>();
    takers.forEach(
        (name, same) -> {
          List<TensorMetadata> wanted =
              same.stream().map(taker -> taker.wanted().orElseThrow()).toList();
          tensors.add(new TensorMetadata(name, wanted.get(0).datatype(), narrowest(wanted)));
        });
    return tensors(tensors);
  }

  /** Returns the schema of tensors; empty when the shape of one is not known. */
  static Optional<Schema> tensors(List<TensorMetadata> tensors) {
    if (tensors.isEmpty() || tensors.stream().anyMatch(tensor -> tensor.shape().rank() == 0)) {
      return Optional.empty();
    }
    return Optional.of(
        new TensorSchema(
            tensors.stream()
                .map(tensor -> TensorSpec.of(tensor.name(), tensor.datatype(), tensor.shape()))
                .toList()));
  }

  /** Takes the fixed sizes of all; where they contradict each other, joining will tell. */
  private static Shape narrowest(List<TensorMetadata> wanted) {
    long[] sizes = wanted.get(0).shape().toArray();
    for (TensorMetadata other : wanted) {
      for (int i = 0; i < sizes.length && other.shape().rank() == sizes.length; i++) {
        if (sizes[i] == Shape.ANY) {
          sizes[i] = other.shape().dimension(i);
        }
      }
    }
    return Shape.of(sizes);
  }
}
