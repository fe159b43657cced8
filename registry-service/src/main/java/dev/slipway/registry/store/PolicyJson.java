package dev.slipway.registry.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.policy.StagePolicy;
import dev.slipway.registry.version.Stage;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Writes stage policies as JSON and reads them back. The form is stored for ever; see {@link
 * EventStates}.
 */
final class PolicyJson {
  private PolicyJson() {}

  static void write(ObjectNode node, StagePolicy policy) {
    node.put("name", policy.name().map(ModelName::value).orElse(""));
    node.put("stage", policy.stage().name());
    writeRules(node.putObject("rules"), policy.rules());
    node.put("updated_at", policy.updatedAt().toString());
    node.put("updated_by", policy.updatedBy());
    node.put("revision", policy.revision());
  }

  static StagePolicy read(JsonNode node) {
    return new StagePolicy(
        Optional.of(node.path("name").asText()).filter(n -> !n.isEmpty()).map(ModelName::new),
        Stage.valueOf(node.path("stage").asText()),
        readRules(node.path("rules")),
        Instant.parse(node.path("updated_at").asText()),
        node.path("updated_by").asText(),
        node.path("revision").asLong());
  }

  static void writeRules(ObjectNode node, PolicyRules rules) {
    rules.transitionRoles().forEach(node.putArray("transition_roles")::add);
    node.put("required_approvals", rules.requiredApprovals());
    rules.approverRoles().forEach(node.putArray("approver_roles")::add);
    node.put("allow_self_approval", rules.allowSelfApproval());
    rules.forceRoles().forEach(node.putArray("force_roles")::add);
    CheckJson.writeChecks(node.putArray("checks"), rules.checks());
    node.put("request_lifetime_seconds", rules.requestLifetime().toSeconds());
    node.put("allow_multiple_versions", rules.allowMultipleVersions());
  }

  static PolicyRules readRules(JsonNode node) {
    return new PolicyRules(
        texts(node.path("transition_roles")),
        node.path("required_approvals").asInt(),
        texts(node.path("approver_roles")),
        node.path("allow_self_approval").asBoolean(),
        texts(node.path("force_roles")),
        CheckJson.readChecks(node.path("checks")),
        Duration.ofSeconds(node.path("request_lifetime_seconds").asLong()),
        node.path("allow_multiple_versions").asBoolean());
  }

  private static List<String> texts(JsonNode array) {
    List<String> texts = new ArrayList<>();
    array.forEach(text -> texts.add(text.asText()));
    return texts;
  }
}
