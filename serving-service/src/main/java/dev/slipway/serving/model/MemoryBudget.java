package dev.slipway.serving.model;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.serving.catalog.VersionKey;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * Counts the memory of all versions against a limit, and makes room by unloading. What is being
 * unloaded counts no longer, although calls may still run on it for a moment. Thread-safe.
 */
public final class MemoryBudget {
  /** The limit of a budget that never refuses. */
  public static final long UNLIMITED = Long.MAX_VALUE;

  private final long limitBytes;
  private final Object lock = new Object();
  private volatile Function<Need, List<Candidate>> candidates = need -> List.of();

  @GuardedBy("lock")
  private long usedBytes;

  /**
   * Creates a budget of which nothing is used.
   *
   * @param limitBytes at least 1
   */
  public MemoryBudget(long limitBytes) {
    if (limitBytes < 1) {
      throw new IllegalArgumentException("a budget is at least 1 byte, not " + limitBytes);
    }
    this.limitBytes = limitBytes;
  }

  /**
   * A version that may be unloaded.
   *
   * @param bytes what it takes
   * @param unload takes it out, which gives its reservation back, and returns what closes it;
   *     absent if it may no longer be unloaded. Called under the lock of the budget, so it must not
   *     wait; what it returns is called after it, since an engine may take long to close
   */
  record Candidate(long bytes, Supplier<Optional<Runnable>> unload) {}

  /** Sets who knows what may be unloaded for a need, the first to go first. */
  void candidates(Function<Need, List<Candidate>> newCandidates) {
    this.candidates = newCandidates;
  }

  /** Returns the limit, bytes. */
  public long limitBytes() {
    return limitBytes;
  }

  /** Returns what versions take that are loaded or being loaded, bytes. */
  public long usedBytes() {
    synchronized (lock) {
      return usedBytes;
    }
  }

  /**
   * Takes a share, unloading as much as it takes, and nothing when that would not do.
   *
   * @throws MemoryBudgetExceededException if there is no room
   */
  Reservation reserve(VersionKey key, long bytes, Need need) {
    Reservation reservation = new Reservation(key, need);
    reservation.resize(bytes);
    return reservation;
  }

  /** The share of one copy of a version. Thread-safe. */
  final class Reservation {
    private final VersionKey key;
    private final Need need;

    /** Written under the lock of the budget. */
    private volatile long bytes;

    private volatile boolean released;

    private Reservation(VersionKey key, Need need) {
      this.key = key;
      this.need = need;
    }

    /** Returns the size of the share; also of one that was given back. */
    long bytes() {
      return bytes;
    }

    /**
     * Makes the share larger or smaller.
     *
     * @throws MemoryBudgetExceededException if there is no room; the share is as before then
     */
    void resize(long newBytes) {
      List<Runnable> closings = new ArrayList<>();
      try {
        synchronized (lock) {
          if (released) {
            throw new IllegalStateException("the share of " + key + " was given back");
          }
          makeRoom(newBytes, closings);
          usedBytes += newBytes - bytes;
          bytes = newBytes;
        }
      } finally {
        closings.forEach(Runnable::run);
      }
    }

    @GuardedBy("lock")
    private void makeRoom(long newBytes, List<Runnable> closings) {
      long others = usedBytes - bytes;
      if (newBytes <= limitBytes - others) {
        return;
      }
      List<Candidate> known = candidates.apply(need);
      long freeable = known.stream().mapToLong(Candidate::bytes).sum();
      if (newBytes > limitBytes - (others - freeable)) {
        throw MemoryBudgetExceededException.of(key, newBytes, others - freeable, limitBytes);
      }
      for (Candidate candidate : known) {
        if (newBytes <= limitBytes - (usedBytes - bytes)) {
          return;
        }
        candidate.unload().get().ifPresent(closings::add);
      }
      others = usedBytes - bytes;
      if (newBytes > limitBytes - others) {
        // One of them was taken into use while it was looked at.
        throw MemoryBudgetExceededException.of(key, newBytes, others, limitBytes);
      }
    }

    /** Gives the share back; again does nothing. */
    void release() {
      synchronized (lock) {
        if (!released) {
          released = true;
          usedBytes -= bytes;
        }
      }
    }
  }
}
