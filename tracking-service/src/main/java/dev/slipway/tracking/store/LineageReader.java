package dev.slipway.tracking.store;

import dev.slipway.tracking.dataset.Dataset;
import dev.slipway.tracking.dataset.DatasetInput;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.model.LoggedModelId;
import dev.slipway.tracking.run.ModelOutput;
import dev.slipway.tracking.run.RunLineage;
import dev.slipway.tracking.store.LineageDao.DatasetDetails;
import dev.slipway.tracking.store.LineageDao.DatasetHead;
import dev.slipway.tracking.store.LineageDao.InputTag;
import dev.slipway.tracking.store.LineageDao.ModelLink;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.jdbi.v3.core.Handle;

/**
 * Reads what runs read and produced. A dataset may describe itself in megabytes, so that sizes are
 * looked at first, and details read only where they fit.
 */
final class LineageReader {
  /** The most characters of details that are in memory for several runs at once. */
  private static final long MAX_DETAIL_CHARS = 3_000_000;

  private final LineageDao dao;
  private final RunLineage.Detail detail;

  private Map<UUID, List<DatasetHead>> heads = Map.of();
  private final Map<UUID, Set<Long>> detailed = new HashMap<>();

  private LineageReader(Handle handle, RunLineage.Detail detail) {
    this.dao = handle.attach(LineageDao.class);
    this.detail = detail;
  }

  /**
   * Returns the lineages of the first runs, one each and in their order: of so many as fit into
   * memory together, at least one.
   */
  static List<RunLineage> read(Handle handle, List<UUID> runs, RunLineage.Detail detail) {
    return detail == RunLineage.Detail.NONE
        ? Collections.nCopies(runs.size(), RunLineage.EMPTY)
        : new LineageReader(handle, detail).read(runs);
  }

  private List<RunLineage> read(List<UUID> runs) {
    heads = OwnedEntry.byOwner(dao.heads(runs.toArray(UUID[]::new)));
    List<UUID> first = runs.subList(0, chooseDetails(runs));
    UUID[] ids = first.toArray(UUID[]::new);
    Map<Long, DatasetDetails> details = details();
    Map<UUID, List<InputTag>> tags =
        heads.isEmpty() ? Map.of() : OwnedEntry.byOwner(dao.inputTags(ids), row -> row.tag().key());
    Map<UUID, List<ModelLink>> models = OwnedEntry.byOwner(dao.models(ids));
    List<RunLineage> lineages = new ArrayList<>();
    for (UUID run : first) {
      List<ModelLink> links = models.getOrDefault(run, List.of());
      lineages.add(
          new RunLineage(
              datasets(run, tags.getOrDefault(run, List.of()), details),
              links.stream()
                  .filter(link -> !link.output())
                  .map(link -> new LoggedModelId(link.model()))
                  .toList(),
              links.stream()
                  .filter(ModelLink::output)
                  .map(link -> new ModelOutput(new LoggedModelId(link.model()), link.step()))
                  .toList()));
    }
    return lineages;
  }

  /** Chooses the datasets whose details are read, and returns for how many runs. */
  private int chooseDetails(List<UUID> runs) {
    long total = 0;
    for (int i = 0; i < runs.size(); i++) {
      Set<Long> chosen = new HashSet<>();
      long chars = 0;
      for (DatasetHead head : heads.getOrDefault(runs.get(i), List.of())) {
        if (chars + head.detailChars() <= detail.maxDetailChars()) {
          chars += head.detailChars();
          chosen.add(head.id());
        }
      }
      total += chars;
      if (i > 0 && total > MAX_DETAIL_CHARS) {
        return i;
      }
      detailed.put(runs.get(i), chosen);
    }
    return runs.size();
  }

  private Map<Long, DatasetDetails> details() {
    Set<Long> ids = new HashSet<>();
    detailed.values().forEach(ids::addAll);
    Map<Long, DatasetDetails> details = new HashMap<>();
    if (!ids.isEmpty()) {
      dao.details(ids.toArray(Long[]::new)).forEach(row -> details.put(row.id(), row));
    }
    return details;
  }

  private List<DatasetInput> datasets(
      UUID run, List<InputTag> tags, Map<Long, DatasetDetails> details) {
    Map<Long, List<Tag>> tagsByDataset = new HashMap<>();
    for (InputTag tag : tags) {
      tagsByDataset.computeIfAbsent(tag.datasetId(), id -> new ArrayList<>()).add(tag.tag());
    }
    List<DatasetInput> inputs = new ArrayList<>();
    for (DatasetHead head : heads.getOrDefault(run, List.of())) {
      boolean whole = detailed.get(run).contains(head.id());
      inputs.add(
          new DatasetInput(
              whole ? dataset(head, details.get(head.id())) : withoutDetails(head),
              tagsByDataset.getOrDefault(head.id(), List.of()),
              !whole));
    }
    return inputs;
  }

  private static Dataset dataset(DatasetHead head, DatasetDetails details) {
    return new Dataset(
        head.name(),
        head.digest(),
        head.sourceType(),
        details.source(),
        details.schema(),
        details.profile());
  }

  private static Dataset withoutDetails(DatasetHead head) {
    return new Dataset(head.name(), head.digest(), head.sourceType(), "", "", "");
  }
}
