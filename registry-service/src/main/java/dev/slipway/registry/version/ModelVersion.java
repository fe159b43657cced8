package dev.slipway.registry.version;

import dev.slipway.engine.packaging.Flavor;
import dev.slipway.engine.signature.ModelSignature;
import dev.slipway.registry.actor.ChangeStamp;
import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.model.TextSize;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Is one version of a registered model.
 *
 * @param stateReason why the state is FAILED; else empty
 * @param stageSince when the version came into its stage
 * @param aliases ordered
 * @param origin where it came from
 * @param holder name under which the artifact service keeps its files; absent when it keeps none
 * @param packageDigest digest of its files; absent like the holder
 * @param signature absent when the package declares none, and in lists and events
 * @param flavors without configuration in lists and events
 */
public record ModelVersion(
    ModelName name,
    VersionNumber number,
    ModelVersionState state,
    String stateReason,
    Stage stage,
    Instant stageSince,
    List<AliasName> aliases,
    String description,
    Map<String, String> tags,
    VersionOrigin origin,
    Optional<String> holder,
    Optional<Sha256> packageDigest,
    long packageSizeBytes,
    Optional<ModelSignature> signature,
    List<Flavor> flavors,
    ChangeStamp stamp) {
  /** Copies the collections. */
  public ModelVersion {
    aliases = List.copyOf(aliases);
    tags = Map.copyOf(tags);
    flavors = List.copyOf(flavors);
  }

  /** Returns about how many bytes it has, without signature and flavor configuration. */
  public long weight() {
    return TextSize.of(name.value(), stateReason, description)
        + TextSize.of(origin.source(), origin.runLink(), origin.loggedModelId())
        + TextSize.of(tags)
        + aliases.stream().mapToLong(alias -> TextSize.of(alias.value())).sum()
        + flavors.stream().mapToLong(flavor -> TextSize.of(flavor.name())).sum();
  }

  /**
   * Checks that the version can change its stage.
   *
   * @throws VersionNotReadyException if its package was not read
   */
  public void requireReady() {
    if (state != ModelVersionState.READY) {
      throw new VersionNotReadyException(name, number, state, stateReason);
    }
  }
}
