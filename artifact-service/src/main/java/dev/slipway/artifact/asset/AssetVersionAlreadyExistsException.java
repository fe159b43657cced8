package dev.slipway.artifact.asset;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that a version to be pushed is there. */
public final class AssetVersionAlreadyExistsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public AssetVersionAlreadyExistsException(AssetName name, VersionNumber version) {
    super(
        ErrorKind.ALREADY_EXISTS,
        "ASSET_VERSION_ALREADY_EXISTS",
        "asset " + name + " has a version " + version + ", which never changes; push another",
        Map.of("name", name.value(), "version", version.toString()));
  }
}
