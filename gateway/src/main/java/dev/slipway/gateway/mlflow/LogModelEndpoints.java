package dev.slipway.gateway.mlflow;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.gateway.upstream.Services;
import dev.slipway.tracking.v1.GetRunRequest;
import dev.slipway.tracking.v1.KeySelection;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.RunProjection;
import dev.slipway.tracking.v1.SetRunTagsRequest;
import dev.slipway.tracking.v1.Tag;
import java.util.List;
import java.util.concurrent.locks.Lock;
import java.util.concurrent.locks.ReentrantLock;
import java.util.stream.Stream;

/**
 * Answers {@code runs/log-model}, by which clients of MLflow 2 note that a run has saved a model:
 * appends what they say to a tag of the run. Thread-safe; of two that do so for one run at the same
 * moment through different gateways, one may be lost, as it may be in MLflow.
 */
final class LogModelEndpoints implements MlflowFamily {
  private static final String HISTORY = "mlflow.log-model.history";
  private static final int MAX_TAG_CHARS = 8_000;
  private static final int LOCKS = 64;
  private static final List<String> MANDATORY =
      List.of("run_id", "artifact_path", "utc_time_created", "flavors");
  private static final List<String> NOTED =
      List.of("run_id", "artifact_path", "utc_time_created", "model_uuid");

  private final ObjectMapper mapper = new ObjectMapper();
  private final List<Lock> locks =
      Stream.generate(ReentrantLock::new).limit(LOCKS).<Lock>map(lock -> lock).toList();
  private final Services services;

  LogModelEndpoints(Services services) {
    this.services = services;
  }

  @Override
  public List<MlflowRoute> routes() {
    return List.of(MlflowRoute.post("runs/log-model", this::logModel));
  }

  private Answer logModel(Fields request) {
    String run = Entries.runId(request);
    ObjectNode entry = entry(request.requiredText("model_json"));
    Lock lock = locks.get(Math.floorMod(run.hashCode(), LOCKS));
    lock.lock();
    try {
      append(run, entry);
    } finally {
      lock.unlock();
    }
    return Answer.EMPTY;
  }

  private ObjectNode entry(String modelJson) {
    JsonNode model;
    try {
      model = mapper.readTree(modelJson);
    } catch (JsonProcessingException e) {
      throw MlflowException.refused(
          "Malformed model info. model_json is not a valid JSON object: " + e.getOriginalMessage());
    }
    if (!(model instanceof ObjectNode)) {
      throw MlflowException.refused(
          "Malformed model info. model_json is not a valid JSON object but another value");
    }
    List<String> missing = MANDATORY.stream().filter(name -> !model.hasNonNull(name)).toList();
    if (!missing.isEmpty()) {
      throw MlflowException.refused("Model json is missing mandatory fields: " + missing);
    }
    if (!(model.get("flavors") instanceof ObjectNode)) {
      throw MlflowException.refused("Malformed model info. flavors is not a JSON object");
    }
    ObjectNode entry = mapper.createObjectNode();
    NOTED.stream().filter(model::hasNonNull).forEach(name -> entry.set(name, model.get(name)));
    ObjectNode flavors = entry.putObject("flavors");
    model
        .get("flavors")
        .properties()
        .forEach(
            flavor ->
                flavors.set(
                    flavor.getKey(),
                    flavor.getValue() instanceof ObjectNode settings
                        ? settings.deepCopy().without("config")
                        : flavor.getValue()));
    return entry;
  }

  private void append(String run, ObjectNode entry) {
    ArrayNode history = history(run).add(entry);
    String text = history.toString();
    if (text.codePointCount(0, text.length()) > MAX_TAG_CHARS) {
      throw MlflowException.refused(
          "The tag " + HISTORY + " of run " + run + " has no room for one more model");
    }
    services
        .tracking()
        .setRunTags(
            SetRunTagsRequest.newBuilder()
                .setRunId(run)
                .addTags(Tag.newBuilder().setKey(HISTORY).setValue(text))
                .build());
  }

  /** Returns what the run has noted so far. */
  private ArrayNode history(String runId) {
    KeySelection none = KeySelection.newBuilder().setMode(KeySelection.Mode.MODE_NONE).build();
    Run run =
        services
            .tracking()
            .getRun(
                GetRunRequest.newBuilder()
                    .setRunId(runId)
                    .setProjection(
                        RunProjection.newBuilder()
                            .setMetrics(none)
                            .setParams(none)
                            .setTags(
                                KeySelection.newBuilder()
                                    .setMode(KeySelection.Mode.MODE_LISTED)
                                    .addKeys(HISTORY))
                            .setOmitInputsAndOutputs(true))
                    .build());
    for (Tag tag : run.getData().getTagsList()) {
      try {
        if (mapper.readTree(tag.getValue()) instanceof ArrayNode history) {
          return history;
        }
      } catch (JsonProcessingException e) {
        // A client has put something else there, which is not ours to throw away.
      }
      throw MlflowException.refused("The tag " + HISTORY + " of run " + runId + " is no JSON list");
    }
    return mapper.createArrayNode();
  }
}
