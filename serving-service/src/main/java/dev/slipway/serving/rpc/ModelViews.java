package dev.slipway.serving.rpc;

import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.model.ModelPool;
import dev.slipway.serving.model.ModelState;
import dev.slipway.serving.model.ModelStatus;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/** Joins what the registry says of models with what this server has of them. Thread-safe. */
final class ModelViews {
  private final Catalog catalog;
  private final ModelPool pool;

  ModelViews(Catalog catalog, ModelPool pool) {
    this.catalog = catalog;
    this.pool = pool;
  }

  /** Returns every version that this server has touched, by model. */
  Map<String, List<ModelStatus>> touched() {
    return pool.statuses().stream()
        .collect(
            Collectors.groupingBy(
                status -> status.key().model(), TreeMap::new, Collectors.toList()));
  }

  /**
   * Returns the versions of a model in Staging or Production and those touched, ascending by
   * number.
   */
  Collection<ModelStatus> versions(CatalogModel model, List<ModelStatus> touched) {
    Map<Long, ModelStatus> versions = new TreeMap<>();
    for (CatalogVersion version : model.versions()) {
      if (version.stage().isServed()) {
        versions.put(version.key().version(), pool.status(version.key()));
      }
    }
    touched.forEach(status -> versions.put(status.key().version(), status));
    return versions.values();
  }

  /**
   * Returns the numbers of versions in Staging or Production or loaded, and one more, ascending.
   */
  Collection<Long> servedVersions(String model, long andThis) {
    Map<Long, Boolean> versions = new TreeMap<>();
    versions.put(andThis, true);
    catalog
        .find(model)
        .ifPresent(
            known ->
                versions(known, touched().getOrDefault(model, List.of())).stream()
                    .filter(status -> status.state() == ModelState.READY || isStaged(status))
                    .forEach(status -> versions.put(status.key().version(), true)));
    return versions.keySet();
  }

  private boolean isStaged(ModelStatus status) {
    return catalog.find(status.key()).filter(version -> version.stage().isServed()).isPresent();
  }
}
