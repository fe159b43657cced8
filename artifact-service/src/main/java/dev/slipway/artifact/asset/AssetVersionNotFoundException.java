package dev.slipway.artifact.asset;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that an asset has no version of a number. */
public final class AssetVersionNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public AssetVersionNotFoundException(AssetName name, VersionSelector selector) {
    super(
        ErrorKind.NOT_FOUND,
        "ASSET_VERSION_NOT_FOUND",
        "asset " + name + " has no version " + selector,
        Map.of("name", name.value(), "version", selector.toString()));
  }
}
