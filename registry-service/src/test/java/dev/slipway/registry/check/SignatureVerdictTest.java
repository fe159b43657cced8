package dev.slipway.registry.check;

import static dev.slipway.registry.check.CheckedVersions.holder;
import static dev.slipway.registry.check.CheckedVersions.version;
import static org.assertj.core.api.Assertions.assertThat;

import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.check.CheckCondition.Signature.Mode;
import dev.slipway.registry.version.ModelVersion;
import dev.slipway.registry.version.VersionNumber;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

final class SignatureVerdictTest {
  private static final String AGE = "{\"name\": \"age\", \"type\": \"long\"}";

  private static Optional<ModelSignature> inputs(String json) {
    return Optional.of(ModelSignature.parse(Optional.of(json), Optional.empty(), Optional.empty()));
  }

  private static Optional<ModelSignature> side(String side, String json) {
    Optional<String> given = Optional.of(json);
    return Optional.of(
        switch (side) {
          case "inputs" -> ModelSignature.parse(given, Optional.empty(), Optional.empty());
          case "outputs" -> ModelSignature.parse(Optional.empty(), given, Optional.empty());
          default -> ModelSignature.parse(Optional.empty(), Optional.empty(), given);
        });
  }

  /** Columns as {@code age:long,zip:string?}, a tensor as {@code x:float32:-1/28}. */
  private static String json(String side, String text) {
    return List.of(text.split(",")).stream()
        .map(field -> field.split(":"))
        .map(
            field ->
                field.length == 3
                    ? """
                    {"name": "%s", "type": "tensor", "tensor-spec": {"dtype": "%s", "shape": [%s]}}
                    """
                        .formatted(field[0], field[1], field[2].replace('/', ','))
                    : side.equals("params")
                        ? """
                        {"name": "%s", "type": "%s", "default": 1, "shape": null}
                        """
                            .formatted(field[0], field[1])
                        : """
                        {"name": "%s", "type": "%s", "required": %s}
                        """
                            .formatted(
                                field[0], field[1].replace("?", ""), !field[1].endsWith("?")))
        .collect(Collectors.joining(",", "[", "]"));
  }

  private static CheckOutcome outcome(boolean passed) {
    return passed ? CheckOutcome.PASSED : CheckOutcome.FAILED;
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "inputs  | age:long            | age:long,zip:string?  | true  | false | inputs[zip] added,"
            + " string (optional)",
        "inputs  | age:long            | age:long,zip:string   | false | false | inputs[zip] added,"
            + " string (required)",
        "inputs  | age:long,zip:string | age:long              | false | false | inputs[zip]"
            + " removed, was string (required)",
        "inputs  | age:long,zip:string?| age:long              | false | true  | inputs[zip]"
            + " removed, was string (optional)",
        "inputs  | age:integer         | age:long              | true  | false | inputs[age] type"
            + " widened from integer (required) to long (required)",
        "inputs  | age:double          | age:float             | false | true  | inputs[age] type"
            + " narrowed from double (required) to float (required)",
        "inputs  | age:long            | age:string            | false | false | inputs[age] type"
            + " changed from long (required) to string (required)",
        "inputs  | age:long            | age:long?             | true  | false | inputs[age] became"
            + " optional",
        "inputs  | age:long?           | age:long              | false | true  | inputs[age] became"
            + " required",
        "inputs  | a:string,b:string   | b:string,a:string     | true  | true  | inputs[a] moved"
            + " from position 0 to position 1",
        "outputs | digit:long          | class:long            | false | false | outputs[digit]"
            + " removed, was long (required)",
        "outputs | digit:long          | digit:long,p:double   | true  | false | outputs[p] added,"
            + " double (required)",
        "outputs | digit:long          | digit:integer         | true  | false | outputs[digit]"
            + " type narrowed from long (required) to integer (required)",
        "inputs  | x:float32:8/28      | x:float32:-1/28       | true  | false | inputs[x] shape"
            + " changed from float32 [8, 28] to float32 [-1, 28]",
        "inputs  | x:float32:-1/28     | x:float32:8/28        | false | true  | inputs[x] shape"
            + " changed from float32 [-1, 28] to float32 [8, 28]",
        "inputs  | x:float32:-1/28     | x:float64:-1/28       | false | false | inputs[x] type"
            + " changed from float32 [-1, 28] to float64 [-1, 28]",
        "params  | heat:double         | heat:double,beam:long | true  | false | params[beam]"
            + " added, long = 1",
        "params  | heat:double,beam:long | heat:double         | false | true  | params[beam]"
            + " removed, was long = 1",
      })
  void everyMode_decidesByWhatItPromises(
      String side, String older, String newer, boolean backward, boolean forward, String text) {
    ModelVersion holder = version(3, side(side, json(side, older)));
    ModelVersion version = version(4, side(side, json(side, newer)));

    Verdict verdict = SignatureVerdict.of(Mode.BACKWARD, version, holder(holder));

    assertThat(verdict.outcome()).isEqualTo(outcome(backward));
    assertThat(verdict.summary()).contains("to version 3").contains(text);
    assertThat(verdict.comparedWith()).contains(new VersionNumber(3));
    assertThat(verdict.differences().orElseThrow()).isNotEmpty();
    assertThat(SignatureVerdict.of(Mode.FORWARD, version, holder(holder)).outcome())
        .isEqualTo(outcome(forward));
    assertThat(SignatureVerdict.of(Mode.FULL, version, holder(holder)).outcome())
        .isEqualTo(outcome(backward && forward));
    assertThat(SignatureVerdict.of(Mode.NONE, version, holder(holder)).outcome())
        .isEqualTo(CheckOutcome.PASSED);
  }

  @Test
  void whatIsRefused_isNamedWithoutTheRest() {
    ModelVersion holder = version(3, side("inputs", json("inputs", "a:integer,b:string")));
    ModelVersion version = version(4, side("inputs", json("inputs", "a:long")));

    Verdict verdict = SignatureVerdict.of(Mode.BACKWARD, version, holder(holder));

    assertThat(verdict.summary())
        .isEqualTo(
            "2 differences to version 3, 1 of them not compatible: inputs[b] removed, was string"
                + " (required)");
    assertThat(verdict.differences().orElseThrow()).hasSize(2);
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void versionWithoutPredecessor_passes(Mode mode) {
    Verdict verdict =
        SignatureVerdict.of(mode, version(1, inputs("[" + AGE + "]")), Optional.empty());

    assertThat(verdict.outcome()).isEqualTo(CheckOutcome.PASSED);
    assertThat(verdict.comparedWith()).isEmpty();
    assertThat(verdict.differences()).isEmpty();
  }

  @ParameterizedTest
  @EnumSource(Mode.class)
  void whatDeclaresNothing_mayBeReplacedAndMayNotReplaceWhatDoes(Mode mode) {
    ModelVersion declared = version(1, inputs("[" + AGE + "]"));
    ModelVersion silent = version(2, Optional.empty());

    assertThat(SignatureVerdict.of(mode, declared, holder(silent)).outcome())
        .isEqualTo(CheckOutcome.PASSED);
    assertThat(SignatureVerdict.of(mode, silent, holder(silent)).outcome())
        .isEqualTo(CheckOutcome.PASSED);
    assertThat(SignatureVerdict.of(mode, silent, holder(declared)).outcome())
        .isEqualTo(outcome(mode == Mode.NONE));
  }

  @Test
  void predecessorThatHasLeft_isComparedAndSaidToHaveLeft() {
    ModelVersion left = version(3, inputs("[" + AGE + "]"));
    ModelVersion version = version(4, inputs("[" + AGE.replace("long", "string") + "]"));

    Verdict verdict =
        SignatureVerdict.of(Mode.BACKWARD, version, Optional.of(new Predecessor(left, true)));

    assertThat(verdict.outcome()).isEqualTo(CheckOutcome.FAILED);
    assertThat(verdict.comparedWith()).contains(new VersionNumber(3));
    assertThat(verdict.summary())
        .startsWith("1 difference to version 3, which has left the stage, 1 of them");
  }

  @Test
  void equalSignatures_pass() {
    ModelVersion version = version(1, inputs("[" + AGE + "]"));

    Verdict verdict = SignatureVerdict.of(Mode.FULL, version, holder(version));

    assertThat(verdict.outcome()).isEqualTo(CheckOutcome.PASSED);
    assertThat(verdict.differences()).contains(List.of());
  }

  @Test
  void verdictOnManyColumns_isBoundedAndKeepsWhatIsRefused() {
    String many =
        IntStream.range(0, 500)
            .mapToObj(
                i ->
                    "{\"name\": \"%s%d\", \"type\": \"long\", \"required\": false}"
                        .formatted("c".repeat(300), i))
            .collect(Collectors.joining(",", "[" + AGE + ",", "]"));
    String more =
        many.replace("]", ",{\"name\": \"must\", \"type\": \"long\"}]")
            .replace("long\",", "string\",");

    CheckResult verdict =
        SignatureVerdict.of(
                Mode.BACKWARD, version(2, inputs(more)), holder(version(1, inputs(many))))
            .result(new CheckName("signature"), Instant.EPOCH);

    assertThat(verdict.outcome()).isEqualTo(CheckOutcome.FAILED);
    assertThat(verdict.summary().length()).isEqualTo(CheckResult.MAX_SUMMARY);
    assertThat(verdict.leftOut()).isEqualTo(501 - Verdict.MAX_ENTRIES);
    assertThat(verdict.signatureDifferences().orElseThrow())
        .hasSize(Verdict.MAX_ENTRIES)
        .allSatisfy(each -> assertThat(each.path().length()).isLessThanOrEqualTo(250))
        .noneMatch(SignatureDifference::backwardCompatible);
  }
}
