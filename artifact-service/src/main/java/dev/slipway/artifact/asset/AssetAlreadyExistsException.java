package dev.slipway.artifact.asset;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that an asset to be created is there. */
public final class AssetAlreadyExistsException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public AssetAlreadyExistsException(AssetName name) {
    super(
        ErrorKind.ALREADY_EXISTS,
        "ASSET_ALREADY_EXISTS",
        "asset " + name + " exists; update it, or push a version by its number",
        Map.of("name", name.value()));
  }
}
