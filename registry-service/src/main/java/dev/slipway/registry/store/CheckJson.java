package dev.slipway.registry.store;

import com.fasterxml.jackson.databind.JsonNode;
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
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes checks and their verdicts as JSON and reads them back. The form is stored for ever; see
 * {@link EventStates}.
 */
final class CheckJson {
  private CheckJson() {}

  static void writeChecks(ArrayNode array, List<Check> checks) {
    checks.forEach(check -> write(array.addObject(), check));
  }

  static List<Check> readChecks(JsonNode array) {
    List<Check> checks = new ArrayList<>();
    array.forEach(
        node -> checks.add(new Check(new CheckName(node.path("name").asText()), condition(node))));
    return checks;
  }

  static void write(ObjectNode node, CheckReport report) {
    node.put("name", report.model().value());
    node.put("version", report.version().value());
    ArrayNode results = node.putArray("results");
    report.results().forEach(result -> write(results.addObject(), result));
  }

  static CheckReport readReport(JsonNode node) {
    List<CheckResult> results = new ArrayList<>();
    node.path("results").forEach(result -> results.add(readResult(result)));
    return new CheckReport(
        new ModelName(node.path("name").asText()),
        new VersionNumber(node.path("version").asLong()),
        results);
  }

  static void write(ObjectNode node, CheckResult result) {
    node.put("check", result.name().value());
    node.put("outcome", result.outcome().name());
    node.put("summary", result.summary());
    node.put("at", result.at().toString());
    node.put("reported_by", result.reportedBy());
    result.comparedWith().ifPresent(version -> node.put("compared_with", version.value()));
    result
        .signatureDifferences()
        .ifPresent(all -> writeDifferences(node.putArray("signature_differences"), all));
    ArrayNode comparisons = node.putArray("comparisons");
    for (CheckComparison comparison : result.comparisons()) {
      ObjectNode entry = comparisons.addObject();
      entry.put("subject", comparison.subject());
      entry.put("expected", comparison.expected());
      entry.put("actual", comparison.actual());
      entry.put("passed", comparison.passed());
    }
    node.put("link", result.link());
    if (result.leftOut() > 0) {
      node.put("left_out", result.leftOut());
    }
  }

  static CheckResult readResult(JsonNode node) {
    List<CheckComparison> comparisons = new ArrayList<>();
    for (JsonNode entry : node.path("comparisons")) {
      comparisons.add(
          new CheckComparison(
              entry.path("subject").asText(),
              entry.path("expected").asText(),
              entry.path("actual").asText(),
              entry.path("passed").asBoolean()));
    }
    return new CheckResult(
        new CheckName(node.path("check").asText()),
        CheckOutcome.valueOf(node.path("outcome").asText()),
        node.path("summary").asText(),
        Instant.parse(node.path("at").asText()),
        node.path("reported_by").asText(),
        Optional.ofNullable(node.get("compared_with"))
            .map(version -> new VersionNumber(version.asLong())),
        Optional.ofNullable(node.get("signature_differences")).map(CheckJson::differences),
        comparisons,
        node.path("link").asText(),
        node.path("left_out").asInt());
  }

  private static void write(ObjectNode node, Check check) {
    node.put("name", check.name().value());
    if (check.condition() instanceof CheckCondition.Signature signature) {
      node.put("kind", "signature");
      node.put("mode", signature.mode().name());
    } else if (check.condition() instanceof CheckCondition.GoldenRequests golden) {
      node.put("kind", "golden_requests");
      node.put("allow_missing", golden.allowMissing());
    } else if (check.condition() instanceof CheckCondition.Metrics metrics) {
      node.put("kind", "metrics");
      node.put("filter", metrics.filter());
    } else if (check.condition() instanceof CheckCondition.Comparison comparison) {
      node.put("kind", "comparison");
      node.put("metric_key", comparison.metricKey());
      node.put("goal", comparison.goal().name());
      node.put("tolerance", comparison.tolerance());
    } else if (check.condition() instanceof CheckCondition.External external) {
      node.put("kind", "external");
      external.validFor().ifPresent(time -> node.put("valid_for_seconds", time.toSeconds()));
      ArrayNode roles = node.putArray("reporter_roles");
      external.reporterRoles().forEach(roles::add);
    }
  }

  private static CheckCondition condition(JsonNode node) {
    String kind = node.path("kind").asText();
    return switch (kind) {
      case "signature" ->
          new CheckCondition.Signature(
              CheckCondition.Signature.Mode.valueOf(node.path("mode").asText()));
      case "golden_requests" ->
          new CheckCondition.GoldenRequests(node.path("allow_missing").asBoolean());
      case "metrics" -> new CheckCondition.Metrics(node.path("filter").asText());
      case "comparison" ->
          new CheckCondition.Comparison(
              node.path("metric_key").asText(),
              CheckCondition.Comparison.Goal.valueOf(node.path("goal").asText()),
              node.path("tolerance").asDouble());
      case "external" -> external(node);
      default -> throw new IllegalStateException("a check of the unknown kind " + kind);
    };
  }

  private static CheckCondition external(JsonNode node) {
    List<String> roles = new ArrayList<>();
    node.path("reporter_roles").forEach(role -> roles.add(role.asText()));
    return new CheckCondition.External(
        Optional.ofNullable(node.get("valid_for_seconds"))
            .map(seconds -> Duration.ofSeconds(seconds.asLong())),
        roles);
  }

  private static void writeDifferences(ArrayNode array, List<SignatureDifference> differences) {
    for (SignatureDifference difference : differences) {
      ObjectNode entry = array.addObject();
      entry.put("path", difference.path());
      entry.put("kind", difference.kind().name());
      entry.put("older", difference.older());
      entry.put("newer", difference.newer());
      entry.put("backward_compatible", difference.backwardCompatible());
      entry.put("forward_compatible", difference.forwardCompatible());
    }
  }

  private static List<SignatureDifference> differences(JsonNode array) {
    List<SignatureDifference> differences = new ArrayList<>();
    for (JsonNode entry : array) {
      differences.add(
          new SignatureDifference(
              entry.path("path").asText(),
              SignatureDifference.Kind.valueOf(entry.path("kind").asText()),
              entry.path("older").asText(),
              entry.path("newer").asText(),
              entry.path("backward_compatible").asBoolean(),
              entry.path("forward_compatible").asBoolean()));
    }
    return differences;
  }
}
