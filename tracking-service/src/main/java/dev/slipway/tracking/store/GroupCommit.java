package dev.slipway.tracking.store;

import dev.slipway.runtime.error.ServiceException;
import dev.slipway.tracking.entry.Param;
import dev.slipway.tracking.entry.Tag;
import dev.slipway.tracking.experiment.ExperimentId;
import dev.slipway.tracking.metric.LatestPoints;
import dev.slipway.tracking.metric.Segment;
import dev.slipway.tracking.metric.SegmentBuilder;
import dev.slipway.tracking.metric.SequenceGapException;
import dev.slipway.tracking.metric.WriterAdvance;
import dev.slipway.tracking.metric.WriterFencedException;
import dev.slipway.tracking.metric.WriterPosition;
import dev.slipway.tracking.run.RunId;
import dev.slipway.tracking.run.RunInfo;
import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.store.CommitResult.Appended;
import dev.slipway.tracking.store.MetricDao.SegmentRow;
import dev.slipway.tracking.store.MetricDao.WriterRow;
import dev.slipway.tracking.store.RunDao.TagRow;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.stream.Stream;
import org.jdbi.v3.core.Handle;

/**
 * Writes many {@link RunWrite}s in one transaction: reads and locks what they depend on, decides
 * for each in order whether it stands, then writes all that stand in a few batches. Lives for one
 * attempt of one transaction.
 */
final class GroupCommit {
  private record ParamPlace(RunId run, String key) {}

  private record WriterPlace(RunId run, String writerId) {}

  private final RunDao runs;
  private final ModelMetricCommit modelMetrics;
  private final MetricDao metrics;
  private final ChangeFeed feed;
  private final Map<String, Integer> nameIds;
  private final Set<RunId> absent;

  private final Map<RunId, RunInfo> runInfos = new HashMap<>();
  private final Map<WriterPlace, WriterPosition> writers = new HashMap<>();
  private final Map<ParamPlace, String> storedParams = new HashMap<>();

  private final Map<RunId, SegmentBuilder> segments = new TreeMap<>(GroupCommit::compareIds);
  private final Map<RunId, List<Param>> newParams = new TreeMap<>(GroupCommit::compareIds);
  private final Map<RunId, Map<String, Tag>> newTags = new TreeMap<>(GroupCommit::compareIds);
  private final Map<WriterPlace, Long> advanced = new HashMap<>();

  /**
   * Creates a commit.
   *
   * @param nameIds numbers of all names, save those of the absent runs
   * @param absent runs that did not exist when names were numbered; they do not count as existing
   *     even if they do by now
   */
  GroupCommit(Handle handle, Map<String, Integer> nameIds, Set<RunId> absent) {
    this.runs = handle.attach(RunDao.class);
    this.modelMetrics = new ModelMetricCommit(handle, nameIds);
    this.metrics = handle.attach(MetricDao.class);
    this.feed = new ChangeFeed(handle);
    this.nameIds = nameIds;
    this.absent = absent;
  }

  private static int compareIds(RunId a, RunId b) {
    return a.uuid().compareTo(b.uuid());
  }

  CommitResult commit(long logId, long commitNo, List<RunWrite> writes) {
    loadRuns(writes);
    loadWriters(writes);
    loadParams(writes);
    modelMetrics.lockModels(writes);
    List<Optional<ServiceException>> refusals = new ArrayList<>();
    for (RunWrite write : writes) {
      refusals.add(decide(write));
    }
    LatestPoints latest = new LatestPoints();
    flush(logId, commitNo, latest);
    Map<RunId, Appended> appended = new HashMap<>();
    segments.forEach(
        (run, builder) -> appended.put(run, new Appended(builder.points(), builder.metrics())));
    return new CommitResult(refusals, latest, appended);
  }

  private void loadRuns(List<RunWrite> writes) {
    UUID[] locked = ids(writes.stream().filter(RunWrite::locksRun));
    UUID[] others = ids(writes.stream().filter(write -> !write.locksRun()));
    // Whoever only appends points needs no lock: a delete at the same moment comes before or after,
    // and both are right.
    if (others.length > 0) {
      runs.findAll(others).forEach(run -> runInfos.put(run.id(), run));
    }
    if (locked.length > 0) {
      runs.lockAll(locked).forEach(run -> runInfos.put(run.id(), run));
    }
    runInfos.keySet().removeAll(absent);
  }

  private static UUID[] ids(Stream<RunWrite> writes) {
    return writes.map(write -> write.run().uuid()).distinct().toArray(UUID[]::new);
  }

  private void loadWriters(List<RunWrite> writes) {
    List<RunWrite> streamed = writes.stream().filter(w -> w.writer().isPresent()).toList();
    if (streamed.isEmpty()) {
      return;
    }
    String[] names =
        streamed.stream()
            .map(write -> write.writer().orElseThrow().writerId())
            .distinct()
            .toArray(String[]::new);
    for (WriterRow row : metrics.lockWriters(ids(streamed.stream()), names)) {
      writers.put(new WriterPlace(new RunId(row.run()), row.writerId()), row.position());
    }
  }

  private void loadParams(List<RunWrite> writes) {
    List<RunWrite> withParams = writes.stream().filter(w -> !w.params().isEmpty()).toList();
    if (withParams.isEmpty()) {
      return;
    }
    String[] keys =
        withParams.stream()
            .flatMap(write -> write.params().stream())
            .map(Param::key)
            .distinct()
            .toArray(String[]::new);
    for (OwnedEntry<Param> row : runs.paramsOf(ids(withParams.stream()), keys)) {
      ParamPlace place = new ParamPlace(new RunId(row.owner()), row.entry().key());
      storedParams.put(place, row.entry().value());
    }
  }

  private Optional<ServiceException> decide(RunWrite write) {
    try {
      RunInfo run = runInfos.get(write.run());
      if (run == null) {
        throw new RunNotFoundException(write.run());
      }
      if (isDurable(write)) {
        return Optional.empty();
      }
      run.requireActive();
      requireOwner(write);
      requireSameParams(write);
      modelMetrics.requireModels(write);
    } catch (ServiceException refusal) {
      return Optional.of(refusal);
    }
    accept(write);
    return Optional.empty();
  }

  /**
   * Returns whether the batch was written by an attempt before this one, which had failed as far as
   * its caller could see.
   */
  private boolean isDurable(RunWrite write) {
    return write
        .writer()
        .filter(
            advance -> {
              WriterPosition position = position(write.run(), advance);
              return position.epoch() == advance.epoch()
                  && position.committedSeq() >= advance.seq();
            })
        .isPresent();
  }

  private void requireOwner(RunWrite write) {
    if (write.writer().isEmpty()) {
      return;
    }
    WriterAdvance advance = write.writer().get();
    WriterPosition position = position(write.run(), advance);
    if (position.epoch() != advance.epoch()) {
      throw new WriterFencedException(advance.writerId(), advance.epoch());
    }
    if (position.committedSeq() != advance.seq() - 1) {
      throw new SequenceGapException(position.committedSeq() + 1, advance.seq());
    }
  }

  private WriterPosition position(RunId run, WriterAdvance advance) {
    WriterPosition position = writers.get(new WriterPlace(run, advance.writerId()));
    if (position == null) {
      // Writers are opened on runs that exist, and go only together with them.
      throw new RunNotFoundException(run);
    }
    return position;
  }

  private void requireSameParams(RunWrite write) {
    for (Param param : write.params()) {
      String stored = storedParams.get(new ParamPlace(write.run(), param.key()));
      if (stored != null) {
        param.requireSame(stored);
      }
    }
  }

  private void accept(RunWrite write) {
    RunId run = write.run();
    write
        .writer()
        .ifPresent(
            advance -> {
              WriterPlace place = new WriterPlace(run, advance.writerId());
              writers.put(place, new WriterPosition(advance.epoch(), advance.seq()));
              advanced.put(place, advance.seq());
            });
    if (write.metrics().size() > 0) {
      segments.computeIfAbsent(run, r -> new SegmentBuilder()).add(write.metrics(), nameIds::get);
    }
    modelMetrics.accept(write);
    for (Param param : write.params()) {
      if (storedParams.put(new ParamPlace(run, param.key()), param.value()) == null) {
        newParams.computeIfAbsent(run, r -> new ArrayList<>()).add(param);
      }
    }
    for (Tag tag : write.tags()) {
      newTags.computeIfAbsent(run, r -> new TreeMap<>()).put(tag.key(), tag);
    }
  }

  private void flush(long logId, long commitNo, LatestPoints latest) {
    List<SegmentRow> rows = new ArrayList<>();
    segments.forEach(
        (run, builder) -> {
          builder.latest((point, nameId) -> latest.add(run, nameId, point));
          List<Segment> packed = builder.build();
          for (int part = 0; part < packed.size(); part++) {
            Segment segment = packed.get(part);
            rows.add(
                new SegmentRow(
                    run.uuid(),
                    logId,
                    commitNo,
                    part,
                    segment.minStep(),
                    segment.maxStep(),
                    segment.points(),
                    segment.packed()));
          }
        });
    if (!rows.isEmpty()) {
      metrics.insertSegments(rows);
    }
    modelMetrics.flush();
    advanceWriters();
    writeEntries();
  }

  /** Writes params and tags, with one new revision for each experiment. */
  private void writeEntries() {
    Map<ExperimentId, Set<RunId>> changed =
        new TreeMap<>(Comparator.comparingLong(ExperimentId::number));
    Stream.concat(newParams.keySet().stream(), newTags.keySet().stream())
        .forEach(
            run ->
                changed
                    .computeIfAbsent(runInfos.get(run).experimentId(), e -> new HashSet<>())
                    .add(run));
    changed.forEach(
        (experiment, changedRuns) -> {
          long revision = feed.next(experiment);
          Set<RunId> renamed = new HashSet<>();
          for (RunId run : changedRuns) {
            runs.insertParams(run.uuid(), revision, newParams.getOrDefault(run, List.of()));
            if (setTags(run, revision, newTags.getOrDefault(run, Map.of()))) {
              renamed.add(run);
            }
          }
          feed.entriesChanged(changedRuns, revision);
          if (!renamed.isEmpty()) {
            feed.infoChanged(renamed, revision);
          }
        });
  }

  /** Returns whether a tag renamed the run. */
  private boolean setTags(RunId run, long revision, Map<String, Tag> tags) {
    RunInfo info = runInfos.get(run);
    List<TagRow> rows =
        tags.values().stream().map(tag -> new TagRow(info.experimentId(), tag)).toList();
    runs.setTags(run.uuid(), revision, info.startTime().toEpochMilli(), rows);
    Tag name = tags.get(Tag.RUN_NAME);
    boolean renames = name != null && !name.value().isEmpty();
    if (renames) {
      runs.rename(run.uuid(), name.value());
    }
    return renames;
  }

  private void advanceWriters() {
    if (advanced.isEmpty()) {
      return;
    }
    List<UUID> runIds = new ArrayList<>();
    List<String> writerIds = new ArrayList<>();
    List<Long> seqs = new ArrayList<>();
    advanced.forEach(
        (place, seq) -> {
          runIds.add(place.run().uuid());
          writerIds.add(place.writerId());
          seqs.add(seq);
        });
    metrics.advanceWriters(runIds, writerIds, seqs);
  }
}
