package dev.slipway.registry.service;

import dev.slipway.registry.lineage.Lineage;
import dev.slipway.registry.lineage.LineageLink;
import dev.slipway.registry.lineage.LineageNode;
import dev.slipway.registry.lineage.LineageNode.OfDataset;
import dev.slipway.registry.lineage.LineageNode.OfRun;
import dev.slipway.registry.lineage.LineageNode.OfVersion;
import dev.slipway.registry.lineage.LineageRelation;
import dev.slipway.registry.lineage.RunFacts;
import dev.slipway.registry.lineage.RunFacts.DatasetUse;
import dev.slipway.registry.store.LineageStore;
import dev.slipway.registry.upstream.RunLineage;
import dev.slipway.registry.version.RunId;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Function;

/**
 * Walks from one thing, step by step: all that is as near as the last step is looked up together.
 * Of one thread.
 */
final class LineageWalk {
  private final LineageStore store;
  private final RunLineage runs;
  private final LineageNode start;
  private final Map<LineageNode, Integer> distances = new LinkedHashMap<>();
  private final Set<LineageLink> links = new LinkedHashSet<>();
  private final Map<RunId, RunFacts> facts = new HashMap<>();
  private final Set<RunId> lookedUp = new HashSet<>();
  private boolean truncated;

  LineageWalk(LineageStore store, RunLineage runs, LineageNode start) {
    this.store = store;
    this.runs = runs;
    this.start = start;
    distances.put(start, 0);
    lookUpRuns(Set.of(start));
  }

  /** Goes to what the thing was made from. */
  void upstream(int depth) {
    walk(depth, this::into, LineageLink::from);
  }

  /** Goes to what was made from the thing. */
  void downstream(int depth) {
    walk(depth, this::outOf, LineageLink::to);
  }

  Lineage lineage() {
    List<LineageNode> nodes = new ArrayList<>(distances.keySet());
    nodes.sort(Comparator.comparing(distances::get));
    return new Lineage(nodes, List.copyOf(links), facts, truncated);
  }

  private void walk(
      int depth,
      Function<Set<LineageNode>, List<LineageLink>> step,
      Function<LineageLink, LineageNode> next) {
    Set<LineageNode> seen = new HashSet<>(Set.of(start));
    Set<LineageNode> frontier = Set.of(start);
    // One step more than asked for tells whether there is more.
    for (int steps = 1; steps <= depth + 1 && !frontier.isEmpty(); steps++) {
      Set<LineageNode> reached = new LinkedHashSet<>();
      for (LineageLink link : step.apply(frontier)) {
        LineageNode node = next.apply(link);
        boolean known = distances.containsKey(node);
        if (!known && (steps > depth || distances.size() == Lineage.MAX_NODES)) {
          truncated = true;
          continue;
        }
        distances.putIfAbsent(node, steps);
        links.add(link);
        if (seen.add(node)) {
          reached.add(node);
        }
      }
      lookUpRuns(reached);
      frontier = reached;
    }
  }

  private List<LineageLink> into(Set<LineageNode> frontier) {
    List<LineageLink> found =
        new ArrayList<>(
            bounded(
                store.intoVersions(
                    frontier.stream()
                        .filter(OfVersion.class::isInstance)
                        .map(OfVersion.class::cast)
                        .toList())));
    for (LineageNode node : frontier) {
      if (node instanceof OfRun run && facts.containsKey(run.id())) {
        RunFacts known = facts.get(run.id());
        for (DatasetUse use : known.datasets()) {
          found.add(input(known, use, known.experimentId()));
        }
      }
    }
    return found;
  }

  private List<LineageLink> outOf(Set<LineageNode> frontier) {
    List<LineageLink> found = new ArrayList<>(bounded(store.from(frontier)));
    for (LineageNode node : frontier) {
      if (node instanceof OfDataset dataset) {
        for (RunFacts run : runs.taking(dataset, Lineage.MAX_NODES)) {
          note(run);
          run.datasets().stream()
              .filter(
                  use -> use.name().equals(dataset.name()) && use.digest().equals(dataset.digest()))
              .forEach(use -> found.add(input(run, use, dataset.experimentId())));
        }
      }
    }
    return found;
  }

  private List<LineageLink> bounded(List<LineageLink> found) {
    truncated |= found.size() >= LineageStore.MAX_LINKS;
    return found;
  }

  private static LineageLink input(RunFacts run, DatasetUse use, String experimentId) {
    return new LineageLink(
        new OfDataset(use.name(), use.digest(), experimentId),
        new OfRun(run.id()),
        LineageRelation.RUN_INPUT,
        use.context());
  }

  private void lookUpRuns(Collection<LineageNode> reached) {
    List<RunId> unknown =
        reached.stream()
            .filter(OfRun.class::isInstance)
            .map(node -> ((OfRun) node).id())
            .filter(id -> !lookedUp.contains(id))
            .toList();
    lookedUp.addAll(unknown);
    runs.find(unknown).forEach(this::note);
  }

  private void note(RunFacts run) {
    lookedUp.add(run.id());
    facts.put(run.id(), run);
  }
}
