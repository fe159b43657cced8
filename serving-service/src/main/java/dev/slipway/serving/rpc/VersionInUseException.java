package dev.slipway.serving.rpc;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.VersionKey;
import java.util.Map;

/** Reports that a version is in use and was not unloaded. */
final class VersionInUseException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private VersionInUseException(VersionKey key, String use) {
    super(
        ErrorKind.FAILED_PRECONDITION,
        "VERSION_IN_USE",
        key + " " + use + "; set force to unload it all the same",
        Map.of("model", key.model(), "version", Long.toString(key.version())));
  }

  static VersionInUseException byStage(VersionKey key) {
    return new VersionInUseException(key, "answers for a stage");
  }

  static VersionInUseException byRule(VersionKey key) {
    return new VersionInUseException(key, "is canary or shadow of a stage");
  }

  static VersionInUseException byPipeline(VersionKey key) {
    return new VersionInUseException(key, "is a step of a pipeline that is loaded");
  }
}
