package dev.slipway.registry.event;

import dev.slipway.registry.model.AliasName;
import dev.slipway.registry.version.ModelVersion;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Is how the tags and aliases of a model or version differ before and after a change. Nothing
 * differs for things that have neither.
 *
 * @param tagsSet tags that are new or have a new value, sorted by key
 * @param tagsDeleted keys of tags that are gone, sorted
 */
public record RegistryDifference(
    SortedMap<String, String> tagsSet,
    List<String> tagsDeleted,
    List<AliasName> aliasesSet,
    List<AliasName> aliasesDeleted) {
  /** Compares what was with what is; what is absent has no tags and no aliases. */
  public static RegistryDifference of(RegistryChange change) {
    Map<String, String> before = tags(change.before());
    Map<String, String> after = tags(change.after());
    SortedMap<String, String> set = new TreeMap<>(after);
    set.entrySet().removeIf(tag -> tag.getValue().equals(before.get(tag.getKey())));
    return new RegistryDifference(
        set,
        before.keySet().stream().filter(key -> !after.containsKey(key)).sorted().toList(),
        without(aliases(change.after()), aliases(change.before())),
        without(aliases(change.before()), aliases(change.after())));
  }

  private static Map<String, String> tags(Optional<RegistryState> state) {
    if (state.orElse(null) instanceof RegistryState.OfModel of) {
      return of.model().tags();
    }
    return version(state).map(ModelVersion::tags).orElse(Map.of());
  }

  private static List<AliasName> aliases(Optional<RegistryState> state) {
    return version(state).map(ModelVersion::aliases).orElse(List.of());
  }

  private static Optional<ModelVersion> version(Optional<RegistryState> state) {
    return state.orElse(null) instanceof RegistryState.OfVersion of
        ? Optional.of(of.version())
        : Optional.empty();
  }

  private static List<AliasName> without(List<AliasName> some, List<AliasName> others) {
    List<AliasName> left = new ArrayList<>(some);
    left.removeAll(others);
    return List.copyOf(left);
  }
}
