package dev.slipway.tracking.store;

import dev.slipway.tracking.entry.KeySelection;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.BiFunction;
import java.util.function.Function;

/** Is something that hangs on a run or a logged model, with the id of that owner. */
record OwnedEntry<T>(UUID owner, T entry) {
  /**
   * Reads what owners have of the keys that are chosen.
   *
   * @param all reads everything of some owners
   * @param some reads what some owners have of some keys
   */
  static <T> List<OwnedEntry<T>> read(
      UUID[] owners,
      KeySelection selection,
      Function<UUID[], List<OwnedEntry<T>>> all,
      BiFunction<UUID[], String[], List<OwnedEntry<T>>> some) {
    if (selection.isNone()) {
      return List.of();
    }
    return selection
        .keys()
        .map(keys -> some.apply(owners, keys.toArray(String[]::new)))
        .orElseGet(() -> all.apply(owners));
  }

  /** Groups entries by owner, in order of key: the databases would order by their locale. */
  static <T> Map<UUID, List<T>> byOwner(List<OwnedEntry<T>> rows, Function<T, String> key) {
    return byOwner(rows, Comparator.comparing(key));
  }

  /** Groups entries by owner, each group sorted. */
  static <T> Map<UUID, List<T>> byOwner(List<OwnedEntry<T>> rows, Comparator<T> order) {
    Map<UUID, List<T>> byOwner = byOwner(rows);
    byOwner.values().forEach(entries -> entries.sort(order));
    return byOwner;
  }

  /** Groups entries by owner, each group in the order that it has. */
  static <T> Map<UUID, List<T>> byOwner(List<OwnedEntry<T>> rows) {
    Map<UUID, List<T>> byOwner = new HashMap<>();
    for (OwnedEntry<T> row : rows) {
      byOwner.computeIfAbsent(row.owner(), owner -> new ArrayList<>()).add(row.entry());
    }
    return byOwner;
  }
}
