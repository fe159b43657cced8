package dev.slipway.artifact.asset;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Says that the versions of an asset are named in another way. */
public final class VersioningSchemeDiffersException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure from the values concerned. */
  public VersioningSchemeDiffersException(AssetName name, VersioningScheme scheme) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "VERSIONING_SCHEME_DIFFERS",
        "the versions of asset " + name + " are of scheme " + scheme,
        Map.of("name", name.value(), "versioning_scheme", scheme.name()));
  }
}
