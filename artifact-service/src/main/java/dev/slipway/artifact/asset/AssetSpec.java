package dev.slipway.artifact.asset;

import dev.slipway.artifact.content.ArtifactPath;
import java.util.Optional;

/**
 * Names an asset, a version and a part in one text: {@code name[:version][[part]]}. Immutable.
 *
 * @param name the asset
 * @param selector which version
 * @param part a file or folder inside the asset, not the root
 */
public record AssetSpec(AssetName name, VersionSelector selector, Optional<ArtifactPath> part) {
  /**
   * Reads a spec.
   *
   * @throws IllegalArgumentException if the text is none
   */
  public static AssetSpec parse(String text) {
    String rest = text;
    Optional<ArtifactPath> part = Optional.empty();
    int bracket = text.indexOf('[');
    if (bracket >= 0) {
      if (!text.endsWith("]") || bracket == text.length() - 2) {
        throw new IllegalArgumentException("must end with a part in brackets, e.g. name:1.0[part]");
      }
      part = Optional.of(part(text.substring(bracket + 1, text.length() - 1)));
      rest = text.substring(0, bracket);
    }
    int colon = rest.indexOf(':');
    VersionSelector selector =
        colon < 0 ? new VersionSelector.Newest() : selector(rest.substring(colon + 1));
    return new AssetSpec(name(colon < 0 ? rest : rest.substring(0, colon)), selector, part);
  }

  private static AssetName name(String text) {
    try {
      return new AssetName(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the name " + e.getMessage(), e);
    }
  }

  private static VersionSelector selector(String text) {
    try {
      return VersionSelector.parse(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the version " + e.getMessage() + ", or a major", e);
    }
  }

  private static ArtifactPath part(String text) {
    try {
      return new ArtifactPath(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("the part " + e.getMessage(), e);
    }
  }
}
