package dev.slipway.registry.service;

import dev.slipway.registry.lineage.Lineage;
import dev.slipway.registry.lineage.LineageDirection;
import dev.slipway.registry.lineage.LineageNode;
import dev.slipway.registry.lineage.LineageNode.OfVersion;
import dev.slipway.registry.store.LineageStore;
import dev.slipway.registry.store.ModelVersionStore;
import dev.slipway.registry.upstream.RunLineage;
import dev.slipway.registry.version.ModelVersion;

/**
 * Follows versions, runs and datasets to what they were made from, and to what was. Thread-safe.
 */
public final class LineageService {
  private final ModelVersionStore versions;
  private final LineageStore store;
  private final RunLineage runs;

  /** Creates the service. */
  public LineageService(ModelVersionStore versions, LineageStore store, RunLineage runs) {
    this.versions = versions;
    this.store = store;
    this.runs = runs;
  }

  /**
   * Returns the piece of the graph around a thing.
   *
   * @param depth how many steps to go, 1 or more
   * @throws dev.slipway.registry.model.RegisteredModelNotFoundException if the thing is a version
   *     of a model that is not there
   * @throws dev.slipway.registry.version.ModelVersionNotFoundException if it is a version that is
   *     not there
   * @throws dev.slipway.registry.upstream.UpstreamUnavailableException if runs cannot be looked up
   */
  public Lineage lineage(LineageNode start, LineageDirection direction, int depth) {
    if (start instanceof OfVersion version) {
      ModelVersion unused = versions.get(version.name(), version.number());
    }
    LineageWalk walk = new LineageWalk(store, runs, start);
    if (direction != LineageDirection.DOWNSTREAM) {
      walk.upstream(depth);
    }
    if (direction != LineageDirection.UPSTREAM) {
      walk.downstream(depth);
    }
    return walk.lineage();
  }
}
