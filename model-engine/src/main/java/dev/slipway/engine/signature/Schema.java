package dev.slipway.engine.signature;

import dev.slipway.engine.error.ModelPackageException;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What a model takes, or what it gives: either tensors or the columns of a table. Never empty. */
public sealed interface Schema permits ColumnSchema, TensorSchema {

  /** Returns the schema as MLflow's one-line JSON. */
  String toJson();

  /**
   * Reads MLflow's JSON.
   *
   * @param json a list of columns or of tensors
   * @param where the place of the text, for messages: {@code signature.inputs}
   * @throws ModelPackageException if the text is not such a list; the message names the place
   */
  static Schema parse(String json, String where) {
    SchemaNode root = new SchemaNode(where, PythonJson.read(json, where));
    List<SchemaNode> elements = root.elements();
    if (elements.isEmpty()) {
      throw root.complaint("has neither columns nor tensors");
    }
    long tensors =
        elements.stream().filter(node -> "tensor".equals(node.member("type").value())).count();
    if (tensors != 0 && tensors != elements.size()) {
      throw root.complaint("mixes columns and tensors");
    }
    try {
      return tensors == 0
          ? new ColumnSchema(elements.stream().map(ColumnSpec::read).toList())
          : new TensorSchema(elements.stream().map(TensorSpec::read).toList());
    } catch (IllegalArgumentException e) {
      throw root.complaint(e.getMessage());
    }
  }

  /** Refuses names that are neither all there and distinct nor all absent. */
  static void checkNames(List<Optional<String>> names) {
    long named = names.stream().filter(Optional::isPresent).count();
    if (names.isEmpty()) {
      throw new IllegalArgumentException("has neither columns nor tensors");
    }
    if (named != 0 && named != names.size()) {
      throw new IllegalArgumentException("has names for some of its entries but not for all");
    }
    Set<String> seen = new HashSet<>();
    for (Optional<String> name : names) {
      if (name.isPresent() && !seen.add(name.get())) {
        throw new IllegalArgumentException("has the name \"" + name.get() + "\" twice");
      }
    }
  }
}
