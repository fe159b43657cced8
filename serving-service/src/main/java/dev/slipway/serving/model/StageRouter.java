package dev.slipway.serving.model;

import com.google.errorprone.annotations.concurrent.GuardedBy;
import dev.slipway.runtime.error.ErrorKind;
import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.Catalog;
import dev.slipway.serving.catalog.CatalogModel;
import dev.slipway.serving.catalog.CatalogVersion;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.catalog.TrafficRule;
import dev.slipway.serving.catalog.TrafficRule.Canary;
import dev.slipway.serving.catalog.VersionKey;
import dev.slipway.serving.model.RulesInForce.RuleKey;
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
import java.util.function.BiPredicate;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Decides which version answers for a stage.
 *
 * <p>When the registry moves a stage, the version that answers for it goes on doing so until the
 * new one is loaded and warm; then the pointer is switched, and what runs on the old version
 * finishes there. A new version that cannot be loaded changes nothing for callers; where another
 * try may help, it is made.
 *
 * <p>A traffic rule's pin takes the place of the version in the stage. Its canary and shadow are
 * kept loaded as versions in Staging are; one that is not loaded has no traffic. Thread-safe.
 */
public final class StageRouter {
  private static final Logger log = LoggerFactory.getLogger(StageRouter.class);

  private static final long FIRST_RETRY_MILLIS = 500;
  private static final long LONGEST_RETRY_MILLIS = 30_000;

  /** Production first. */
  private static final List<Stage> STAGES = List.of(Stage.PRODUCTION, Stage.STAGING);

  private final Catalog catalog;
  private final ModelPool pool;
  private final RulesInForce rules;
  private final BiPredicate<String, Stage> followed;
  private final ScheduledExecutorService scheduler;

  /** The version that answers in a role; absent until one was loaded. */
  private final Map<Role, CatalogVersion> answering = new ConcurrentHashMap<>();

  private final Object lock = new Object();

  /** The version that a role shall have, while it is being loaded. */
  @GuardedBy("lock")
  private final Map<Role, Pending> pending = new HashMap<>();

  /** Closes what the registry no longer has. */
  @GuardedBy("lock")
  private final List<Runnable> closings = new ArrayList<>();

  private final CompletableFuture<Void> settled = new CompletableFuture<>();

  @GuardedBy("lock")
  private boolean began;

  /**
   * Creates a router that learns of nothing until {@link #catalogChanged} is called.
   *
   * @param followed tells whether the version in a stage of a model is kept loaded
   * @param scheduler where pauses before another try are waited out; stays the caller's
   */
  public StageRouter(
      Catalog catalog,
      ModelPool pool,
      RulesInForce rules,
      BiPredicate<String, Stage> followed,
      ScheduledExecutorService scheduler) {
    this.catalog = catalog;
    this.pool = pool;
    this.rules = rules;
    this.followed = followed;
    this.scheduler = scheduler;
  }

  /** What a version may be for a stage. */
  public enum Part {
    /** Answers for it. */
    HOLDER,
    /** Answers a share of its requests. */
    CANARY,
    /** Is asked as well. */
    SHADOW
  }

  private record Role(String model, Stage stage, Part part) {
    @Override
    public String toString() {
      return model + " " + stage.text() + (part == Part.HOLDER ? "" : "'s " + part);
    }
  }

  private record Pending(CatalogVersion version, int tries) {}

  /**
   * The version that a request goes to.
   *
   * @param version the version
   * @param asked what the caller asked for
   * @param revision registry revision known when it was chosen
   * @param route which part of a traffic rule led there
   * @param rule the traffic rule of the stage asked for; absent when there is none to follow
   */
  public record Target(
      CatalogVersion version,
      Selector asked,
      long revision,
      Route route,
      Optional<TrafficRule> rule) {}

  /**
   * Chooses the version for a request that predicts: the canary for its share of them, else as
   * {@link #resolve}. The canary may have been unloaded a moment ago.
   *
   * @param key whom the request is from, who always takes the same way; empty to decide by chance
   */
  public Target route(String model, Selector selector, String key) {
    Target own = resolve(model, selector);
    Optional<Canary> canary = own.rule().flatMap(TrafficRule::canary);
    if (canary.isEmpty()) {
      return own;
    }
    Stage stage = ((Selector.InStage) selector).stage();
    CatalogVersion challenger = answering.get(new Role(model, stage, Part.CANARY));
    if (challenger == null
        || isSame(challenger, own.version())
        || !TrafficSplit.takes(new RuleKey(model, stage), key, canary.get().weight())) {
      return own;
    }
    return new Target(challenger, selector, own.revision(), Route.CANARY, own.rule());
  }

  /**
   * Chooses the version that a selector means.
   *
   * @throws ServiceException if there is no such model, version or alias, the stage is empty, or
   *     the registry was never heard
   */
  public Target resolve(String model, Selector selector) {
    long revision = catalog.revision();
    CatalogModel known = catalog.get(model);
    if (!(selector instanceof Selector.InStage inStage) || !inStage.stage().isServed()) {
      return new Target(known.get(selector), selector, revision, Route.NONE, Optional.empty());
    }
    Optional<TrafficRule> rule = rules.find(known, inStage.stage());
    Optional<CatalogVersion> pinned = pinned(known, rule);
    // Also where another version still answers: a stage that was emptied has none.
    CatalogVersion wanted = pinned.isPresent() ? pinned.get() : known.get(selector);
    CatalogVersion present = answering.get(new Role(model, inStage.stage(), Part.HOLDER));
    CatalogVersion version = present != null ? present : wanted;
    Route route =
        rule.isEmpty()
            ? Route.NONE
            : pinned.isPresent() && isSame(version, wanted) ? Route.PINNED : Route.PRIMARY;
    return new Target(version, selector, revision, route, rule);
  }

  private static Optional<CatalogVersion> pinned(CatalogModel known, Optional<TrafficRule> rule) {
    return rule.flatMap(TrafficRule::pin).flatMap(pin -> known.find(pin.version()));
  }

  /** Returns the version that answers for a stage at the moment; absent until one was loaded. */
  public Optional<VersionKey> answering(String model, Stage stage) {
    return answering(model, stage, Part.HOLDER).map(CatalogVersion::key);
  }

  /** Returns the loaded version that has a part in a stage's traffic at the moment. */
  public Optional<CatalogVersion> answering(String model, Stage stage, Part part) {
    return Optional.ofNullable(answering.get(new Role(model, stage, part)));
  }

  /** Tells whether versions of a model are kept loaded, of one stage at least. */
  public boolean isFollowed(String model) {
    return STAGES.stream().anyMatch(stage -> followed.test(model, stage));
  }

  /** Tells whether the first loads after the start have ended, well or not. */
  public boolean isSettled() {
    return settled.isDone();
  }

  /**
   * Tells whether every followed stage that has a version has one that answers and is loaded; but
   * for versions in Staging for which there is no room.
   */
  public boolean answersEverywhere() {
    if (!catalog.isKnown()) {
      return false;
    }
    for (String name : catalog.names()) {
      for (Stage stage : STAGES) {
        boolean wanted = catalog.find(name).flatMap(model -> model.find(stage)).isPresent();
        CatalogVersion present = answering.get(new Role(name, stage, Part.HOLDER));
        if (wanted
            && followed.test(name, stage)
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
    closeGone();
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
    closeGone();
  }

  /** Closes what was let go of. Never under the lock: an engine may take its time. */
  private void closeGone() {
    if (Thread.holdsLock(lock)) {
      // A load that had ended already; whoever holds the lock comes by here.
      return;
    }
    List<Runnable> gone;
    synchronized (lock) {
      gone = List.copyOf(closings);
      closings.clear();
    }
    gone.forEach(Runnable::run);
  }

  @GuardedBy("lock")
  private List<CompletableFuture<Void>> follow(String model) {
    List<CompletableFuture<Void>> loads = new ArrayList<>();
    for (Stage stage : STAGES) {
      follow(new Role(model, stage, Part.HOLDER)).ifPresent(loads::add);
    }
    // Nobody has to wait for these.
    for (Stage stage : STAGES) {
      for (Part part : List.of(Part.CANARY, Part.SHADOW)) {
        Optional<CompletableFuture<Void>> unused = follow(new Role(model, stage, part));
      }
    }
    pinAndDrop(model);
    return loads;
  }

  /** Looks at models again whose rules began or ended, or whose challengers are not loaded. */
  public void rulesChanged(Set<String> models) {
    synchronized (lock) {
      for (String model : models) {
        List<CompletableFuture<Void>> unused = follow(model);
      }
    }
    closeGone();
  }

  @GuardedBy("lock")
  private Optional<CompletableFuture<Void>> follow(Role key) {
    CatalogVersion wanted = wanted(key);
    if (wanted == null) {
      answering.remove(key);
      pending.remove(key);
      return Optional.empty();
    }
    CatalogVersion present = answering.get(key);
    boolean challenges = key.part() != Part.HOLDER;
    if (challenges && present != null && !(isSame(present, wanted) && pool.isReady(wanted))) {
      // Nothing but the version that the rule names has a part, and a request does not load it.
      answering.remove(key);
      present = null;
    }
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
  private CompletableFuture<Void> load(Role key, CatalogVersion wanted, int tries) {
    pending.put(key, new Pending(wanted, tries));
    CompletableFuture<Void> load = pool.load(wanted, need(key), ModelPool.Retry.AT_ONCE);
    return load.whenComplete((done, failure) -> loaded(key, wanted, failure));
  }

  private void loaded(Role key, CatalogVersion version, Throwable failure) {
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
            "{} is answered by version {}{}",
            key,
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
    closeGone();
  }

  private void retry(Role key, Pending failed) {
    synchronized (lock) {
      if (failed.equals(pending.get(key))) {
        CompletableFuture<Void> unused = load(key, failed.version(), failed.tries() + 1);
      }
    }
    closeGone();
  }

  private static Need need(Role key) {
    return key.part() == Part.HOLDER && key.stage() == Stage.PRODUCTION
        ? Need.PRODUCTION
        : Need.STAGING;
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

  private CatalogVersion wanted(Role key) {
    return followed.test(key.model(), key.stage())
        ? catalog.find(key.model()).flatMap(model -> wanted(model, key)).orElse(null)
        : null;
  }

  private Optional<CatalogVersion> wanted(CatalogModel model, Role key) {
    Optional<TrafficRule> rule = rules.find(model, key.stage());
    return switch (key.part()) {
      case HOLDER -> pinned(model, rule).or(() -> model.find(key.stage()));
      case CANARY ->
          rule.flatMap(TrafficRule::canary).flatMap(canary -> model.find(canary.selector()));
      case SHADOW ->
          rule.flatMap(TrafficRule::shadow).flatMap(shadow -> model.find(shadow.selector()));
    };
  }

  private static boolean isSame(CatalogVersion left, CatalogVersion right) {
    return left.key().equals(right.key()) && left.packageDigest().equals(right.packageDigest());
  }

  /** Pins what stages point to, and lets go of versions that the registry no longer has. */
  @GuardedBy("lock")
  private void pinAndDrop(String model) {
    Map<VersionKey, Need> pinned = new HashMap<>();
    for (Part part : Part.values()) {
      for (Stage stage : STAGES) {
        Role key = new Role(model, stage, part);
        // Production's own first: it needs more than the others do.
        Optional.ofNullable(answering.get(key))
            .ifPresent(version -> pinned.putIfAbsent(version.key(), need(key)));
        Optional.ofNullable(pending.get(key))
            .ifPresent(loading -> pinned.putIfAbsent(loading.version().key(), need(key)));
      }
    }
    pool.pin(model, pinned);
    Optional<CatalogModel> known = catalog.find(model);
    for (ModelStatus status : pool.statuses()) {
      VersionKey key = status.key();
      boolean gone = known.flatMap(present -> present.find(key.version())).isEmpty();
      // One that pipelines run on goes with them.
      if (key.model().equals(model) && gone && !pinned.containsKey(key) && !pool.isHeld(key)) {
        pool.takeOut(key).ifPresent(closings::add);
      }
    }
  }
}
