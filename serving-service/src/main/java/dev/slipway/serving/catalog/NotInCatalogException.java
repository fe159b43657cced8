package dev.slipway.serving.catalog;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/**
 * Reports that the registry, as far as it was heard, has nothing of what was asked for. It may have
 * by now.
 */
public abstract sealed class NotInCatalogException extends ServiceException
    permits ModelNotFoundException,
        VersionNotFoundException,
        AliasNotFoundException,
        StageEmptyException {
  private static final long serialVersionUID = 1L;

  NotInCatalogException(
      ErrorKind kind, String reason, String message, Map<String, String> metadata) {
    super(kind, reason, message, metadata);
  }
}
