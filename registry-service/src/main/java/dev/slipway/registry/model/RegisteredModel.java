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

  /** The most bytes that keys and values of all tags of one model or version have, in UTF-8. */
  public static final int MAX_TAG_BYTES = 1 << 20;

  /** Copies the collections. */
  public RegisteredModel {
    tags = Map.copyOf(tags);
    aliases = List.copyOf(aliases);
    latestVersions = List.copyOf(latestVersions);
  }

  /**
   * Checks that a model or version can have some tags.
   *
   * @param owner what would have them, for people
   * @throws TooManyException if they are more than {@value MAX_TAGS}, or larger than {@value
   *     MAX_TAG_BYTES} bytes together
   */
  public static void requireRoomFor(Map<String, String> tags, String owner) {
    if (tags.size() > MAX_TAGS) {
      throw new TooManyException("tags", owner, MAX_TAGS);
    }
    if (TextSize.of(tags) > MAX_TAG_BYTES) {
      throw TooManyException.ofTagBytes(owner, MAX_TAG_BYTES);
    }
  }

  /** Returns about how many bytes it has. */
  public long weight() {
    return TextSize.of(name.value(), description, deploymentJobId)
        + TextSize.of(tags)
        + aliases.stream().mapToLong(alias -> TextSize.of(alias.alias().value())).sum();
  }

  /** Is a version in a stage. */
  public record StageVersion(Stage stage, VersionNumber version) {}
}
