package dev.slipway.artifact.asset;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that there is no asset of a name. */
public final class AssetNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public AssetNotFoundException(AssetName name) {
    super(
        ErrorKind.NOT_FOUND,
        "ASSET_NOT_FOUND",
        "there is no asset " + name,
        Map.of("name", name.value()));
  }
}
