package dev.slipway.tracking.entry;

import java.util.Optional;
import java.util.Set;

/**
 * Chooses the keys of a keyed collection that are read.
 *
 * @param keys the keys; absent means all
 */
public record KeySelection(Optional<Set<String>> keys) {
  /** The most keys that a selection names. */
  public static final int MAX_KEYS = 500;

  /** Chooses everything. */
  public static final KeySelection ALL = new KeySelection(Optional.empty());

  /** Chooses nothing. */
  public static final KeySelection NONE = new KeySelection(Optional.of(Set.of()));

  /** Copies the keys. */
  public KeySelection {
    keys = keys.map(Set::copyOf);
  }

  /** Returns a selection of the keys given. */
  public static KeySelection of(Set<String> keys) {
    return new KeySelection(Optional.of(keys));
  }

  /** Returns whether nothing is chosen. */
  public boolean isNone() {
    return keys.isPresent() && keys.get().isEmpty();
  }

  /** Returns whether a key is chosen. */
  public boolean includes(String key) {
    return keys.isEmpty() || keys.get().contains(key);
  }
}
