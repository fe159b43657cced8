package dev.slipway.engine.signature;

import dev.slipway.engine.error.ModelPackageException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** A JSON value of a schema together with its place, so that every complaint can name it. */
record SchemaNode(String where, Object value) {

  ModelPackageException complaint(String problem) {
    return new ModelPackageException(where + " " + problem);
  }

  List<SchemaNode> elements() {
    if (!(value instanceof List<?> list)) {
      throw complaint("must be a list");
    }
    List<SchemaNode> nodes = new ArrayList<>();
    for (int i = 0; i < list.size(); i++) {
      nodes.add(new SchemaNode(where + "[" + i + "]", list.get(i)));
    }
    return nodes;
  }

  Map<?, ?> object() {
    if (!(value instanceof Map<?, ?> map)) {
      throw complaint("must be an object");
    }
    return map;
  }

  boolean has(String member) {
    return object().get(member) != null;
  }

  SchemaNode member(String member) {
    return find(member).orElseThrow(() -> complaint("lacks \"" + member + "\""));
  }

  Optional<SchemaNode> find(String member) {
    return Optional.ofNullable(object().get(member))
        .map(found -> new SchemaNode(where + "." + member, found));
  }

  String text() {
    if (!(value instanceof String string)) {
      throw complaint("must be a string");
    }
    return string;
  }

  boolean bool() {
    if (!(value instanceof Boolean bool)) {
      throw complaint("must be true or false");
    }
    return bool;
  }

  long integer() {
    if (!(value instanceof Long number)) {
      throw complaint("must be a whole number");
    }
    return number;
  }
}
