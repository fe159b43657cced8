package dev.slipway.registry.store;

import dev.slipway.registry.lineage.LineageLink;
import dev.slipway.registry.lineage.LineageNode;
import dev.slipway.registry.lineage.LineageNode.OfRun;
import dev.slipway.registry.lineage.LineageNode.OfVersion;
import dev.slipway.registry.lineage.LineageRelation;
import dev.slipway.registry.lineage.VersionSource;
import dev.slipway.registry.model.ModelName;
import dev.slipway.registry.version.PipelineStepGoneException;
import dev.slipway.registry.version.RunId;
import dev.slipway.registry.version.VersionNumber;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.stream.Stream;

/**
 * Knows which versions were made from which runs and other versions. Versions that are deleted are
 * no part of it. Thread-safe.
 */
public final class LineageStore {
  /** The most links that one call returns, besides those to the runs of given versions. */
  public static final int MAX_LINKS = 10_000;

  private final RegistryTransactions transactions;

  /** Creates the store. */
  public LineageStore(RegistryTransactions transactions) {
    this.transactions = transactions;
  }

  /**
   * Notes what a version was made from. What it copies may be gone; its steps may not.
   *
   * @throws PipelineStepGoneException if a step is not there
   */
  static void note(
      RegisteredModelDao models,
      VersionSourceDao dao,
      long modelId,
      long version,
      List<VersionSource> sources) {
    for (VersionSource source : sources) {
      int noted =
          models
              .findByName(source.name().value())
              .map(
                  found ->
                      dao.insert(
                          new VersionSourceDao.SourceRow(
                              modelId,
                              version,
                              source.relation().name(),
                              source.role(),
                              found.modelId(),
                              source.number().value())))
              .orElse(0);
      if (noted == 0 && source.relation() == LineageRelation.PIPELINE_STEP) {
        throw new PipelineStepGoneException(source.role(), source.name(), source.number());
      }
    }
  }

  /** Lists the runs and versions that went into some versions. */
  public List<LineageLink> intoVersions(Collection<OfVersion> versions) {
    if (versions.isEmpty()) {
      return List.of();
    }
    return transactions.read(
        handle -> {
          VersionSourceDao dao = handle.attach(VersionSourceDao.class);
          List<LineageLink> links = new ArrayList<>();
          dao.listRuns(names(versions), numbers(versions)).forEach(row -> links.add(output(row)));
          dao.listSources(names(versions), numbers(versions), MAX_LINKS)
              .forEach(row -> links.add(link(row)));
          return links;
        });
  }

  /** Lists the versions that some runs and versions went into, newest first for each. */
  public List<LineageLink> from(Collection<? extends LineageNode> nodes) {
    List<OfVersion> versions = only(OfVersion.class, nodes);
    String[] runs =
        only(OfRun.class, nodes).stream().map(run -> run.id().value()).toArray(String[]::new);
    if (versions.isEmpty() && runs.length == 0) {
      return List.of();
    }
    return transactions.read(
        handle -> {
          VersionSourceDao dao = handle.attach(VersionSourceDao.class);
          return Stream.concat(
                  dao.listOutputs(runs, MAX_LINKS).stream().map(LineageStore::output),
                  dao.listUses(names(versions), numbers(versions), MAX_LINKS).stream()
                      .map(LineageStore::link))
              .toList();
        });
  }

  private static <T> List<T> only(Class<T> type, Collection<?> nodes) {
    return nodes.stream().filter(type::isInstance).map(type::cast).toList();
  }

  private static String[] names(Collection<OfVersion> versions) {
    return versions.stream().map(version -> version.name().value()).toArray(String[]::new);
  }

  private static Long[] numbers(Collection<OfVersion> versions) {
    return versions.stream().map(version -> version.number().value()).toArray(Long[]::new);
  }

  private static LineageLink output(VersionSourceDao.RunRow row) {
    return new LineageLink(
        new OfRun(new RunId(row.runId())),
        version(row.name(), row.version()),
        LineageRelation.RUN_OUTPUT,
        "");
  }

  private static LineageLink link(VersionSourceDao.LinkRow row) {
    return new LineageLink(
        version(row.fromName(), row.fromVersion()),
        version(row.toName(), row.toVersion()),
        LineageRelation.valueOf(row.relation()),
        row.role());
  }

  private static OfVersion version(String name, long number) {
    return new OfVersion(new ModelName(name), new VersionNumber(number));
  }
}
