package dev.slipway.serving.inference;

import dev.slipway.engine.error.Listing;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.runtime.error.Violations;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Checks the parameters of a request against those that a signature declares. */
final class ParameterChecks {
  private ParameterChecks() {}

  /**
   * Returns the given values in the declared types, and the defaults of those left out; notes
   * unknown and unfit ones under {@code parameters[name]}.
   */
  static Map<String, Object> check(
      Map<String, Object> given, Optional<ModelSignature> signature, Violations violations) {
    List<ParamSpec> declared = signature.map(ModelSignature::params).orElse(List.of());
    if (given.isEmpty() && declared.isEmpty()) {
      return Map.of();
    }
    Map<String, Object> checked = new HashMap<>();
    for (ParamSpec spec : declared) {
      Object value = given.get(spec.name());
      if (value != null) {
        convert(spec, value)
            .ifPresentOrElse(
                fit -> checked.put(spec.name(), fit),
                () -> violations.add(field(spec.name()), "must be " + describe(spec)));
      } else {
        spec.defaultValue().ifPresent(absent -> checked.put(spec.name(), absent));
      }
    }
    for (String name : given.keySet()) {
      if (declared.stream().noneMatch(spec -> spec.name().equals(name))) {
        violations.add(field(name), "is not declared by the model's signature: " + names(declared));
      }
    }
    return checked;
  }

  private static String field(String name) {
    return "parameters[" + name + "]";
  }

  private static String names(List<ParamSpec> declared) {
    return declared.isEmpty()
        ? "it declares no parameters"
        : "it declares " + Listing.of(declared.stream().map(ParamSpec::name).toList());
  }

  private static String describe(ParamSpec spec) {
    String type = spec.type() instanceof ScalarType scalar ? scalar.mlflowName() : "an object";
    return isList(spec)
        ? "a list of " + type + ", shape " + spec.shape().get()
        : "a value of type " + type;
  }

  private static boolean isList(ParamSpec spec) {
    return spec.shape().isPresent() && spec.shape().get().rank() > 0;
  }

  private static Optional<Object> convert(ParamSpec spec, Object value) {
    if (!(spec.type() instanceof ScalarType type)) {
      return Optional.empty();
    }
    if (!isList(spec)) {
      return convert(type, value);
    }
    if (!(value instanceof List<?> list) || !spec.shape().get().accepts(Shape.of(list.size()))) {
      return Optional.empty();
    }
    List<Object> converted = new ArrayList<>(list.size());
    for (Object item : list) {
      Optional<Object> fit = convert(type, item);
      if (fit.isEmpty()) {
        return Optional.empty();
      }
      converted.add(fit.get());
    }
    return Optional.of(List.copyOf(converted));
  }

  private static Optional<Object> convert(ScalarType type, Object value) {
    return switch (type) {
      case BOOLEAN -> Optional.<Object>of(value).filter(Boolean.class::isInstance);
      case INTEGER ->
          value instanceof Long number && number == number.intValue()
              ? Optional.of(number)
              : Optional.empty();
      case LONG -> Optional.<Object>of(value).filter(Long.class::isInstance);
      case FLOAT -> convert(ScalarType.DOUBLE, value).filter(ParameterChecks::isFloat);
      case DOUBLE ->
          value instanceof Long number
              ? Optional.of((Object) number.doubleValue())
              : Optional.<Object>of(value).filter(Double.class::isInstance);
      case STRING, BINARY, DATETIME -> Optional.<Object>of(value).filter(String.class::isInstance);
    };
  }

  /** Tells whether a number does not become infinite as a 32-bit one. */
  private static boolean isFloat(Object value) {
    double number = (Double) value;
    return Double.isInfinite(number) || !Float.isInfinite((float) number);
  }
}
