package dev.slipway.serving.catalog;

/** One change that a registry event makes to the catalog. */
public sealed interface CatalogChange {
  /**
   * A model is new or looks different.
   *
   * @param model its name
   * @param policy how it is served now
   */
  record ModelPut(String model, ServingPolicy policy) implements CatalogChange {}

  /**
   * A model is gone with all its versions.
   *
   * @param model its name
   */
  record ModelRemoved(String model) implements CatalogChange {}

  /**
   * A model and all its versions bear another name.
   *
   * @param oldName the name before
   * @param newName the name from now on
   */
  record ModelRenamed(String oldName, String newName) implements CatalogChange {}

  /**
   * A version is new or looks different.
   *
   * @param version how it looks now
   */
  record VersionPut(CatalogVersion version) implements CatalogChange {}

  /**
   * A version is gone.
   *
   * @param key which one
   */
  record VersionRemoved(VersionKey key) implements CatalogChange {}
}
