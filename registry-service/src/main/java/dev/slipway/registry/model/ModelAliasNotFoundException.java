package dev.slipway.registry.model;

import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import java.util.List;
import java.util.Map;

/** Reports that a model has no such alias. */
public final class ModelAliasNotFoundException extends ServiceException {
  private static final long serialVersionUID = 1L;

  private static final int ALIASES_IN_MESSAGE = 10;

  /** Creates the failure, naming the aliases that there are. */
  public ModelAliasNotFoundException(ModelName name, String alias, List<ModelAlias> existing) {
    super(
        ErrorKind.NOT_FOUND,
        "MODEL_ALIAS_NOT_FOUND",
        "registered model %s has no alias %s; %s".formatted(name, alias, describe(existing)),
        Map.of("name", name.value(), "alias", alias));
  }

  private static String describe(List<ModelAlias> existing) {
    return existing.isEmpty()
        ? "it has none"
        : "it has "
            + String.join(
                ", ",
                existing.stream().limit(ALIASES_IN_MESSAGE).map(a -> a.alias().value()).toList());
  }
}
