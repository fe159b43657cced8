package dev.slipway.client;

import dev.slipway.client.SpillFolder.Owner;
import dev.slipway.client.SyncedRun.Outcome;
import io.grpc.Channel;
import java.io.IOException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Sends what jobs have left in their spill folders, and deletes what the service has then. Each
 * point is stored once however often, and by however many processes, the same folder is synced: a
 * lock keeps them apart, and the service knows what it has by the numbers of the batches. For one
 * thread.
 */
public final class SpillSync {
  private final Channel tracking;
  private final Duration patience;

  /**
   * @param tracking where the tracking service answers
   * @param patience how long to wait for a service that acknowledges nothing
   */
  public SpillSync(Channel tracking, Duration patience) {
    this.tracking = tracking;
    this.patience = patience;
  }

  /**
   * Sends everything at or below a folder, run by run in order of path. Once the service does not
   * answer in time, the rest is not tried.
   *
   * @param listener hears of each run as it is done
   * @return whether no files are left but those in use
   * @throws IOException if the folder cannot be read
   * @throws InterruptedException if the thread is interrupted; nothing is lost by it
   */
  public boolean sync(Path folder, Consumer<SyncedRun> listener)
      throws IOException, InterruptedException {
    boolean clean = true;
    boolean reachable = true;
    for (Path session : SpillFolder.sessions(folder)) {
      Owner owner = SpillFolder.owner(session).orElseThrow();
      if (!reachable) {
        listener.accept(kept(owner, session, "not tried, as the service does not answer"));
        continue;
      }
      SpillReplay replay = new SpillReplay(tracking, owner, session, patience);
      Optional<SyncedRun> synced = sync(owner, session, replay);
      synced.ifPresent(listener);
      clean &= synced.map(run -> run.outcome() != Outcome.KEPT).orElse(true);
      reachable = replay.reached();
    }
    return clean;
  }

  /** Syncs one run; its files may be bad, but those of the others are not. */
  private static Optional<SyncedRun> sync(Owner owner, Path session, SpillReplay replay)
      throws InterruptedException {
    try {
      Optional<SpillLock> lock = tryLock(session);
      if (lock.isEmpty()) {
        return Optional.of(new SyncedRun(owner.runId(), session, Outcome.IN_USE, 0, 0, List.of()));
      }
      SpillLock held = lock.get();
      try {
        return replay.run();
      } finally {
        held.close();
      }
    } catch (IOException e) {
      return Optional.of(kept(owner, session, "its files cannot be read or deleted: " + e));
    }
  }

  /** A job that ends just now may have taken its folder away. */
  private static Optional<SpillLock> tryLock(Path session) throws IOException {
    try {
      return SpillLock.tryLock(session);
    } catch (NoSuchFileException e) {
      return Optional.empty();
    }
  }

  private static SyncedRun kept(Owner owner, Path session, String problem) {
    return new SyncedRun(owner.runId(), session, Outcome.KEPT, 0, 0, List.of(problem));
  }
}
