package dev.slipway.serving.inference;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.ParamSpec;
import dev.slipway.engine.signature.ScalarType;
import dev.slipway.engine.tensor.Shape;
import dev.slipway.runtime.error.FieldViolation;
import dev.slipway.runtime.error.InvalidRequestException;
import dev.slipway.runtime.error.Violations;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.FieldSource;

class ParameterChecksTest {
  private static Map<String, Object> check(Map<String, Object> given, ParamSpec... declared) {
    Violations violations = new Violations();
    Map<String, Object> checked =
        ParameterChecks.check(
            given,
            Optional.of(new ModelSignature(Optional.empty(), Optional.empty(), List.of(declared))),
            violations);
    violations.throwIfAny();
    return checked;
  }

  private static List<FieldViolation> violations(Map<String, Object> given, ParamSpec... declared) {
    try {
      check(given, declared);
      return List.of();
    } catch (InvalidRequestException e) {
      return e.violations();
    }
  }

  private static ParamSpec list(ScalarType type, long size) {
    return new ParamSpec("p", type, Optional.empty(), Optional.of(Shape.of(size)));
  }

  static final List<Arguments> FIT =
      List.of(
          Arguments.of(ScalarType.BOOLEAN, true, true),
          Arguments.of(ScalarType.INTEGER, (long) Integer.MIN_VALUE, (long) Integer.MIN_VALUE),
          Arguments.of(ScalarType.LONG, Long.MAX_VALUE, Long.MAX_VALUE),
          Arguments.of(ScalarType.FLOAT, 3L, 3.0),
          Arguments.of(ScalarType.FLOAT, 0.1, 0.1),
          Arguments.of(ScalarType.FLOAT, Double.POSITIVE_INFINITY, Double.POSITIVE_INFINITY),
          Arguments.of(ScalarType.DOUBLE, 1e300, 1e300),
          Arguments.of(ScalarType.STRING, "a", "a"),
          Arguments.of(ScalarType.DATETIME, "2026-01-02", "2026-01-02"));

  @ParameterizedTest
  @FieldSource("FIT")
  void valueOfTheDeclaredType_isTakenInThatType(ScalarType type, Object given, Object checked) {
    assertThat(check(Map.of("p", given), ParamSpec.of("p", type, null)))
        .containsExactly(Map.entry("p", checked));
  }

  static final List<Arguments> UNFIT =
      List.of(
          Arguments.of(ScalarType.BOOLEAN, 1L, "boolean"),
          Arguments.of(ScalarType.INTEGER, 1L + Integer.MAX_VALUE, "integer"),
          Arguments.of(ScalarType.INTEGER, 1.0, "integer"),
          Arguments.of(ScalarType.LONG, "1", "long"),
          Arguments.of(ScalarType.FLOAT, 1e300, "float"),
          Arguments.of(ScalarType.DOUBLE, true, "double"),
          Arguments.of(ScalarType.STRING, 1L, "string"),
          Arguments.of(ScalarType.STRING, List.of("a"), "string"));

  @ParameterizedTest
  @FieldSource("UNFIT")
  void valueOfAnotherTypeOrOutOfItsRange_isRefused(ScalarType type, Object given, String named) {
    assertThat(violations(Map.of("p", given), ParamSpec.of("p", type, null)))
        .containsExactly(new FieldViolation("parameters[p]", "must be a value of type " + named));
  }

  @Test
  void list_hasTheDeclaredShapeAndTypeInEachItem() {
    assertThat(check(Map.of("p", List.of(1L, 2.5)), list(ScalarType.DOUBLE, Shape.ANY)))
        .containsExactly(Map.entry("p", List.of(1.0, 2.5)));
    assertThat(check(Map.of("p", List.of()), list(ScalarType.LONG, Shape.ANY)))
        .containsExactly(Map.entry("p", List.of()));
    assertThat(check(Map.of("p", List.of(1L, 2L)), list(ScalarType.LONG, 2))).hasSize(1);

    for (Object unfit : List.of(1L, List.of(1L), List.of(1L, 2L, 3L), List.of(1L, "b"))) {
      assertThat(violations(Map.of("p", unfit), list(ScalarType.LONG, 2)))
          .containsExactly(
              new FieldViolation("parameters[p]", "must be a list of long, shape [2]"));
    }
  }

  @Test
  void parameterLeftOut_hasItsDefaultIfThereIsOne() {
    assertThat(
            check(
                Map.of("b", 7L),
                ParamSpec.of("a", ScalarType.DOUBLE, 0.5),
                ParamSpec.of("b", ScalarType.LONG, 1),
                ParamSpec.of("c", ScalarType.STRING, null)))
        .containsOnly(Map.entry("a", 0.5), Map.entry("b", 7L));
  }

  @Test
  void unknownAndUnfitOnes_areAllTold() {
    Map<String, Object> given = new HashMap<>();
    given.put("a", "text");
    given.put("temperature", 1L);

    assertThat(
            violations(
                given,
                ParamSpec.of("a", ScalarType.DOUBLE, 0.5),
                ParamSpec.of("b", ScalarType.LONG, 1)))
        .containsExactlyInAnyOrder(
            new FieldViolation("parameters[a]", "must be a value of type double"),
            new FieldViolation(
                "parameters[temperature]",
                "is not declared by the model's signature: it declares [a, b]"));
  }

  @Test
  void modelWithoutASignature_takesNone() {
    Violations violations = new Violations();

    assertThat(ParameterChecks.check(Map.of(), Optional.empty(), violations)).isEmpty();
    assertThat(violations.isEmpty()).isTrue();
    ParameterChecks.check(Map.of("p", 1L), Optional.empty(), violations);
    assertThatThrownBy(violations::throwIfAny).hasMessageContaining("it declares no parameters");
  }
}
