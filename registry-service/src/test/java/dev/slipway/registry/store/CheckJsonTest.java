package dev.slipway.registry.store;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.engine.signature.SignatureDifference;
import dev.slipway.registry.check.Check;
import dev.slipway.registry.check.CheckComparison;
import dev.slipway.registry.check.CheckCondition;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.CheckOutcome;
import dev.slipway.registry.check.CheckReport;
import dev.slipway.registry.check.CheckResult;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.VersionNumber;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

final class CheckJsonTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Instant AT = Instant.parse("2026-01-02T03:04:05.000006Z");

  /** Writes to text and reads it again, as a database does. */
  private static JsonNode stored(JsonNode node) throws JsonProcessingException {
    return JSON.readTree(JSON.writeValueAsString(node));
  }

  @Test
  void checks_areReadAsTheyWereWritten() throws JsonProcessingException {
    List<Check> checks =
        Stream.concat(
                Arrays.stream(CheckCondition.Signature.Mode.values())
                    .map(CheckCondition.Signature::new),
                Stream.of(
                    new CheckCondition.GoldenRequests(true),
                    new CheckCondition.GoldenRequests(false),
                    new CheckCondition.Metrics("metrics.`a b` >= 0.5 OR tags.\"x\" = 'y'"),
                    new CheckCondition.Comparison(
                        "loss", CheckCondition.Comparison.Goal.MINIMIZE, 1e-9),
                    new CheckCondition.External(
                        Optional.of(Duration.ofSeconds(90)), List.of("ci", "audit")),
                    new CheckCondition.External(Optional.empty(), List.of())))
            .map(condition -> new Check(new CheckName("c"), condition))
            .toList();
    ArrayNode array = JSON.createArrayNode();

    CheckJson.writeChecks(array, checks);

    assertThat(CheckJson.readChecks(stored(array))).isEqualTo(checks);
  }

  @Test
  void report_isReadAsItWasWritten() throws JsonProcessingException {
    CheckResult whole =
        new CheckResult(
            new CheckName("signature"),
            CheckOutcome.FAILED,
            "inputs[age] was removed",
            AT,
            "slipway",
            Optional.of(new VersionNumber(7)),
            Optional.of(
                List.of(
                    new SignatureDifference(
                        "inputs[age]", SignatureDifference.Kind.REMOVED, "long", "", false, true))),
            List.of(new CheckComparison("a", ">= 1", "0.5", false)),
            "https://ci.example/1",
            3);
    CheckResult equal =
        new CheckResult(
            new CheckName("equal"),
            CheckOutcome.PASSED,
            "",
            AT,
            "alice",
            Optional.empty(),
            Optional.of(List.of()),
            List.of(),
            "");
    CheckResult bare =
        new CheckResult(
            new CheckName("bare"),
            CheckOutcome.MISSING,
            "",
            AT,
            "bob",
            Optional.empty(),
            Optional.empty(),
            List.of(),
            "");
    CheckReport report =
        new CheckReport(new ModelName("digits"), new VersionNumber(8), List.of(whole, equal, bare));
    ObjectNode node = JSON.createObjectNode();

    CheckJson.write(node, report);

    assertThat(CheckJson.readReport(stored(node))).isEqualTo(report);
  }

  @Test
  void whatOlderWritersLeftOut_isReadAsEmpty() throws JsonProcessingException {
    JsonNode checks = JSON.readTree("[{\"name\":\"ci\",\"kind\":\"external\"}]");
    JsonNode result =
        JSON.readTree("{\"check\":\"ci\",\"outcome\":\"PASSED\",\"at\":\"2026-01-01T00:00:00Z\"}");

    assertThat(CheckJson.readChecks(checks))
        .containsExactly(
            new Check(
                new CheckName("ci"), new CheckCondition.External(Optional.empty(), List.of())));
    assertThat(CheckJson.readResult(result).signatureDifferences()).isEmpty();
    assertThat(CheckJson.readResult(result).comparisons()).isEmpty();
    assertThat(CheckJson.readResult(result).leftOut()).isZero();
  }
}
