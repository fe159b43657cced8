package dev.slipway.registry.actor;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.Collection;
import java.util.Map;
import java.util.TreeSet;

/** Reports that something is reserved for roles that the caller lacks. */
public final class RoleRequiredException extends ServiceException {
  private static final long serialVersionUID = 1L;

  /**
   * Creates the failure.
   *
   * @param what what is reserved, for people: {@code changing webhooks}
   * @param roles any of them would do; empty when nobody may
   */
  public RoleRequiredException(String what, Collection<String> roles) {
    super(
        ErrorKind.PERMISSION_DENIED,
        "ROLE_REQUIRED",
        roles.isEmpty()
            ? what + " is allowed to nobody"
            : "%s takes one of the roles %s"
                .formatted(what, String.join(", ", new TreeSet<>(roles))),
        Map.of("roles", String.join(",", new TreeSet<>(roles))));
  }
}
