package dev.slipway.serving.catalog;

import dev.slipway.runtime.error.ErrorKind;
import java.util.Map;

/** Reports that a model has no version of the number, or none at all. */
public final class VersionNotFoundException extends NotInCatalogException {
  private static final long serialVersionUID = 1L;

  VersionNotFoundException(CatalogModel model, long version) {
    super(
        ErrorKind.NOT_FOUND,
        "VERSION_NOT_FOUND",
        "model " + model.name() + " has no version " + version + ": " + model.inventory(),
        Map.of("model", model.name(), "version", Long.toString(version)));
  }

  VersionNotFoundException(CatalogModel model) {
    super(
        ErrorKind.NOT_FOUND,
        "VERSION_NOT_FOUND",
        "model " + model.name() + " has no ready version: " + model.inventory(),
        Map.of("model", model.name()));
  }
}
