package dev.slipway.engine.signature;

import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.signature.SignatureDifference.Kind;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class SignatureDiffTest {
  private static ModelSignature inputs(String json) {
    return ModelSignature.parse(Optional.of(json), Optional.empty(), Optional.empty());
  }

  private static ModelSignature outputs(String json) {
    return ModelSignature.parse(Optional.empty(), Optional.of(json), Optional.empty());
  }

  private static ModelSignature params(String json) {
    return ModelSignature.parse(Optional.empty(), Optional.empty(), Optional.of(json));
  }

  private static String column(String name, String type, boolean required) {
    return "{\"name\": \""
        + name
        + "\", \"type\": \""
        + type
        + "\", \"required\": "
        + required
        + "}";
  }

  private static String tensor(String name, String dtype, String shape) {
    return "[{\"name\": \""
        + name
        + "\", \"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \""
        + dtype
        + "\", \"shape\": "
        + shape
        + "}}]";
  }

  private static void assertOne(
      SignatureDiff diff, String path, Kind kind, boolean backward, boolean forward) {
    assertThat(diff.differences()).hasSize(1);
    SignatureDifference difference = diff.differences().get(0);
    assertThat(difference.path()).isEqualTo(path);
    assertThat(difference.kind()).isEqualTo(kind);
    assertThat(diff.isBackwardCompatible()).isEqualTo(backward);
    assertThat(diff.isForwardCompatible()).isEqualTo(forward);
  }

  /** In inputs as given; in outputs the two directions change places. */
  private static void assertBothSides(
      String older, String newer, String field, Kind kind, boolean backward, boolean forward) {
    assertOne(
        SignatureDiff.between(inputs(older), inputs(newer)),
        "inputs" + field,
        kind,
        backward,
        forward);
    assertOne(
        SignatureDiff.between(outputs(older), outputs(newer)),
        "outputs" + field,
        kind,
        forward,
        backward);
  }

  @Test
  void equalSignatures_haveNoDifference() {
    String json = "[" + column("a", "long", true) + "]";

    SignatureDiff diff = SignatureDiff.between(inputs(json), inputs(json));

    assertThat(diff.differences()).isEmpty();
    assertThat(diff.isBackwardCompatible()).isTrue();
    assertThat(diff.isForwardCompatible()).isTrue();
  }

  @Test
  void typesAndRequirement_areComparedByWhatRequestsMayHold() {
    String integer = "[" + column("a", "integer", true) + "]";
    String wider = "[" + column("a", "long", true) + "]";
    String text = "[" + column("a", "string", true) + "]";
    String optional = "[" + column("a", "integer", false) + "]";

    assertBothSides(integer, wider, "[a]", Kind.TYPE_WIDENED, true, false);
    assertBothSides(wider, integer, "[a]", Kind.TYPE_NARROWED, false, true);
    assertBothSides(integer, text, "[a]", Kind.TYPE_CHANGED, false, false);
    assertBothSides(integer, optional, "[a]", Kind.BECAME_OPTIONAL, true, false);
    assertBothSides(optional, integer, "[a]", Kind.BECAME_REQUIRED, false, true);
    SignatureDifference difference =
        SignatureDiff.between(inputs(integer), inputs(wider)).differences().get(0);
    assertThat(difference.older()).isEqualTo("integer (required)");
    assertThat(difference.newer()).isEqualTo("long (required)");
  }

  @Test
  void addedAndRemovedFields_areRefusedWhereTheyAreUnknown() {
    String one = "[" + column("a", "string", true) + "]";
    String required = "[" + column("a", "string", true) + "," + column("b", "long", true) + "]";
    String optional = "[" + column("a", "string", true) + "," + column("b", "long", false) + "]";

    assertOne(
        SignatureDiff.between(inputs(one), inputs(required)),
        "inputs[b]",
        Kind.ADDED,
        false,
        false);
    assertOne(
        SignatureDiff.between(inputs(one), inputs(optional)), "inputs[b]", Kind.ADDED, true, false);
    assertOne(
        SignatureDiff.between(inputs(required), inputs(one)),
        "inputs[b]",
        Kind.REMOVED,
        false,
        false);
    assertOne(
        SignatureDiff.between(inputs(optional), inputs(one)),
        "inputs[b]",
        Kind.REMOVED,
        false,
        true);
    assertOne(
        SignatureDiff.between(outputs(one), outputs(required)),
        "outputs[b]",
        Kind.ADDED,
        true,
        false);
    assertOne(
        SignatureDiff.between(outputs(required), outputs(one)),
        "outputs[b]",
        Kind.REMOVED,
        false,
        true);
  }

  @Test
  void tensors_areComparedByDatatypeAndShape() {
    String fixed = tensor("x", "float32", "[-1, 4]");
    String open = tensor("x", "float32", "[-1, -1]");

    assertBothSides(fixed, open, "[x]", Kind.SHAPE_CHANGED, true, false);
    assertBothSides(
        fixed, tensor("x", "float32", "[-1, 5]"), "[x]", Kind.SHAPE_CHANGED, false, false);
    assertBothSides(
        fixed, tensor("x", "float64", "[-1, 4]"), "[x]", Kind.TYPE_CHANGED, false, false);
    assertOne(
        SignatureDiff.between(inputs(fixed), inputs("[" + column("x", "float", true) + "]")),
        "inputs",
        Kind.TYPE_CHANGED,
        false,
        false);
  }

  @Test
  void order_countsWhereOneMatrixMayStandForTheColumns() {
    String numbers = "[" + column("a", "long", true) + "," + column("b", "double", true) + "]";
    String swapped = "[" + column("b", "double", true) + "," + column("a", "long", true) + "]";
    SignatureDiff diff = SignatureDiff.between(inputs(numbers), inputs(swapped));

    assertThat(diff.differences())
        .extracting(SignatureDifference::kind)
        .containsExactly(Kind.MOVED, Kind.MOVED);
    assertThat(diff.isBackwardCompatible()).isFalse();
    assertThat(SignatureDiff.between(outputs(numbers), outputs(swapped)).isBackwardCompatible())
        .isTrue();
    String mixed = numbers.replace("long", "string");
    assertThat(
            SignatureDiff.between(inputs(mixed), inputs(swapped.replace("long", "string")))
                .isBackwardCompatible())
        .isTrue();
  }

  @Test
  void nestedTypes_areComparedWhereTheyDiffer() {
    String object =
        "[{\"name\": \"o\", \"type\": \"object\", \"required\": true, \"properties\": {\"zip\":"
            + " {\"type\": \"array\", \"items\": {\"type\": \"%s\"}, \"required\": true}}}]";

    assertBothSides(
        object.formatted("integer"),
        object.formatted("long"),
        "[o].properties[zip].items",
        Kind.TYPE_WIDENED,
        true,
        false);
  }

  @Test
  void params_haveDefaultsAndMayBeLeftOut() {
    String one = "[{\"name\": \"t\", \"type\": \"double\", \"default\": 0.5, \"shape\": null}]";
    ModelSignature none = new ModelSignature(Optional.empty(), Optional.empty(), List.of());

    assertOne(SignatureDiff.between(none, params(one)), "params[t]", Kind.ADDED, true, false);
    assertOne(SignatureDiff.between(params(one), none), "params[t]", Kind.REMOVED, false, true);
    assertOne(
        SignatureDiff.between(params(one), params(one.replace("0.5", "0.7"))),
        "params[t]",
        Kind.DEFAULT_CHANGED,
        true,
        true);
  }

  @Test
  void sideThatOneDoesNotDeclare_promisesNothing() {
    ModelSignature none = new ModelSignature(Optional.empty(), Optional.empty(), List.of());
    String one = "[" + column("a", "long", true) + "]";

    assertOne(SignatureDiff.between(none, inputs(one)), "inputs", Kind.ADDED, false, false);
    assertOne(SignatureDiff.between(inputs(one), none), "inputs", Kind.REMOVED, false, false);
    assertOne(SignatureDiff.between(none, outputs(one)), "outputs", Kind.ADDED, true, false);
    assertOne(SignatureDiff.between(outputs(one), none), "outputs", Kind.REMOVED, false, true);
  }
}
