package dev.slipway.serving.model;

import dev.slipway.serving.model.Slot.Eviction;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * How one copy can be unloaded to make room. A copy that pipelines run on goes only if all of them
 * may go, and they go before it.
 *
 * @param evictions the copy itself as the last, before it those that need it
 */
record EvictionPlan(List<Eviction> evictions) {
  /** Returns plans for all copies that may go, the first to go first. */
  static List<EvictionPlan> of(List<Eviction> evictions) {
    Map<LoadedModel, List<Eviction>> dependants = new HashMap<>();
    for (Eviction eviction : evictions) {
      for (LoadedStep step : eviction.model().steps()) {
        dependants.computeIfAbsent(step.model(), key -> new ArrayList<>()).add(eviction);
      }
    }
    return evictions.stream()
        .flatMap(eviction -> plan(eviction, dependants).stream())
        .sorted(
            Comparator.comparing(EvictionPlan::lastToGo, Eviction.ORDER)
                .thenComparing(plan -> plan.evictions().size()))
        .toList();
  }

  private static Optional<EvictionPlan> plan(
      Eviction eviction, Map<LoadedModel, List<Eviction>> dependants) {
    Set<Eviction> gathered = new LinkedHashSet<>();
    return gather(eviction, dependants, gathered)
        ? Optional.of(new EvictionPlan(List.copyOf(gathered)))
        : Optional.empty();
  }

  /** Adds what has to go, dependants first; returns whether all of it may. */
  private static boolean gather(
      Eviction eviction, Map<LoadedModel, List<Eviction>> dependants, Set<Eviction> gathered) {
    List<Eviction> direct = dependants.getOrDefault(eviction.model(), List.of());
    // Others are being loaded, or may not go; a pipeline may need the same copy twice.
    if (direct.size() < eviction.model().dependants()) {
      return false;
    }
    for (Eviction dependant : direct) {
      if (!gathered.contains(dependant) && !gather(dependant, dependants, gathered)) {
        return false;
      }
    }
    gathered.add(eviction);
    return true;
  }

  /** Returns the copy that is worth the most of those that have to go. */
  private Eviction lastToGo() {
    return evictions.stream().max(Eviction.ORDER).orElseThrow();
  }

  /** Returns the copy itself. */
  LoadedModel model() {
    return evictions.get(evictions.size() - 1).model();
  }
}
