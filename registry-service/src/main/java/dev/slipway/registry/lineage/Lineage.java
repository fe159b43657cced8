package dev.slipway.registry.lineage;

import dev.slipway.registry.version.RunId;
import java.util.List;
import java.util.Map;

/**
 * Is a piece of the graph of what was made from what.
 *
 * @param nodes nearest first; the first is the one that was asked for
 * @param links between them
 * @param runs what the tracking service knows of those nodes that are runs, as far as they exist
 * @param truncated whether there is more than depth and limits let in
 */
public record Lineage(
    List<LineageNode> nodes,
    List<LineageLink> links,
    Map<RunId, RunFacts> runs,
    boolean truncated) {
  /** The most nodes of one piece. */
  public static final int MAX_NODES = 1000;

  /** Copies the collections. */
  public Lineage {
    nodes = List.copyOf(nodes);
    links = List.copyOf(links);
    runs = Map.copyOf(runs);
  }
}
