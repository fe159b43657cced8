package dev.slipway.engine.signature;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * One column of a table.
 *
 * @param name its name; empty for a column that is known by its position alone
 * @param type its type
 * @param required whether a request must carry it
 */
public record ColumnSpec(Optional<String> name, ColumnType type, boolean required) {

  /** Checks that all parts are there. */
  public ColumnSpec {
    Objects.requireNonNull(name, "name");
    Objects.requireNonNull(type, "type");
  }

  /** Returns a required column with a name. */
  public static ColumnSpec of(String name, ColumnType type) {
    return new ColumnSpec(Optional.of(name), type, true);
  }

  /** Returns a required column without a name. */
  public static ColumnSpec unnamed(ColumnType type) {
    return new ColumnSpec(Optional.empty(), type, true);
  }

  static ColumnSpec read(SchemaNode node) {
    // Early MLflow wrote "optional" where later ones write "required".
    boolean required =
        node.find("required")
            .map(SchemaNode::bool)
            .orElseGet(() -> !node.find("optional").map(SchemaNode::bool).orElse(false));
    return new ColumnSpec(node.find("name").map(SchemaNode::text), ColumnType.read(node), required);
  }

  Map<String, Object> toJson() {
    Map<String, Object> json = type.toJson();
    name.ifPresent(text -> json.put("name", text));
    json.put("required", required);
    return json;
  }
}
