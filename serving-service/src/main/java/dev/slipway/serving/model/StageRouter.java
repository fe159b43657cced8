package dev.slipway.serving.model;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.VersionKey;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.Future;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which version answers for a stage.
 *
 * <p>When the registry moves a stage, the version that answers for it goes on doing so until the
 * new one is loaded and warm; then the pointer is switched, and what runs on the old version
 * finishes there. A new version that cannot be loaded changes nothing for callers; where another
 * try may help, it is made. Thread-safe.
 */
public final class StageRouter {
  private static final Logger log = LoggerFactory.getLogger(StageRouter.class);

  private static final long FIRST_RETRY_MILLIS = 500;
  private static final long LONGEST_RETRY_MILLIS = 30_000;

  private final Catalog catalog;
  private final ModelPool pool;
  private final Predicate<String> followed;
  private final ScheduledExecutorService scheduler;

  /** The version that answers for a stage; absent until one was loaded. */
  private final Map<StageKey, CatalogVersion> answering = new ConcurrentHashMap<>();

  private final Object lock = new Object();

  /** The version that a stage shall have, while it is being loaded. */
  @GuardedBy("lock")
  private final Map<StageKey, Pending> pending = new HashMap<>();

  private final CompletableFuture<Void> settled = new CompletableFuture<>();

  @GuardedBy("lock")
  private boolean began;

  /**
   * Creates a router that learns of nothing until {@link #catalogChanged} is called.
   *
   * @param followed tells by its name whether a model's staged versions are kept loaded
   * @param scheduler where pauses before another try are waited out; stays the caller's
   */
  public StageRouter(
      Catalog catalog,
      ModelPool pool,
      Predicate<String> followed,
      ScheduledExecutorService scheduler) {
    this.catalog = catalog;
    this.pool = pool;
    this.followed = followed;
    this.scheduler = scheduler;
  }

  private record StageKey(String model, Stage stage) {}

  private record Pending(CatalogVersion version, int tries) {}

  /**
   * The version that a request goes to.
   *
   * @param version the version
   * @param asked what the caller asked for
   * @param revision registry revision known when it was chosen
   */
  public record Target(CatalogVersion version, Selector asked, long revision) {}

  /**
   * Chooses the version for a request.
   *
   * @throws ServiceException if there is no such model, version or alias, the stage is empty, or
   *     the registry was never heard
   */
  public Target resolve(String model, Selector selector) {
    long revision = catalog.revision();
    CatalogVersion wanted = catalog.get(model).get(selector);
    if (selector instanceof Selector.InStage inStage && inStage.stage().isServed()) {
      CatalogVersion present = answering.get(new StageKey(model, inStage.stage()));
      if (present != null) {
        return new Target(present, selector, revision);
      }
    }
    return new Target(wanted, selector, revision);
  }

  /** Returns the version that answers for a stage at the moment; absent until one was loaded. */
  public Optional<VersionKey> answering(String model, Stage stage) {
    return Optional.ofNullable(answering.get(new StageKey(model, stage))).map(CatalogVersion::key);
  }

  /** Tells whether a model's staged versions are kept loaded. */
  public boolean isFollowed(String model) {
    return followed.test(model);
  }

  /** Tells whether the first loads after the start have ended, well or not. */
  public boolean isSettled() {
    return settled.isDone();
  }

  /**
   * Tells whether every stage of every followed model that has a version has one that answers and
   * is loaded; but for versions in Staging for which there is no room.
   */
  public boolean answersEverywhere() {
    if (!catalog.isKnown()) {
      return false;
    }
    for (String name : catalog.names()) {
      for (Stage stage : List.of(Stage.PRODUCTION, Stage.STAGING)) {
        boolean wanted = catalog.find(name).flatMap(model -> model.find(stage)).isPresent();
        CatalogVersion present = answering.get(new StageKey(name, stage));
        if (wanted
            && isFollowed(name)
            && (present == null || !pool.isReady(present))
            && !(stage == Stage.STAGING && hasNoRoom(name))) {
          return false;
        }
      }
    }
    return true;
  }

  private boolean hasNoRoom(String model) {
    return catalog
        .find(model)
        .flatMap(known -> known.find(Stage.STAGING))
        .flatMap(version -> pool.status(version.key()).failure())
        .filter(failure -> failure.cause() instanceof MemoryBudgetExceededException)
        .isPresent();
  }

  /** Takes note that models may have changed; starts loads, and switches what is loaded already. */
  public void catalogChanged(Set<String> models) {
    List<CompletableFuture<Void>> loads = new ArrayList<>();
    boolean first;
    synchronized (lock) {
      first = !began;
      began = true;
      for (String model : models) {
        loads.addAll(follow(model));
      }
    }
    if (first) {
      CompletableFuture<Void> unused =
          CompletableFuture.allOf(loads.toArray(CompletableFuture[]::new))
              .whenComplete((done, failure) -> settled.complete(null));
    }
  }

  /** Takes note that a version of a model was loaded: a stage may have waited for just that one. */
  public void versionLoaded(String model) {
    synchronized (lock) {
      List<CompletableFuture<Void>> unused = follow(model);
    }
  }

  @GuardedBy("lock")
  private List<CompletableFuture<Void>> follow(String model) {
    List<CompletableFuture<Void>> loads = new ArrayList<>();
    for (Stage stage : List.of(Stage.PRODUCTION, Stage.STAGING)) {
      follow(new StageKey(model, stage)).ifPresent(loads::add);
    }
    pinAndDrop(model);
    return loads;
  }

  @GuardedBy("lock")
  private Optional<CompletableFuture<Void>> follow(StageKey key) {
    CatalogVersion wanted = wanted(key);
    if (wanted == null) {
      answering.remove(key);
      pending.remove(key);
      return Optional.empty();
    }
    CatalogVersion present = answering.get(key);
    if (present != null && isSame(present, wanted)) {
      // Stage and aliases may differ.
      answering.put(key, wanted);
      pending.remove(key);
      return Optional.empty();
    }
    Pending loading = pending.get(key);
    if (loading != null && isSame(loading.version(), wanted) && !pool.isReady(wanted)) {
      return Optional.empty();
    }
    return Optional.of(load(key, wanted, 0));
  }

  @GuardedBy("lock")
  private CompletableFuture<Void> load(StageKey key, CatalogVersion wanted, int tries) {
    pending.put(key, new Pending(wanted, tries));
    CompletableFuture<Void> load = pool.load(wanted, need(key.stage()), ModelPool.Retry.AT_ONCE);
    return load.whenComplete((done, failure) -> loaded(key, wanted, failure));
  }

  private void loaded(StageKey key, CatalogVersion version, Throwable failure) {
    synchronized (lock) {
      Pending loading = pending.get(key);
      if (loading == null || !isSame(loading.version(), version)) {
        // The stage has moved on.
        return;
      }
      if (failure == null) {
        pending.remove(key);
        CatalogVersion wanted = wanted(key);
        CatalogVersion old =
            answering.put(key, wanted != null && isSame(wanted, version) ? wanted : version);
        log.info(
            "{} {} is answered by version {}{}",
            key.model(),
            key.stage().text(),
            version.key().version(),
            old == null ? "" : " instead of " + old.key().version());
        pinAndDrop(key.model());
      } else if (isTransient(failure)) {
        long pause =
            Math.min(LONGEST_RETRY_MILLIS, FIRST_RETRY_MILLIS << Math.min(10, loading.tries()));
        Future<?> unused =
            scheduler.schedule(() -> retry(key, loading), pause, TimeUnit.MILLISECONDS);
      }
    }
  }

  private void retry(StageKey key, Pending failed) {
    synchronized (lock) {
      if (failed.equals(pending.get(key))) {
        CompletableFuture<Void> unused = load(key, failed.version(), failed.tries() + 1);
      }
    }
  }

  private static Need need(Stage stage) {
    return stage == Stage.PRODUCTION ? Need.PRODUCTION : Need.STAGING;
  }

  /** There may be room later, too. */
  private static boolean isTransient(Throwable failure) {
    Throwable cause =
        failure instanceof CompletionException && failure.getCause() != null
            ? failure.getCause()
            : failure;
    return cause instanceof ServiceException known
        && (known.kind() == ErrorKind.UNAVAILABLE || known.kind() == ErrorKind.RESOURCE_EXHAUSTED);
  }

  private CatalogVersion wanted(StageKey key) {
    return followed.test(key.model())
        ? catalog.find(key.model()).flatMap(model -> model.find(key.stage())).orElse(null)
        : null;
  }

  private static boolean isSame(CatalogVersion left, CatalogVersion right) {
    return left.key().equals(right.key()) && left.packageDigest().equals(right.packageDigest());
  }

  /** Pins what stages point to, and lets go of versions that the registry no longer has. */
  @GuardedBy("lock")
  private void pinAndDrop(String model) {
    Map<VersionKey, Need> pinned = new HashMap<>();
    for (Stage stage : List.of(Stage.PRODUCTION, Stage.STAGING)) {
      StageKey key = new StageKey(model, stage);
      // Production first: it needs more than Staging does.
      Optional.ofNullable(answering.get(key))
          .ifPresent(version -> pinned.putIfAbsent(version.key(), need(stage)));
      Optional.ofNullable(pending.get(key))
          .ifPresent(loading -> pinned.putIfAbsent(loading.version().key(), need(stage)));
    }
    pool.pin(model, pinned);
    Optional<CatalogModel> known = catalog.find(model);
    for (ModelStatus status : pool.statuses()) {
      VersionKey key = status.key();
      boolean gone = known.flatMap(present -> present.find(key.version())).isEmpty();
      // One that pipelines run on goes with them.
      if (key.model().equals(model) && gone && !pinned.containsKey(key) && !pool.isHeld(key)) {
        pool.unload(key);
      }
    }
  }
}
