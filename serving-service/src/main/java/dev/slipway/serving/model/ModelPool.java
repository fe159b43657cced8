package dev.slipway.serving.model;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.VersionKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Executor;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The versions in memory, at most one copy of each in use. Loads are single-flight: whoever asks
 * for a version that is being loaded shares that load. Thread-safe; nothing here blocks but the
 * loads, on their executor.
 */
public final class ModelPool implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ModelPool.class);

  /** How long requests are answered with the failure of a load before they may start another. */
  private static final Duration HOLD_OFF = Duration.ofSeconds(30);

  private static final Duration TRANSIENT_HOLD_OFF = Duration.ofMillis(500);

  private final ModelLoader loader;
  private final Executor loads;
  private final KeepPolicy keep;
  private final Clock clock;
  private final Map<VersionKey, Slot> slots = new ConcurrentHashMap<>();
  private final Set<LoadedModel> draining = ConcurrentHashMap.newKeySet();
  private volatile boolean closed;

  /**
   * Creates an empty pool.
   *
   * @param loads runs the loads; its size bounds how many run at once; stays the caller's
   */
  public ModelPool(ModelLoader loader, Executor loads, KeepPolicy keep, Clock clock) {
    this.loader = loader;
    this.loads = loads;
    this.keep = keep;
    this.clock = clock;
  }

  /**
   * How long versions stay that no stage points to.
   *
   * @param rollback how long a version stays after it was replaced in its stage
   * @param rollbackVersions how many such versions of one model stay
   * @param idle how long a version that a request loaded stays without being used
   */
  public record KeepPolicy(Duration rollback, int rollbackVersions, Duration idle) {}

  /** When a load may be started. */
  public enum Retry {
    /** Not soon after one that failed. */
    HELD_OFF,
    /** Whenever the version is not loaded. */
    AT_ONCE,
    /** Always, beside the copy that is loaded. */
    RELOAD
  }

  /** Takes hold of a version if it is loaded. */
  public Optional<ModelHandle> acquire(CatalogVersion version) {
    Slot slot = slots.get(version.key());
    return slot == null || !slot.isOf(version) ? Optional.empty() : slot.acquire();
  }

  /** Tells whether a version is loaded. */
  public boolean isReady(CatalogVersion version) {
    Slot slot = slots.get(version.key());
    return slot != null && slot.isOf(version) && slot.ready != null;
  }

  /**
   * Loads a version unless it is loaded. The future fails with the {@link ServiceException} that
   * says why the load did. It belongs to all who asked: do not cancel it.
   */
  public CompletableFuture<Void> load(CatalogVersion version, Residence residence, Retry retry) {
    VersionKey key = version.key();
    Slot slot =
        slots.compute(
            key,
            (same, present) -> {
              if (present != null && present.isOf(version)) {
                return present;
              }
              if (present != null) {
                // A model that was deleted and created anew has the same numbers and other
                // packages.
                letGo(present.discard());
              }
              return new Slot(version, residence);
            });
    CompletableFuture<Void> started = new CompletableFuture<>();
    CompletableFuture<Void> present = slot.begin(started, retry);
    if (present == started) {
      loads.execute(() -> run(slot, version, started));
    }
    return present;
  }

  private void run(Slot slot, CatalogVersion version, CompletableFuture<Void> started) {
    LoadedModel model;
    try {
      if (closed) {
        throw new ModelUnloadedException(version.key());
      }
      model = loader.load(version);
    } catch (ServiceException e) {
      fail(slot, version, started, e);
      return;
    } catch (RuntimeException | Error e) {
      log.error("loading {} failed in an unforeseen way", version.key(), e);
      fail(slot, version, started, new ModelLoadFailedException(version.key(), e.toString(), e));
      return;
    }
    if (slots.get(version.key()) != slot || closed) {
      model.release();
      fail(slot, version, started, new ModelUnloadedException(version.key()));
      return;
    }
    letGo(slot.succeed(model));
    if (closed) {
      unload(version.key());
    }
    log.info("loaded {} in {} ms", version.key(), model.report().duration().toMillis());
    started.complete(null);
  }

  private void fail(
      Slot slot,
      CatalogVersion version,
      CompletableFuture<Void> started,
      ServiceException failure) {
    log.warn("cannot load {}: {}", version.key(), failure.getMessage());
    slot.fail(failure);
    started.completeExceptionally(failure);
  }

  /**
   * Says how long a version that no stage points to stays without being used, instead of the common
   * time.
   */
  public void keepIdle(VersionKey key, Duration idle) {
    Slot slot = slots.get(key);
    if (slot != null) {
      slot.keepIdle(idle);
    }
  }

  /** Takes a version out; calls in flight finish on it. Returns whether it was loaded. */
  public boolean unload(VersionKey key) {
    Slot slot = slots.remove(key);
    if (slot == null) {
      return false;
    }
    Optional<LoadedModel> model = slot.discard();
    letGo(model);
    return model.isPresent();
  }

  private void letGo(Optional<LoadedModel> model) {
    model.ifPresent(
        old -> {
          draining.add(old);
          old.release();
          draining.removeIf(LoadedModel::isClosed);
        });
  }

  /**
   * Says which versions of a model stages point to; those that no stage points to any more become
   * rollback copies.
   */
  public void pin(String model, Set<VersionKey> pinned) {
    for (Slot slot : slots.values()) {
      if (slot.key.model().equals(model)) {
        slot.pin(pinned.contains(slot.key));
      }
    }
  }

  /** Lets go of what was kept long enough. To be called from time to time. */
  public void sweep() {
    Instant now = clock.instant();
    draining.removeIf(LoadedModel::isClosed);
    for (Slot slot : slots.values()) {
      if (slot.isOutstayed(now)) {
        log.info("{} was kept long enough", slot.key);
        unload(slot.key);
      }
    }
    Map<String, List<Slot>> rollbacks = new TreeMap<>();
    for (Slot slot : slots.values()) {
      if (slot.residence() == Residence.ROLLBACK) {
        rollbacks.merge(slot.key.model(), List.of(slot), ModelPool::join);
      }
    }
    for (List<Slot> ofModel : rollbacks.values()) {
      ofModel.stream()
          .sorted(Comparator.comparing(Slot::since).reversed())
          .skip(keep.rollbackVersions())
          .forEach(slot -> unload(slot.key));
    }
  }

  private static List<Slot> join(List<Slot> left, List<Slot> right) {
    List<Slot> joined = new java.util.ArrayList<>(left);
    joined.addAll(right);
    return joined;
  }

  /** Returns how a version is doing. */
  public ModelStatus status(VersionKey key) {
    Slot slot = slots.get(key);
    ModelStatus status = slot == null ? ModelStatus.available(key) : slot.status();
    if (status.state() == ModelState.AVAILABLE) {
      for (LoadedModel model : draining) {
        if (model.version().key().equals(key) && !model.isClosed()) {
          return new ModelStatus(
              key, ModelState.UNLOADING, Optional.empty(), Optional.of(model), status.failure());
        }
      }
    }
    return status;
  }

  /** Returns which versions are loaded, loading, failed or draining, in order. */
  public Collection<ModelStatus> statuses() {
    Map<VersionKey, ModelStatus> statuses = new TreeMap<>();
    draining.stream()
        .map(model -> model.version().key())
        .forEach(key -> statuses.put(key, status(key)));
    slots.keySet().forEach(key -> statuses.put(key, status(key)));
    statuses
        .values()
        .removeIf(status -> status.state() == ModelState.AVAILABLE && status.failure().isEmpty());
    return statuses.values();
  }

  /** Unloads everything; loads that still run are let go when they end. */
  @Override
  public void close() {
    closed = true;
    List.copyOf(slots.keySet()).forEach(this::unload);
  }

  /** What the pool knows of one version. */
  private final class Slot {
    private final VersionKey key;
    private final String packageDigest;

    /** Written under the lock; read without it on the way of a request. */
    private volatile LoadedModel ready;

    @GuardedBy("this")
    private CompletableFuture<Void> loading;

    @GuardedBy("this")
    private ModelStatus.Failure failure;

    @GuardedBy("this")
    private Residence residence;

    @GuardedBy("this")
    private Duration idle = keep.idle();

    /** When the residence began. */
    @GuardedBy("this")
    private Instant since;

    Slot(CatalogVersion version, Residence residence) {
      this.key = version.key();
      this.packageDigest = version.packageDigest();
      this.residence = residence;
      this.since = clock.instant();
    }

    boolean isOf(CatalogVersion version) {
      return packageDigest.equals(version.packageDigest());
    }

    Optional<ModelHandle> acquire() {
      LoadedModel model = ready;
      return model == null ? Optional.empty() : model.acquire();
    }

    /** Returns the future to wait for: the given one if its load is to be run by the caller. */
    synchronized CompletableFuture<Void> begin(CompletableFuture<Void> started, Retry retry) {
      if (loading != null) {
        return loading;
      }
      if (ready != null && retry != Retry.RELOAD) {
        return CompletableFuture.completedFuture(null);
      }
      if (failure != null && ready == null && retry == Retry.HELD_OFF && isHeldOff(failure)) {
        return CompletableFuture.failedFuture(failure.cause());
      }
      loading = started;
      return started;
    }

    private boolean isHeldOff(ModelStatus.Failure last) {
      Duration holdOff =
          last.cause().kind() == ErrorKind.UNAVAILABLE ? TRANSIENT_HOLD_OFF : HOLD_OFF;
      return clock.instant().isBefore(last.time().plus(holdOff));
    }

    synchronized Optional<LoadedModel> succeed(LoadedModel model) {
      LoadedModel old = ready;
      ready = model;
      loading = null;
      failure = null;
      since = clock.instant();
      return Optional.ofNullable(old);
    }

    synchronized void fail(ServiceException cause) {
      loading = null;
      failure = new ModelStatus.Failure(cause, clock.instant());
    }

    synchronized Optional<LoadedModel> discard() {
      LoadedModel old = ready;
      ready = null;
      return Optional.ofNullable(old);
    }

    synchronized void pin(boolean pinned) {
      if (pinned && residence != Residence.PINNED) {
        residence = Residence.PINNED;
        since = clock.instant();
      } else if (!pinned && residence == Residence.PINNED) {
        residence = Residence.ROLLBACK;
        since = clock.instant();
      }
    }

    synchronized void keepIdle(Duration value) {
      idle = value;
    }

    synchronized Residence residence() {
      return residence;
    }

    synchronized Instant since() {
      return since;
    }

    synchronized boolean isOutstayed(Instant now) {
      if (loading != null) {
        return false;
      }
      return switch (residence) {
        case PINNED -> false;
        case ROLLBACK -> now.isAfter(since.plus(keep.rollback()));
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
}
