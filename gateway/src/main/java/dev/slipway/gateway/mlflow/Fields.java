package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalDouble;
import java.util.OptionalLong;
import java.util.function.IntFunction;
import java.util.regex.Pattern;

/**
 * Reads the fields of one JSON object by MLflow's rules: names in snake case or lower camel case,
 * null counts as absent, unknown fields are passed over, 64-bit numbers may be strings, doubles may
 * be the strings NaN and Infinity, enums are names or numbers.
 *
 * <p>Every method throws {@link MlflowException} with the full path of a field that it cannot read.
 * Immutable, as far as nobody changes the object.
 */
final class Fields {
  private static final int MAX_SHOWN_CHARS = 200;
  private static final int MAX_NUMBER_CHARS = 400;
  private static final double TWO_TO_63 = 0x1p63;
  private static final Pattern DECIMAL =
      Pattern.compile("[-+]?(\\d+\\.?\\d*|\\.\\d+)([eE][-+]?\\d{1,5})?");
  private static final Pattern STEP = Pattern.compile("([^.\\[\\]]+)|\\[(\\d+)]");

  private final String path;
  private final ObjectNode object;
  private final boolean fromQuery;

  private Fields(String path, ObjectNode object, boolean fromQuery) {
    this.path = path;
    this.object = object;
    this.fromQuery = fromQuery;
  }

  /** Returns the fields of a request's body. */
  static Fields ofBody(ObjectNode body) {
    return new Fields("", body, false);
  }

  /** Returns the fields of a query, where a list of one looks like a text. */
  static Fields ofQuery(ObjectNode query) {
    return new Fields("", query, true);
  }

  /** Returns whether the object has a field with a value. */
  boolean has(String name) {
    return !node(name).isNull();
  }

  /** Returns a text, empty when it is absent. */
  String text(String name) {
    return findText(name).orElse("");
  }

  /** Returns a text, which must be there and not empty. */
  String requiredText(String name) {
    String text = text(name);
    if (text.isEmpty()) {
      throw MlflowException.missing(path + name);
    }
    return text;
  }

  /** Returns a text if it is there. */
  Optional<String> findText(String name) {
    JsonNode node = node(name);
    if (node.isNull()) {
      return Optional.empty();
    }
    if (!node.isTextual()) {
      throw invalid(name, node, "must be a string");
    }
    return Optional.of(node.textValue());
  }

  /** Returns a list of texts, empty when it is absent. */
  List<String> texts(String name) {
    JsonNode node = node(name);
    if (node.isNull()) {
      return List.of();
    }
    if (fromQuery && node.isTextual()) {
      return List.of(node.textValue());
    }
    if (!node.isArray()) {
      throw invalid(name, node, "must be a list of strings");
    }
    List<String> texts = new ArrayList<>();
    for (JsonNode element : node) {
      if (!element.isTextual()) {
        throw invalid(name, node, "must be a list of strings");
      }
      texts.add(element.textValue());
    }
    return texts;
  }

  /** Returns an object if it is there. */
  Optional<Fields> findObject(String name) {
    JsonNode node = node(name);
    if (node.isNull()) {
      return Optional.empty();
    }
    if (!(node instanceof ObjectNode fields)) {
      throw invalid(name, node, "must be an object");
    }
    return Optional.of(new Fields(path + name + ".", fields, false));
  }

  /** Returns a name of a field of this object with the path of the object before it. */
  String pathOf(String name) {
    return path + name;
  }

  /** Returns a list of objects, empty when it is absent. */
  List<Fields> objects(String name) {
    JsonNode node = node(name);
    if (node.isNull()) {
      return List.of();
    }
    if (!node.isArray()) {
      throw invalid(name, node, "must be a list of objects");
    }
    List<Fields> objects = new ArrayList<>();
    for (JsonNode element : node) {
      String elementName = name + "[" + objects.size() + "]";
      if (!(element instanceof ObjectNode fields)) {
        throw invalid(elementName, element, "must be an object");
      }
      objects.add(new Fields(path + elementName + ".", fields, false));
    }
    return objects;
  }

  /** Returns an object, which must be there. */
  Fields requiredObject(String name) {
    JsonNode node = node(name);
    if (node.isNull()) {
      throw MlflowException.missing(path + name);
    }
    if (!(node instanceof ObjectNode fields)) {
      throw invalid(name, node, "must be an object");
    }
    return new Fields(path + name + ".", fields, false);
  }

  /** Returns a 64-bit number, which must be there. */
  long requiredLong(String name) {
    return findLong(name).orElseThrow(() -> MlflowException.missing(path + name));
  }

  /** Returns a 64-bit number if it is there: integral, or the decimal text of an integral one. */
  OptionalLong findLong(String name) {
    JsonNode node = node(name);
    if (node.isNull()) {
      return OptionalLong.empty();
    }
    if (node.isIntegralNumber() && node.canConvertToLong()) {
      return OptionalLong.of(node.longValue());
    }
    if (node.isFloatingPointNumber() && isLong(node.doubleValue())) {
      return OptionalLong.of((long) node.doubleValue());
    }
    if (node.isTextual() && isDecimal(node.textValue())) {
      try {
        return OptionalLong.of(new BigDecimal(node.textValue()).longValueExact());
      } catch (ArithmeticException e) {
        throw invalid(name, node, "must be an integer of 64 bits");
      }
    }
    throw invalid(name, node, "must be an integer of 64 bits");
  }

  /** Bounded, since the time to read a number grows with the square of its length. */
  private static boolean isDecimal(String text) {
    return text.length() <= MAX_NUMBER_CHARS && DECIMAL.matcher(text).matches();
  }

  private static boolean isLong(double value) {
    return value == Math.rint(value) && value >= -TWO_TO_63 && value < TWO_TO_63;
  }

  /** Returns a number in a range if it is there. */
  Optional<Integer> findInt(String name, int min, int max) {
    OptionalLong value = findLong(name);
    if (value.isEmpty()) {
      return Optional.empty();
    }
    if (value.getAsLong() < min || value.getAsLong() > max) {
      throw invalid(name, node(name), "must be " + min + " to " + max);
    }
    return Optional.of((int) value.getAsLong());
  }

  /** Returns a double if it is there; booleans are 1 and 0, as in Python. */
  OptionalDouble findDouble(String name) {
    JsonNode node = node(name);
    if (node.isNull()) {
      return OptionalDouble.empty();
    }
    if (node.isNumber()) {
      return OptionalDouble.of(node.doubleValue());
    }
    if (node.isBoolean()) {
      return OptionalDouble.of(node.booleanValue() ? 1 : 0);
    }
    if (node.isTextual()) {
      return OptionalDouble.of(number(name, node));
    }
    throw invalid(name, node, "must be a number");
  }

  private double number(String name, JsonNode node) {
    String text = node.textValue();
    return switch (text.toLowerCase(Locale.ROOT)) {
      case "nan" -> Double.NaN;
      case "infinity", "inf", "+infinity", "+inf" -> Double.POSITIVE_INFINITY;
      case "-infinity", "-inf" -> Double.NEGATIVE_INFINITY;
      default -> {
        if (!isDecimal(text)) {
          throw invalid(name, node, "must be a number");
        }
        yield Double.parseDouble(text);
      }
    };
  }

  /** Returns a boolean, false when it is absent; texts true and false count in any case. */
  boolean flag(String name) {
    JsonNode node = node(name);
    if (node.isNull()) {
      return false;
    }
    if (node.isBoolean()) {
      return node.booleanValue();
    }
    if (node.isTextual()) {
      String text = node.textValue().toLowerCase(Locale.ROOT);
      if (text.equals("true") || text.equals("false")) {
        return text.equals("true");
      }
    }
    throw invalid(name, node, "must be true or false");
  }

  /**
   * Returns an enum value if it is there.
   *
   * @param type the generated enum, whose values carry a prefix that MLflow's names lack
   * @param forNumber the generated lookup, which knows MLflow's numbers too
   */
  <E extends Enum<E>> Optional<E> findEnum(
      String name, Class<E> type, String prefix, IntFunction<E> forNumber) {
    return findEnum(name, type, "", prefix, forNumber);
  }

  /**
   * Returns an enum value if it is there.
   *
   * @param clientPrefix what MLflow's names begin with
   * @param prefix what the names of the generated enum begin with instead
   */
  <E extends Enum<E>> Optional<E> findEnum(
      String name, Class<E> type, String clientPrefix, String prefix, IntFunction<E> forNumber) {
    JsonNode node = node(name);
    if (node.isNull()) {
      return Optional.empty();
    }
    E value = null;
    if (node.isInt()) {
      value = forNumber.apply(node.intValue());
    } else if (node.isTextual() && node.textValue().matches("\\d{1,9}")) {
      value = forNumber.apply(Integer.parseInt(node.textValue()));
    } else if (node.isTextual() && node.textValue().startsWith(clientPrefix)) {
      value = named(type, prefix + node.textValue().substring(clientPrefix.length()));
    }
    if (value == null || value.name().endsWith("_UNSPECIFIED")) {
      throw invalid(name, node, "is not one of its values");
    }
    return Optional.of(value);
  }

  private static <E extends Enum<E>> E named(Class<E> type, String name) {
    for (E value : type.getEnumConstants()) {
      if (value.name().equals(name)) {
        return value;
      }
    }
    return null;
  }

  /**
   * Returns the value at a path such as {@code metrics[3].key} as compact JSON, cut when it is
   * long; {@code null} when there is none.
   */
  String shownAt(String valuePath) {
    JsonNode node = object;
    var steps = STEP.matcher(valuePath);
    while (steps.find() && node != null) {
      node =
          steps.group(1) != null
              ? byName(node, steps.group(1))
              : node.get(Integer.parseInt(steps.group(2)));
    }
    return shown(node);
  }

  private MlflowException invalid(String name, JsonNode node, String problem) {
    return MlflowException.invalidValue(path + name, shown(node), problem);
  }

  private static String shown(JsonNode node) {
    String text = String.valueOf(node);
    return text.length() <= MAX_SHOWN_CHARS ? text : text.substring(0, MAX_SHOWN_CHARS) + "...";
  }

  private JsonNode node(String name) {
    JsonNode node = byName(object, name);
    return node == null ? object.nullNode() : node;
  }

  private static JsonNode byName(JsonNode object, String name) {
    JsonNode node = object.get(name);
    return node != null ? node : object.get(camelCase(name));
  }

  private static String camelCase(String name) {
    if (name.indexOf('_') < 0) {
      return name;
    }
    StringBuilder camel = new StringBuilder(name.length());
    boolean upper = false;
    for (int i = 0; i < name.length(); i++) {
      char c = name.charAt(i);
      if (c == '_') {
        upper = true;
      } else {
        camel.append(upper ? Character.toUpperCase(c) : c);
        upper = false;
      }
    }
    return camel.toString();
  }
}
