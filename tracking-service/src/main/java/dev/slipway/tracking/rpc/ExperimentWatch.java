package dev.slipway.tracking.rpc;

import dev.slipway.runtime.error.Violations;
import dev.slipway.runtime.paging.Page;
import dev.slipway.runtime.paging.PageRequest;
import dev.slipway.tracking.experiment.Experiment;
import dev.slipway.tracking.experiment.ExperimentNotFoundException;
import dev.slipway.tracking.lifecycle.ViewType;
import dev.slipway.tracking.run.Run;
import dev.slipway.tracking.search.RunQuery;
import dev.slipway.tracking.service.WatchFeed;
import dev.slipway.tracking.store.ExperimentStore;
import dev.slipway.tracking.store.FeedStore;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.v1.RunChange;
import dev.slipway.tracking.v1.RunSnapshot;
import dev.slipway.tracking.v1.WatchExperimentResponse;
import dev.slipway.tracking.v1.WatchHeartbeat;
import dev.slipway.tracking.watch.ChangeLog;
import dev.slipway.tracking.watch.FeedChanges;
import dev.slipway.tracking.watch.FeedPosition;
import dev.slipway.tracking.watch.FeedQuery;
import dev.slipway.tracking.watch.RunDelta;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Clock;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Is one WatchExperiment call. */
final class ExperimentWatch extends Watch<WatchExperimentResponse> {
  private static final int RUNS_PER_PIECE = 500;

  private final WatchRequests.OfExperiment request;
  private final WatchFeed feed;
  private final FeedStore changes;
  private final ExperimentStore experiments;
  private final RunStore runs;
  private final Clock clock;

  /** Whether the caller may know runs that are new to the log of changes. */
  private boolean mayKnowNew = true;

  ExperimentWatch(
      WatchRequests.OfExperiment request,
      ServerCallStreamObserver<WatchExperimentResponse> call,
      WatchFeed feed,
      FeedStore changes,
      ExperimentStore experiments,
      RunStore runs,
      Clock clock,
      WatchThreads threads,
      Consumer<Watch<?>> ended) {
    super(request.course(), call, threads, ended);
    this.request = request;
    this.feed = feed;
    this.changes = changes;
    this.experiments = experiments;
    this.runs = runs;
    this.clock = clock;
  }

  @Override
  WatchFeed.Subscription subscribe() {
    return feed.watch(request.id(), request.course().minInterval(), this);
  }

  @Override
  Iterator<WatchExperimentResponse> snapshot() {
    mayKnowNew = true;
    return new Snapshot();
  }

  @Override
  Optional<Iterator<WatchExperimentResponse>> catchUp(FeedPosition from, FeedPosition to) {
    if (!from.isUpTo(to)) {
      return Optional.empty();
    }
    FeedChanges.OfExperiment found =
        changes
            .read(
                new FeedQuery(
                    Map.of(),
                    Map.of(request.id(), from.revision()),
                    from.logs(),
                    to.logs(),
                    Set.of(),
                    true))
            .experiments()
            .get(request.id());
    if (found == null) {
      throw new ExperimentNotFoundException("experiment_id", request.id().toString());
    }
    boolean purged =
        needsSnapshot(
            found.purgedRevision() > from.revision(),
            found.purgedListedRevision() > from.revision());
    if (purged || found.runs().isEmpty()) {
      return Optional.empty();
    }
    // The database may be ahead of the log of changes, which then tells it again.
    mayKnowNew = true;
    return Optional.of(messages(found.experiment(), found.runs().orElseThrow(), true));
  }

  @Override
  Optional<Iterator<WatchExperimentResponse>> changes(ChangeLog.Changes found) {
    if (needsSnapshot(found.purged(), found.purgedUnseen())) {
      return Optional.empty();
    }
    boolean fromTheDatabase = mayKnowNew;
    mayKnowNew = false;
    return Optional.of(messages(found.experiment(), found.runs(), fromTheDatabase));
  }

  /**
   * Returns whether runs may have vanished from the view without a change that says so. Only
   * deleted runs are purged; a view without these has lost them before.
   */
  private boolean needsSnapshot(boolean purged, boolean purgedUnseen) {
    return purged && (request.view() != ViewType.ACTIVE_ONLY || purgedUnseen);
  }

  private Iterator<WatchExperimentResponse> messages(
      Optional<Experiment> experiment, List<RunDelta> deltas, boolean mayKnowNewRuns) {
    return new ExperimentEntries(
        experiment.map(TrackingProtos::experiment),
        deltas,
        request.projection(),
        request.view(),
        mayKnowNewRuns);
  }

  @Override
  WatchExperimentResponse heartbeat() {
    return WatchExperimentResponse.newBuilder()
        .setHeartbeat(
            WatchHeartbeat.newBuilder().setTime(TrackingProtos.timestamp(clock.instant())))
        .build();
  }

  @Override
  WatchExperimentResponse withToken(WatchExperimentResponse message, String token) {
    return message.toBuilder().setResumeToken(token).build();
  }

  /**
   * Reads all runs of the view a page at a time, each when it is asked for, so that neither memory
   * nor a transaction is held while the caller takes its time. What changes meanwhile is in the log
   * of changes.
   */
  private final class Snapshot implements Iterator<WatchExperimentResponse> {
    private final RunQuery query =
        new RunQuery(
            Set.of(request.id()),
            Optional.empty(),
            List.of(),
            request.view(),
            request.projection());
    private final Deque<WatchExperimentResponse> read = new ArrayDeque<>();
    private String nextPage = "";
    private boolean begun;

    @Override
    public boolean hasNext() {
      return !begun || !read.isEmpty() || !nextPage.isEmpty();
    }

    @Override
    public WatchExperimentResponse next() {
      if (read.isEmpty()) {
        readPage();
      }
      return read.remove();
    }

    private void readPage() {
      WatchExperimentResponse.Builder piece = WatchExperimentResponse.newBuilder();
      if (!begun) {
        begun = true;
        piece.setExperiment(TrackingProtos.experiment(experiments.get(request.id())));
      }
      PageRequest page =
          PageRequest.of(0, nextPage, RUNS_PER_PIECE, RUNS_PER_PIECE, "", new Violations());
      Page<Run> found = runs.search(query, page);
      nextPage = found.nextPageToken();
      RunSnapshot.Builder snapshot = piece.getSnapshotBuilder();
      if (found.items().size() == 1) {
        addLargeRun(piece, TrackingProtos.run(found.items().get(0)));
        return;
      }
      found.items().forEach(run -> snapshot.addRuns(TrackingProtos.run(run)));
      read.add(piece.setSnapshot(snapshot.setComplete(nextPage.isEmpty())).build());
    }

    /** A run that fills a page may be larger than a message: the rest of it comes as changes. */
    private void addLargeRun(
        WatchExperimentResponse.Builder piece, dev.slipway.tracking.v1.Run run) {
      Iterator<RunChange> parts = RunPieces.of(run);
      piece.getSnapshotBuilder().addRuns(RunPieces.run(parts.next()));
      while (parts.hasNext()) {
        read.add(piece.build());
        piece =
            WatchExperimentResponse.newBuilder()
                .addChanges(ExperimentEntries.changed(run.getInfo().getRunId(), parts.next()));
      }
      piece.getSnapshotBuilder().setComplete(nextPage.isEmpty());
      read.add(piece.build());
    }
  }
}
