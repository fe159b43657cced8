package dev.slipway.tracking.rpc;

import dev.slipway.tracking.run.RunNotFoundException;
import dev.slipway.tracking.service.WatchFeed;
import dev.slipway.tracking.store.FeedStore;
import dev.slipway.tracking.store.RunStore;
import dev.slipway.tracking.v1.Run;
import dev.slipway.tracking.v1.WatchHeartbeat;
import dev.slipway.tracking.v1.WatchRunResponse;
import dev.slipway.tracking.watch.ChangeLog;
import dev.slipway.tracking.watch.FeedChanges;
import dev.slipway.tracking.watch.FeedPosition;
import dev.slipway.tracking.watch.FeedQuery;
import dev.slipway.tracking.watch.RunDelta;
import io.grpc.stub.ServerCallStreamObserver;
import java.time.Clock;
import java.util.Collections;
import java.util.Iterator;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Consumer;

/** Is one WatchRun call. */
final class RunWatch extends Watch<WatchRunResponse> {
  private final WatchRequests.OfRun request;
  private final WatchFeed feed;
  private final FeedStore changes;
  private final RunStore runs;
  private final Clock clock;

  RunWatch(
      WatchRequests.OfRun request,
      ServerCallStreamObserver<WatchRunResponse> call,
      WatchFeed feed,
      FeedStore changes,
      RunStore runs,
      Clock clock,
      WatchThreads threads,
      Consumer<Watch<?>> ended) {
    super(request.course(), call, threads, ended);
    this.request = request;
    this.feed = feed;
    this.changes = changes;
    this.runs = runs;
    this.clock = clock;
  }

  @Override
  WatchFeed.Subscription subscribe() {
    return feed.watch(request.id(), request.includePoints(), request.course().minInterval(), this);
  }

  @Override
  Iterator<WatchRunResponse> snapshot() {
    Run run = TrackingProtos.run(runs.get(request.id(), request.projection()));
    return new Mapped<>(
        RunPieces.of(run),
        piece ->
            piece.hasInfo()
                ? WatchRunResponse.newBuilder().setSnapshot(RunPieces.run(piece)).build()
                : WatchRunResponse.newBuilder().setChange(piece).build());
  }

  @Override
  Optional<Iterator<WatchRunResponse>> catchUp(FeedPosition from, FeedPosition to) {
    if (!from.isUpTo(to)) {
      return Optional.empty();
    }
    FeedChanges.OfRun found =
        changes
            .read(
                new FeedQuery(
                    Map.of(request.id(), from.revision()),
                    Map.of(),
                    from.logs(),
                    to.logs(),
                    request.includePoints() ? Set.of(request.id()) : Set.of(),
                    true))
            .runs()
            .get(request.id());
    if (found == null) {
      throw new RunNotFoundException(request.id());
    }
    if (found.tooMuch()) {
      return Optional.empty();
    }
    return Optional.of(found.delta().map(this::messages).orElse(Collections.emptyIterator()));
  }

  @Override
  Optional<Iterator<WatchRunResponse>> changes(ChangeLog.Changes found) {
    return Optional.of(
        found.runs().isEmpty() ? Collections.emptyIterator() : messages(found.runs().get(0)));
  }

  private Iterator<WatchRunResponse> messages(RunDelta delta) {
    return new Mapped<>(
        RunPieces.of(delta, request.projection(), request.includePoints()),
        piece -> WatchRunResponse.newBuilder().setChange(piece).build());
  }

  @Override
  WatchRunResponse heartbeat() {
    return WatchRunResponse.newBuilder()
        .setHeartbeat(
            WatchHeartbeat.newBuilder().setTime(TrackingProtos.timestamp(clock.instant())))
        .build();
  }

  @Override
  WatchRunResponse withToken(WatchRunResponse message, String token) {
    return message.toBuilder().setResumeToken(token).build();
  }
}
