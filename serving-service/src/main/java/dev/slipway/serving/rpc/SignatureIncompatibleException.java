package dev.slipway.serving.rpc;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.VersionKey;
import java.util.Map;

/** Reports that callers of one version cannot call another, by what the packages declare. */
final class SignatureIncompatibleException extends ServiceException {
  private static final long serialVersionUID = 1L;

  SignatureIncompatibleException(VersionKey canary, VersionKey champion, String differences) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "SIGNATURE_INCOMPATIBLE",
        "callers of %s cannot call %s: %s".formatted(champion, canary, differences),
        Map.of(
            "model", canary.model(),
            "version", Long.toString(canary.version()),
            "stage_version", Long.toString(champion.version())));
  }
}
