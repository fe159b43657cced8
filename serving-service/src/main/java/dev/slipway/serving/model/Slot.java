package dev.slipway.serving.model;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.model.ModelPool.KeepPolicy;
import dev.slipway.serving.model.ModelPool.Retry;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;

/**
 * What the pool knows of one version: the copy in memory, the load that runs, how the last one
 * failed, and why it is kept. Once discarded it stays so, and takes no copy any more. Thread-safe.
 */
final class Slot {
  /** How long requests are answered with the failure of a load before they may start another. */
  private static final Duration HOLD_OFF = Duration.ofSeconds(30);

  private static final Duration TRANSIENT_HOLD_OFF = Duration.ofMillis(500);

  private final VersionKey key;
  private final String packageDigest;
  private final Clock clock;

  /** Written under the lock; read without it on the way of a request. */
  private volatile LoadedModel ready;

  @GuardedBy("this")
  private boolean discarded;

  @GuardedBy("this")
  private CompletableFuture<Void> loading;

  @GuardedBy("this")
  private ModelStatus.Failure failure;

  @GuardedBy("this")
  private Residence residence;

  /** Who needs the version while it is pinned. */
  @GuardedBy("this")
  private Need need = Need.REQUESTS;

  @GuardedBy("this")
  private Duration idle;

  /** When the residence began. */
  @GuardedBy("this")
  private Instant since;

  Slot(CatalogVersion version, KeepPolicy keep, Clock clock) {
    this.key = version.key();
    this.packageDigest = version.packageDigest();
    this.clock = clock;
    this.residence = Residence.ON_DEMAND;
    this.idle = keep.idle();
    this.since = clock.instant();
  }

  VersionKey key() {
    return key;
  }

  String packageDigest() {
    return packageDigest;
  }

  /** A model that was deleted and created anew has the same numbers and other packages. */
  boolean isOf(CatalogVersion version) {
    return packageDigest.equals(version.packageDigest());
  }

  boolean isReady() {
    return ready != null;
  }

  synchronized boolean isDiscarded() {
    return discarded;
  }

  Optional<ModelHandle> acquire() {
    LoadedModel model = ready;
    return model == null ? Optional.empty() : model.acquire();
  }

  /** Takes hold of the copy for a pipeline, if there is one. */
  synchronized Optional<StepHold> hold() {
    return acquire().map(StepHold::new);
  }

  /** Tells whether pipelines need the copy. */
  synchronized boolean isHeld() {
    return ready != null && ready.dependants() > 0;
  }

  /**
   * Returns the future to wait for: the given one if its load is to be run by the caller. Absent
   * when the slot was discarded meanwhile, and another must be taken.
   */
  synchronized Optional<CompletableFuture<Void>> begin(
      CompletableFuture<Void> started, Need wantedBy, Retry retry) {
    if (discarded) {
      return Optional.empty();
    }
    if (wantedBy.compareTo(need) > 0) {
      // From here on, not only from the next look at the stages: in between, a copy kept for a
      // rollback may have been kept long enough.
      pin(wantedBy);
    }
    if (loading != null) {
      return Optional.of(loading);
    }
    if (ready != null && retry != Retry.RELOAD) {
      return Optional.of(CompletableFuture.completedFuture(null));
    }
    if (failure != null && ready == null && retry == Retry.HELD_OFF && isHeldOff(failure)) {
      return Optional.of(CompletableFuture.failedFuture(failure.cause()));
    }
    loading = started;
    return Optional.of(started);
  }

  private boolean isHeldOff(ModelStatus.Failure last) {
    Duration holdOff = last.cause().kind() == ErrorKind.UNAVAILABLE ? TRANSIENT_HOLD_OFF : HOLD_OFF;
    return clock.instant().isBefore(last.time().plus(holdOff));
  }

  /**
   * Takes over what was loaded. Returns what the pool has to let go of: the copy before, or the
   * given one itself when the slot was discarded while it was loaded.
   */
  synchronized Optional<LoadedModel> succeed(LoadedModel model) {
    loading = null;
    if (discarded) {
      return Optional.of(model);
    }
    LoadedModel old = ready;
    ready = model;
    failure = null;
    since = clock.instant();
    return Optional.ofNullable(old);
  }

  synchronized void fail(ServiceException cause) {
    loading = null;
    failure = new ModelStatus.Failure(cause, clock.instant());
  }

  /** Ends the slot; returns the copy that the pool has to let go of. */
  synchronized Optional<LoadedModel> discard() {
    discarded = true;
    LoadedModel old = ready;
    ready = null;
    return Optional.ofNullable(old);
  }

  /** Marks the slot as discarded if it was kept long enough; returns whether it was. */
  synchronized boolean discardOutstayed(Instant now, Duration rollback) {
    if (discarded || !isOutstayed(now, rollback)) {
      return false;
    }
    discarded = true;
    return true;
  }

  /**
   * Marks the slot as discarded if it is still the copy for a rollback that it was; returns whether
   * it was.
   */
  synchronized boolean discardRollback(Instant keptSince) {
    if (discarded
        || loading != null
        || isHeld()
        || residence != Residence.ROLLBACK
        || !since.equals(keptSince)) {
      return false;
    }
    discarded = true;
    return true;
  }

  @GuardedBy("this")
  private boolean isOutstayed(Instant now, Duration rollback) {
    if (loading != null || isHeld()) {
      return false;
    }
    return switch (residence) {
      case PINNED -> false;
      case ROLLBACK -> now.isAfter(since.plus(rollback));
      case ON_DEMAND -> now.isAfter(lastUsed().plus(idle));
    };
  }

  @GuardedBy("this")
  private Instant lastUsed() {
    LoadedModel model = ready;
    Instant used =
        model == null ? Instant.EPOCH : Instant.ofEpochMilli(model.statistics().lastUsedMillis());
    return used.isAfter(since) ? used : since;
  }

  /** Says who needs the version; one that no stage needs any more becomes a rollback copy. */
  synchronized void pin(Need by) {
    need = by;
    if (by != Need.REQUESTS && residence != Residence.PINNED) {
      residence = Residence.PINNED;
      since = clock.instant();
    } else if (by == Need.REQUESTS && residence == Residence.PINNED) {
      residence = Residence.ROLLBACK;
      since = clock.instant();
    }
  }

  /**
   * Tells whether the copy may be unloaded to make room.
   *
   * @param model the copy
   * @param residence why it is kept
   * @param need who needs it
   * @param lastUsed when it last answered, or came
   */
  record Eviction(Slot slot, LoadedModel model, Residence residence, Need need, Instant lastUsed) {
    /** Copies for a rollback first, then what nobody used for long, then Staging. */
    static final Comparator<Eviction> ORDER =
        Comparator.<Eviction, Integer>comparing(
                eviction ->
                    switch (eviction.residence()) {
                      case ROLLBACK -> 0;
                      case ON_DEMAND -> 1;
                      case PINNED -> 2;
                    })
            .thenComparing(Eviction::lastUsed);
  }

  /** Returns how the copy could be unloaded for a need; absent if it may not be. */
  synchronized Optional<Eviction> eviction(Need by) {
    LoadedModel model = ready;
    boolean staysForStage =
        residence == Residence.PINNED && (by != Need.PRODUCTION || need == Need.PRODUCTION);
    return model == null || loading != null || staysForStage
        ? Optional.empty()
        : Optional.of(new Eviction(this, model, residence, need, lastUsed()));
  }

  /**
   * Takes the copy out if no pipeline needs it and it is still kept for the same reason; a stage's
   * is noted as failed.
   */
  synchronized Optional<LoadedModel> evict(Eviction seen) {
    if (ready != seen.model()
        || loading != null
        || isHeld()
        || residence != seen.residence()
        || need != seen.need()) {
      return Optional.empty();
    }
    if (residence == Residence.PINNED) {
      failure =
          new ModelStatus.Failure(MemoryBudgetExceededException.displaced(key), clock.instant());
    } else {
      discarded = true;
    }
    ready = null;
    return Optional.of(seen.model());
  }

  /** Returns who needs the version. */
  synchronized Need need() {
    return need;
  }

  synchronized void keepIdle(Duration value) {
    idle = value;
  }

  /** Returns since when this is the copy for a rollback; absent when it is not. */
  synchronized Optional<Instant> rollbackSince() {
    return residence == Residence.ROLLBACK && !discarded ? Optional.of(since) : Optional.empty();
  }

  synchronized ModelStatus status() {
    LoadedModel model = ready;
    ModelState state =
        model != null
            ? ModelState.READY
            : loading != null
                ? ModelState.LOADING
                : failure != null ? ModelState.FAILED : ModelState.AVAILABLE;
    return new ModelStatus(
        key,
        state,
        model == null ? Optional.empty() : Optional.of(residence),
        Optional.ofNullable(model),
        Optional.ofNullable(failure));
  }
}
