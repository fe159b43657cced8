package dev.slipway.registry.store;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.slipway.registry.check.CheckName;
import dev.slipway.registry.check.ReportedCheck;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.policy.PolicyRules;
import dev.slipway.registry.policy.StagePolicy;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.StageOccupiedException;
import dev.slipway.registry.version.VersionNumber;
import java.io.UncheckedIOException;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import org.jdbi.v3.core.Handle;

/**
 * Reads who is in a stage and what governs it, inside one transaction. Not thread-safe, like the
 * handle it reads from.
 */
final class StageReader {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final StageDao stages;
  private final StagePolicyDao policies;
  private final RegisteredModelDao models;
  private final CheckResultDao checkResults;

  StageReader(Handle handle) {
    stages = handle.attach(StageDao.class);
    policies = handle.attach(StagePolicyDao.class);
    models = handle.attach(RegisteredModelDao.class);
    checkResults = handle.attach(CheckResultDao.class);
  }

  /** Lists the versions in an exclusive stage, lowest number first; none for the others. */
  List<VersionNumber> holders(long modelId, Stage stage) {
    return stages.listHolders(modelId, stage.name()).stream().map(VersionNumber::new).toList();
  }

  /** Finds the version that came to an exclusive stage last; it may have left. */
  Optional<VersionNumber> lastEntrant(long modelId, Stage stage) {
    return stages.findLastEntrant(modelId, stage.name()).map(VersionNumber::new);
  }

  /** Lists the versions that left an exclusive stage, if nobody has come since; highest first. */
  List<VersionNumber> departed(long modelId, Stage stage) {
    return stages.listDeparted(modelId, stage.name()).stream().map(VersionNumber::new).toList();
  }

  /** Returns the last verdicts that other systems have reported on a version. */
  Map<CheckName, ReportedCheck> reported(long modelId, VersionNumber version) {
    return ReportedCheckStore.byName(checkResults.list(modelId, version.value()));
  }

  /** Finds the policy that governs a stage of a model: its own, else that of all. */
  Optional<StagePolicy> policy(long modelId, Stage stage) {
    return policySetFor(OptionalLong.of(modelId), stage)
        .or(() -> policySetFor(OptionalLong.empty(), stage));
  }

  /** Returns what governs a stage of a model. */
  PolicyRules rules(long modelId, Stage stage) {
    return policy(modelId, stage).map(StagePolicy::rules).orElse(PolicyRules.NONE);
  }

  /** Finds the policy that was set for exactly this model, or for all when it is absent. */
  Optional<StagePolicy> policySetFor(OptionalLong modelId, Stage stage) {
    return policies.find(modelId.orElse(0), stage.name()).map(StageReader::policy);
  }

  /**
   * Checks that no stage holds more versions than rules would allow it.
   *
   * @param modelId the model that they would govern; absent: all without a policy of their own
   * @throws StageOccupiedException if one does
   */
  void requireRoom(OptionalLong modelId, Stage stage, PolicyRules rules) {
    if (rules.allowMultipleVersions()) {
      return;
    }
    Optional<Long> concerned =
        modelId.isPresent()
            ? Optional.of(modelId.getAsLong())
            : stages.findCrowdedWithoutPolicy(stage.name());
    if (concerned.isEmpty()) {
      return;
    }
    List<VersionNumber> holders = holders(concerned.get(), stage);
    if (holders.size() > 1) {
      String name = models.findById(concerned.get()).orElseThrow().name();
      throw StageOccupiedException.bySeveral(new ModelName(name), stage, holders);
    }
  }

  static StagePolicy policy(StagePolicyDao.PolicyRow row) {
    try {
      return new StagePolicy(
          Optional.of(row.name()).filter(name -> !name.isEmpty()).map(ModelName::new),
          Stage.valueOf(row.stage()),
          PolicyJson.readRules(JSON.readTree(row.rules())),
          row.updatedAt(),
          row.updatedBy(),
          row.revision());
    } catch (JsonProcessingException e) {
      throw new UncheckedIOException(e);
    }
  }

  static StagePolicyDao.PolicyRow row(OptionalLong modelId, StagePolicy policy) {
    ObjectNode rules = JSON.createObjectNode();
    PolicyJson.writeRules(rules, policy.rules());
    return new StagePolicyDao.PolicyRow(
        modelId.orElse(0),
        policy.stage().name(),
        modelId.isPresent() ? modelId.getAsLong() : null,
        policy.name().map(ModelName::value).orElse(""),
        rules.toString(),
        policy.updatedAt(),
        policy.updatedBy(),
        policy.revision());
  }
}
