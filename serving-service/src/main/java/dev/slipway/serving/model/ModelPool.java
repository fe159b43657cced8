package dev.slipway.serving.model;

import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.VersionKey;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Consumer;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The versions in memory, at most one copy of each in use. Loads are single-flight: whoever asks
 * for a version that is being loaded shares that load. Thread-safe; nothing here blocks.
 */
public final class ModelPool implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ModelPool.class);

  /** A step that was just loaded may be let go before it is held; so often it is loaded again. */
  private static final int HOLD_TRIES = 3;

  private final Loader loader;
  private final KeepPolicy keep;
  private final Clock clock;
  private final Map<VersionKey, Slot> slots = new ConcurrentHashMap<>();
  private final Set<LoadedModel> draining = ConcurrentHashMap.newKeySet();
  private final StepWaits waits = new StepWaits();
  private volatile Consumer<String> listener = model -> {};
  private volatile Function<String, Duration> rollback;
  private volatile boolean closed;

  /**
   * Creates an empty pool.
   *
   * @param budget is told what may be unloaded to make room
   */
  public ModelPool(ModelLoader loader, MemoryBudget budget, KeepPolicy keep, Clock clock) {
    this(loader::load, budget, keep, clock);
    loader.steps(this::hold);
  }

  ModelPool(Loader loader, MemoryBudget budget, KeepPolicy keep, Clock clock) {
    this.loader = loader;
    this.keep = keep;
    this.rollback = model -> keep.rollback();
    this.clock = clock;
    budget.candidates(this::candidates);
  }

  /** Brings versions into memory. */
  interface Loader {
    /** Loads a version; see {@link ModelLoader#load}. */
    CompletableFuture<LoadedModel> load(CatalogVersion version, Need need);
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

  /**
   * Sets who is told, on the thread of the load and before those who wait for it, of which model a
   * version was loaded. Replaces the one before.
   */
  public void onLoaded(Consumer<String> newListener) {
    this.listener = newListener;
  }

  /**
   * Sets how long a model's versions stay after they were replaced in their stage, by its name, in
   * place of the common time.
   */
  public void rollbackRetention(Function<String, Duration> ofModel) {
    this.rollback = ofModel;
  }

  /** Takes hold of a version if it is loaded. */
  public Optional<ModelHandle> acquire(CatalogVersion version) {
    Slot slot = slots.get(version.key());
    return slot == null || !slot.isOf(version) ? Optional.empty() : slot.acquire();
  }

  /** Tells whether a version is loaded. */
  public boolean isReady(CatalogVersion version) {
    Slot slot = slots.get(version.key());
    return slot != null && slot.isOf(version) && slot.isReady();
  }

  /**
   * Loads a version unless it is loaded. The future fails with the {@link ServiceException} that
   * says why the load did. It belongs to all who asked: do not cancel it.
   *
   * @param need who wants it; a stage keeps it loaded until {@link #pin} says otherwise
   */
  public CompletableFuture<Void> load(CatalogVersion version, Need need, Retry retry) {
    return load(version, need, need, retry);
  }

  /**
   * Loads a version unless it is loaded.
   *
   * @param keepFor who keeps it loaded from here on
   * @param room decides what is unloaded to make room
   */
  private CompletableFuture<Void> load(
      CatalogVersion version, Need keepFor, Need room, Retry retry) {
    CompletableFuture<Void> started = new CompletableFuture<>();
    while (true) {
      Slot slot = slot(version);
      Optional<CompletableFuture<Void>> present = slot.begin(started, keepFor, retry);
      if (present.isPresent()) {
        if (present.get() == started) {
          // A stage may need what a request asks for.
          Need need = slot.need().compareTo(room) > 0 ? slot.need() : room;
          run(slot, version, need, started);
        }
        return present.get();
      }
    }
  }

  /**
   * Takes hold of a version for a pipeline, loading it when it is not loaded. The pipeline keeps
   * it, whoever else does. The future fails as that of a load does, and with {@link
   * InvalidPipelineException} if the version waits for the pipeline itself.
   */
  CompletableFuture<StepHold> hold(CatalogVersion step, VersionKey pipeline, Need need) {
    return hold(step, pipeline, need, HOLD_TRIES);
  }

  private CompletableFuture<StepHold> hold(
      CatalogVersion step, VersionKey pipeline, Need need, int tries) {
    Slot slot = slots.get(step.key());
    Optional<StepHold> held = slot == null || !slot.isOf(step) ? Optional.empty() : slot.hold();
    if (held.isPresent()) {
      return CompletableFuture.completedFuture(held.get());
    }
    if (tries == 0) {
      return CompletableFuture.failedFuture(new ModelUnloadedException(step.key()));
    }
    StepWaits.Wait wait = waits.begin(pipeline, step.key());
    return load(step, Need.REQUESTS, need, Retry.AT_ONCE)
        .whenComplete((done, failure) -> waits.end(wait))
        .thenCompose(done -> hold(step, pipeline, need, tries - 1));
  }

  /** Tells whether loaded pipelines need a version. */
  public boolean isHeld(VersionKey key) {
    Slot slot = slots.get(key);
    return slot != null && slot.isHeld();
  }

  /** Returns the slot of a version; a new one in place of one that is of other files, or over. */
  private Slot slot(CatalogVersion version) {
    Slot[] replaced = new Slot[1];
    Slot slot =
        slots.compute(
            version.key(),
            (key, present) -> {
              if (present != null && present.isOf(version) && !present.isDiscarded()) {
                return present;
              }
              replaced[0] = present;
              return new Slot(version, keep, clock);
            });
    if (replaced[0] != null) {
      letGo(replaced[0].discard());
    }
    return slot;
  }

  private void run(Slot slot, CatalogVersion version, Need need, CompletableFuture<Void> started) {
    if (closed) {
      fail(slot, version, started, new ModelUnloadedException(version.key()));
      return;
    }
    CompletableFuture<LoadedModel> unused =
        loader
            .load(version, need)
            .whenComplete(
                (model, failure) -> {
                  if (failure == null) {
                    succeed(slot, version, started, model);
                  } else {
                    fail(slot, version, started, known(version.key(), failure));
                  }
                });
  }

  private static ServiceException known(VersionKey key, Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    if (cause instanceof ServiceException known) {
      return known;
    }
    log.error("loading {} failed in an unforeseen way", key, cause);
    return new ModelLoadFailedException(key, cause.toString(), cause);
  }

  private void succeed(
      Slot slot, CatalogVersion version, CompletableFuture<Void> started, LoadedModel model) {
    Optional<LoadedModel> old = slot.succeed(model);
    letGo(old);
    if (old.filter(given -> given == model).isPresent()) {
      fail(slot, version, started, new ModelUnloadedException(version.key()));
      return;
    }
    if (closed) {
      remove(slot);
    }
    log.info(
        "loaded {} in {} ms; it takes {} bytes",
        version.key(),
        model.report().duration().toMillis(),
        model.memoryBytes());
    tellLoaded(version);
    started.complete(null);
  }

  private void tellLoaded(CatalogVersion version) {
    try {
      listener.accept(version.key().model());
    } catch (RuntimeException e) {
      // Those who wait for the load have nothing to do with it.
      log.error("nobody took note that {} is loaded", version.key(), e);
    }
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
    Optional<Runnable> closing = takeOut(key);
    closing.ifPresent(Runnable::run);
    return closing.isPresent();
  }

  /**
   * Takes a version out; calls in flight finish on it. Returns what closes it, which may take as
   * long as the engine likes; empty if it was not loaded.
   */
  public Optional<Runnable> takeOut(VersionKey key) {
    Slot slot = slots.remove(key);
    Optional<LoadedModel> model = slot == null ? Optional.empty() : slot.discard();
    model.ifPresent(draining::add);
    return model.map(old -> () -> letGo(Optional.of(old)));
  }

  private void remove(Slot slot) {
    slots.remove(slot.key(), slot);
    letGo(slot.discard());
  }

  private void letGo(Optional<LoadedModel> model) {
    model.ifPresent(
        old -> {
          draining.add(old);
          old.letGo();
          draining.removeIf(LoadedModel::isClosed);
        });
  }

  /**
   * Says which versions of a model stages point to; those that no stage points to any more become
   * rollback copies.
   */
  public void pin(String model, Map<VersionKey, Need> pinned) {
    for (Slot slot : slots.values()) {
      if (slot.key().model().equals(model)) {
        slot.pin(pinned.getOrDefault(slot.key(), Need.REQUESTS));
      }
    }
  }

  private List<MemoryBudget.Candidate> candidates(Need need) {
    List<Slot.Eviction> evictions =
        slots.values().stream().flatMap(slot -> slot.eviction(need).stream()).toList();
    return EvictionPlan.of(evictions).stream()
        .map(plan -> new MemoryBudget.Candidate(plan.model().memoryBytes(), () -> unload(plan)))
        .toList();
  }

  /** Takes a copy out of use, those that need it before; returns what closes them. */
  private Optional<Runnable> unload(EvictionPlan plan) {
    List<Runnable> closings =
        plan.evictions().stream().flatMap(eviction -> unload(eviction).stream()).toList();
    return closings.isEmpty()
        ? Optional.empty()
        : Optional.of(() -> closings.forEach(Runnable::run));
  }

  /** Takes one copy out of use; returns what closes it. */
  private Optional<Runnable> unload(Slot.Eviction eviction) {
    Optional<LoadedModel> model = eviction.slot().evict(eviction);
    if (model.isEmpty()) {
      return Optional.empty();
    }
    if (eviction.slot().isDiscarded()) {
      slots.remove(eviction.slot().key(), eviction.slot());
    }
    log.info("unloading {} to make room", eviction.slot().key());
    model.get().releaseMemory();
    draining.add(model.get());
    return Optional.of(() -> letGo(model));
  }

  /** Lets go of what was kept long enough. To be called from time to time. */
  public void sweep() {
    Instant now = clock.instant();
    draining.removeIf(LoadedModel::isClosed);
    Map<String, List<RollbackCopy>> copies = new TreeMap<>();
    for (Slot slot : slots.values()) {
      if (slot.discardOutstayed(now, rollback.apply(slot.key().model()))) {
        log.info("{} was kept long enough", slot.key());
        remove(slot);
      } else {
        slot.rollbackSince()
            .ifPresent(
                since ->
                    copies
                        .computeIfAbsent(slot.key().model(), model -> new ArrayList<>())
                        .add(new RollbackCopy(slot, since)));
      }
    }
    for (List<RollbackCopy> ofModel : copies.values()) {
      ofModel.stream()
          .sorted(Comparator.comparing(RollbackCopy::since).reversed())
          .skip(keep.rollbackVersions())
          .filter(copy -> copy.slot().discardRollback(copy.since()))
          .forEach(copy -> remove(copy.slot()));
    }
  }

  /** A copy for a rollback as it was when the sweep came by. */
  private record RollbackCopy(Slot slot, Instant since) {}

  /** Tells whether a version that is loaded, loading or draining is of a package. */
  public boolean usesPackage(String digest) {
    return slots.values().stream().anyMatch(slot -> slot.packageDigest().equals(digest))
        || draining.stream()
            .anyMatch(model -> !model.isClosed() && model.version().packageDigest().equals(digest));
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
}
