package dev.slipway.registry.rpc;

import dev.slipway.registry.event.RegistryEvent;
import dev.slipway.registry.event.RegistryState;
import dev.slipway.registry.model.ModelName;
import java.util.Set;

/**
 * Says which models a watcher wants to hear of.
 *
 * @param names empty for all
 */
record WatchedNames(Set<ModelName> names) {
  WatchedNames {
    names = Set.copyOf(names);
  }

  /**
   * Returns whether an event is about one of the models; a rename is about its old and its new
   * name.
   */
  boolean matches(RegistryEvent event) {
    return names.isEmpty()
        || event.name().filter(names::contains).isPresent()
        || event
            .change()
            .before()
            .filter(state -> state instanceof RegistryState.OfModel)
            .map(state -> ((RegistryState.OfModel) state).model().name())
            .filter(names::contains)
            .isPresent();
  }
}
