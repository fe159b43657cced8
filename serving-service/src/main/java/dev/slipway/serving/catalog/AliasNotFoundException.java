package dev.slipway.serving.catalog;

import dev.slipway.runtime.error.ErrorKind;
import java.util.List;
import java.util.Map;

/** Reports that a model has no such alias; names those it has. */
public final class AliasNotFoundException extends NotInCatalogException {
  private static final long serialVersionUID = 1L;

  AliasNotFoundException(CatalogModel model, String alias) {
    super(
        ErrorKind.NOT_FOUND,
        "ALIAS_NOT_FOUND",
        "model " + model.name() + " has no alias " + alias + ": " + known(model),
        Map.of("model", model.name(), "alias", alias));
  }

  private static String known(CatalogModel model) {
    List<String> aliases =
        model.versions().stream().flatMap(version -> version.aliases().stream()).limit(10).toList();
    return aliases.isEmpty() ? "it has none" : "it has " + String.join(", ", aliases);
  }
}
