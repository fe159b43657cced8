package dev.slipway.artifact.asset;

import dev.slipway.artifact.content.ArtifactPath;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a version has no such file or folder. */
public final class AssetPartNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public AssetPartNotFoundException(AssetName name, VersionNumber version, ArtifactPath part) {
    super(
        ErrorKind.NOT_FOUND,
        "ASSET_PART_NOT_FOUND",
        "version " + version + " of asset " + name + " has no " + part,
        Map.of("name", name.value(), "version", version.toString(), "part", part.value()));
  }
}
