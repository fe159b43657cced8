package dev.slipway.registry.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Map;

/** Reports that an alias can be moved or deleted only with a role that the caller lacks. */
public final class AliasProtectedException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /** Creates the failure. */
  public AliasProtectedException(AliasName alias, String role) {
    super(
        ErrorKind.PERMISSION_DENIED,
        "ALIAS_PROTECTED",
        "alias " + alias + " is protected: ask someone with the role " + role,
        Map.of("alias", alias.value(), "role", role));
  }
}
