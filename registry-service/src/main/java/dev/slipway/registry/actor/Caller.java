package dev.slipway.registry.actor;

import java.util.Collection;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * Is whoever gives a command.
 *
 * @param name 1 to 128 printable ASCII characters
 * @param roles roles that the caller has, each 1 to 64 characters {@code [A-Za-z0-9._-]}; at most
 *     64
 */
public record Caller(String name, Set<String> roles) {
  private static final Pattern NAME =
      Pattern.compile("[\\x21-\\x7E]([\\x20-\\x7E]{0,126}[\\x21-\\x7E])?");
  private static final Pattern ROLE = Pattern.compile("[A-Za-z0-9._-]{1,64}");

  /** Stands for callers that do not say who they are. */
  public static final Caller ANONYMOUS = new Caller("anonymous", Set.of());

  /** Stands for the registry itself. */
  public static final Caller SLIPWAY = new Caller("slipway", Set.of());

  /** The most roles that a caller has. */
  public static final int MAX_ROLES = 64;

  /** Checks the name and the roles. */
  public Caller {
    roles = Set.copyOf(roles);
    if (!isName(name)) {
      throw new IllegalArgumentException(
          "must be 1 to 128 printable ASCII characters without a space at either end");
    }
    if (roles.size() > MAX_ROLES || !roles.stream().allMatch(Caller::isRole)) {
      throw new IllegalArgumentException(
          "must be at most 64 roles, each 1 to 64 of the characters A-Z a-z 0-9 . _ -");
    }
  }

  /** Returns whether the caller has one of some roles. */
  public boolean hasOneOf(Collection<String> wanted) {
    return wanted.stream().anyMatch(roles::contains);
  }

  /** Returns whether a text can be the name of a caller. */
  public static boolean isName(String text) {
    return NAME.matcher(text).matches();
  }

  /** Returns whether a text can be a role. */
  public static boolean isRole(String text) {
    return ROLE.matcher(text).matches();
  }
}
