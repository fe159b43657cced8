package dev.slipway.serving.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.VersionKey;
import java.util.Map;

/** Reports that a version does not fit into memory beside what must stay there. */
public final class MemoryBudgetExceededException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private MemoryBudgetExceededException(VersionKey key, String message) {
    super(
        ErrorKind.RESOURCE_EXHAUSTED,
        "MEMORY_BUDGET_EXCEEDED",
        message,
        Map.of("model", key.model(), "version", Long.toString(key.version())));
  }

  static MemoryBudgetExceededException of(
      VersionKey key, long neededBytes, long stayingBytes, long limitBytes) {
    return new MemoryBudgetExceededException(
        key,
        "version "
            + key.version()
            + " of model "
            + key.model()
            + " takes "
            + neededBytes
            + " bytes and does not fit beside the "
            + stayingBytes
            + " bytes of versions that must stay loaded: the budget is "
            + limitBytes
            + " bytes; unload versions, or raise --serve-memory-budget");
  }

  static MemoryBudgetExceededException displaced(VersionKey key) {
    return new MemoryBudgetExceededException(
        key,
        "version "
            + key.version()
            + " of model "
            + key.model()
            + " was unloaded to make room for a version in Production");
  }
}
