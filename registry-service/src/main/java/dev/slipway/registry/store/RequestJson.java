package dev.slipway.registry.store;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.registry.actor.Caller;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.request.TransitionDecision;
import dev.slipway.registry.request.TransitionRequest;
import dev.slipway.registry.request.TransitionRequestId;
import dev.slipway.registry.request.TransitionRequestState;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * Writes transition requests as JSON and reads them back. The form is stored for ever; see {@link
 * EventStates}.
 */
final class RequestJson {
  private RequestJson() {}

  static void write(ObjectNode node, TransitionRequest request) {
    node.put("id", request.id().value());
    node.put("name", request.name().value());
    node.put("version", request.version().value());
    node.put("from", request.from().name());
    node.put("to", request.to().name());
    node.put("archive_existing", request.archiveExisting());
    node.put("comment", request.comment());
    node.put("state", request.state().name());
    node.put("requested_by", request.requestedBy());
    node.put("created_at", request.createdAt().toString());
    node.put("expires_at", request.expiresAt().toString());
    request.closedAt().ifPresent(at -> node.put("closed_at", at.toString()));
    ArrayNode decisions = node.putArray("decisions");
    for (TransitionDecision decision : request.decisions()) {
      ObjectNode entry = decisions.addObject();
      entry.put("actor", decision.by().name());
      decision.by().roles().stream().sorted().forEach(entry.putArray("roles")::add);
      entry.put("approved", decision.approved());
      entry.put("comment", decision.comment());
      entry.put("at", decision.at().toString());
    }
    node.put("required_approvals", request.requiredApprovals());
    request.checks().ifPresent(report -> CheckJson.write(node.putObject("checks"), report));
    node.put("revision", request.revision());
  }

  static TransitionRequest read(JsonNode node) {
    List<TransitionDecision> decisions = new ArrayList<>();
    for (JsonNode entry : node.path("decisions")) {
      Set<String> roles = new HashSet<>();
      entry.path("roles").forEach(role -> roles.add(role.asText()));
      decisions.add(
          new TransitionDecision(
              new Caller(entry.path("actor").asText(), roles),
              entry.path("approved").asBoolean(),
              entry.path("comment").asText(),
              Instant.parse(entry.path("at").asText())));
    }
    return new TransitionRequest(
        new TransitionRequestId(node.path("id").asText()),
        new ModelName(node.path("name").asText()),
        new VersionNumber(node.path("version").asLong()),
        Stage.valueOf(node.path("from").asText()),
        Stage.valueOf(node.path("to").asText()),
        node.path("archive_existing").asBoolean(),
        node.path("comment").asText(),
        TransitionRequestState.valueOf(node.path("state").asText()),
        node.path("requested_by").asText(),
        Instant.parse(node.path("created_at").asText()),
        Instant.parse(node.path("expires_at").asText()),
        Optional.ofNullable(node.get("closed_at")).map(at -> Instant.parse(at.asText())),
        decisions,
        node.path("required_approvals").asInt(),
        Optional.ofNullable(node.get("checks")).map(CheckJson::readReport),
        node.path("revision").asLong());
  }
}
