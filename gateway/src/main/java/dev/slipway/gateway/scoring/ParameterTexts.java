package dev.slipway.gateway.scoring;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import dev.slipway.registry.v1.ParamSpec;
import dev.slipway.registry.v1.ScalarType;
import dev.slipway.serving.v1.ParameterList;
import dev.slipway.serving.v1.ParameterValue;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/** Reads the parameters of a prediction from texts, in the types that a signature declares. */
final class ParameterTexts {
  private ParameterTexts() {}

  /**
   * Reads parameters.
   *
   * @param assignments each {@code NAME=VALUE}; the value of a list is one in JSON
   * @throws ScoringException with everything that is wrong with them
   */
  static Map<String, ParameterValue> read(List<String> assignments, List<ParamSpec> declared) {
    Map<String, ParameterValue> values = new LinkedHashMap<>();
    List<String> faults = new ArrayList<>();
    for (String assignment : assignments) {
      int equals = assignment.indexOf('=');
      String name = assignment.substring(0, Math.max(0, equals));
      Optional<ParamSpec> spec =
          declared.stream().filter(known -> known.getName().equals(name)).findFirst();
      if (equals < 1) {
        faults.add("\"" + assignment + "\" is not NAME=VALUE");
      } else if (spec.isEmpty()) {
        faults.add("the model declares no parameter " + name + names(declared));
      } else if (values.containsKey(name)) {
        faults.add("the parameter " + name + " is given twice");
      } else {
        String text = assignment.substring(equals + 1);
        ParameterValue value = value(spec.get(), text);
        values.put(name, value);
        if (value.getKindCase() == ParameterValue.KindCase.KIND_NOT_SET) {
          faults.add(
              "the parameter %s must be %s, not %s".formatted(name, describe(spec.get()), text));
        }
      }
    }
    if (!faults.isEmpty()) {
      throw new ScoringException(String.join("; ", faults));
    }
    return values;
  }

  private static String names(List<ParamSpec> declared) {
    return declared.isEmpty()
        ? ""
        : "; it declares " + String.join(", ", declared.stream().map(ParamSpec::getName).toList());
  }

  private static String describe(ParamSpec spec) {
    String type =
        spec.getType()
            .getScalar()
            .name()
            .substring("SCALAR_TYPE_".length())
            .toLowerCase(Locale.ROOT);
    return spec.getShapeCount() > 0
        ? "a list of type " + type + " as JSON"
        : "a value of type " + type;
  }

  /** Returns the value; without a kind where the text is none of that type. */
  private static ParameterValue value(ParamSpec spec, String text) {
    ScalarType type = spec.getType().getScalar();
    if (spec.getShapeCount() == 0) {
      return scalar(type, text);
    }
    ParameterList.Builder list = ParameterList.newBuilder();
    try {
      JsonNode elements = ScoringJson.MAPPER.readTree(text);
      if (!elements.isArray()) {
        return ParameterValue.getDefaultInstance();
      }
      for (JsonNode element : elements) {
        ParameterValue value = scalar(type, element.asText());
        if (element.isContainerNode()
            || element.isNull()
            || value.getKindCase() == ParameterValue.KindCase.KIND_NOT_SET) {
          return ParameterValue.getDefaultInstance();
        }
        list.addValues(value);
      }
    } catch (JsonProcessingException e) {
      return ParameterValue.getDefaultInstance();
    }
    return ParameterValue.newBuilder().setListValue(list).build();
  }

  private static ParameterValue scalar(ScalarType type, String text) {
    ParameterValue.Builder value = ParameterValue.newBuilder();
    try {
      switch (type) {
        case SCALAR_TYPE_BOOLEAN -> {
          if (text.equals("true") || text.equals("false")) {
            value.setBoolValue(text.equals("true"));
          }
        }
        case SCALAR_TYPE_INTEGER -> value.setInt64Value(Integer.parseInt(text));
        case SCALAR_TYPE_LONG -> value.setInt64Value(Long.parseLong(text));
        case SCALAR_TYPE_FLOAT, SCALAR_TYPE_DOUBLE ->
            value.setDoubleValue(Double.parseDouble(text));
        default -> value.setStringValue(text);
      }
    } catch (NumberFormatException e) {
      return ParameterValue.getDefaultInstance();
    }
    return value.build();
  }
}
