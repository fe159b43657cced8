package dev.slipway.registry.model;

import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.version.Stage;
import dev.slipway.registry.version.VersionNumber;
import java.util.List;
import java.util.Map;

/**
 * Is a name under which versions of one model are kept.
 *
 * @param modelId internal identity, which a rename leaves alone
 * @param aliases ordered by alias
 * @param latestVersions the newest version of each stage that has one, ordered by stage
 * @param lastVersion highest number ever given out; 0 before the first
 */
public record RegisteredModel(
    long modelId,
    ModelName name,
    String description,
    String deploymentJobId,
    Map<String, String> tags,
    List<ModelAlias> aliases,
    List<StageVersion> latestVersions,
    long lastVersion,
    ChangeStamp stamp) {
  /** The most aliases of one model. */
  public static final int MAX_ALIASES = 1000;

  /** The most tags of one model or version. */
  public static final int MAX_TAGS = 1000;

  /** Copies the collections. */
  public RegisteredModel {
    tags = Map.copyOf(tags);
    aliases = List.copyOf(aliases);
    latestVersions = List.copyOf(latestVersions);
  }

  /** Is a version in a stage. */
  public record StageVersion(Stage stage, VersionNumber version) {}
}
