package dev.slipway.serving.catalog;

import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.function.Consumer;
import java.util.stream.Collectors;

/**
 * The last known state of the registry. One thread at a time changes it, the one that follows the
 * registry; any thread reads. Each model is seen whole: all of an event's changes to it, or none.
 */
public final class Catalog {
  private static final long NEVER = -1;

  private final Map<String, CatalogModel> models = new ConcurrentHashMap<>();
  private volatile long revision = NEVER;
  private volatile Optional<Instant> heardTime = Optional.empty();
  private volatile Consumer<Set<String>> listener = names -> {};
  private final Set<Awaited> awaited = ConcurrentHashMap.newKeySet();

  private record Awaited(long revision, CompletableFuture<Void> reached) {}

  /**
   * Sets who is told, on the changing thread, which models may have changed. Replaces the one
   * before.
   */
  public void onChange(Consumer<Set<String>> newListener) {
    this.listener = newListener;
  }

  /** Tells whether the registry was heard at least once, by this server or the one before it. */
  public boolean isKnown() {
    return revision != NEVER;
  }

  /**
   * Returns the last revision that was taken over; 0 before the first event of an empty registry.
   */
  public long revision() {
    return Math.max(0, revision);
  }

  /**
   * Returns a future that ends when a revision was taken over, on the changing thread, or fails
   * with a {@link TimeoutException}.
   */
  public CompletableFuture<Void> awaitRevision(long wanted, Duration patience) {
    Awaited waiter = new Awaited(wanted, new CompletableFuture<>());
    awaited.add(waiter);
    CompletableFuture<Void> ended =
        waiter
            .reached()
            .orTimeout(patience.toMillis(), TimeUnit.MILLISECONDS)
            .whenComplete((reached, late) -> awaited.remove(waiter));
    tellWaiting();
    return ended;
  }

  private void tellWaiting() {
    long reached = revision;
    for (Awaited waiter : awaited) {
      if (waiter.revision() <= reached) {
        waiter.reached().complete(null);
      }
    }
  }

  /** Returns when the registry was last heard; absent if it never was. */
  public Optional<Instant> heardTime() {
    return heardTime;
  }

  /** Takes note that the registry was heard; what it said is taken over before. */
  public void heard(Instant time) {
    heardTime = Optional.of(time);
  }

  /**
   * One moment of the catalog, to be kept over a restart.
   *
   * @param revision last revision that was taken over
   * @param heardTime when the registry was last heard
   * @param models every model
   */
  public record State(long revision, Instant heardTime, List<CatalogModel> models) {
    /** Copies the list. */
    public State {
      models = List.copyOf(models);
    }
  }

  /** Returns all that is known; empty if the registry was never heard. */
  public synchronized Optional<State> state() {
    return heardTime
        .filter(time -> isKnown())
        .map(time -> new State(revision, time, List.copyOf(models.values())));
  }

  /**
   * Takes over what an earlier server knew, unless the registry was heard since; returns whether it
   * did.
   */
  public synchronized boolean restore(State state) {
    if (isKnown()) {
      return false;
    }
    heardTime = Optional.of(state.heardTime());
    reset(state.revision(), state.models());
    return true;
  }

  /** Replaces everything by a snapshot. */
  public synchronized void reset(long newRevision, Collection<CatalogModel> snapshot) {
    Set<String> touched = new HashSet<>(models.keySet());
    Set<String> present = new HashSet<>();
    for (CatalogModel model : snapshot) {
      models.put(model.name(), model);
      present.add(model.name());
    }
    models.keySet().retainAll(present);
    revision = newRevision;
    touched.addAll(present);
    listener.accept(touched);
    tellWaiting();
  }

  /**
   * Takes over the changes of one event. Events at or below the present revision were taken over
   * before.
   */
  public synchronized void apply(long eventRevision, List<CatalogChange> changes) {
    if (eventRevision <= revision) {
      return;
    }
    Set<String> touched = new TreeSet<>();
    Map<String, CatalogModel> changed = new ConcurrentHashMap<>();
    Set<String> removed = new HashSet<>();
    for (CatalogChange change : changes) {
      apply(change, changed, removed, touched);
    }
    models.putAll(changed);
    models.keySet().removeAll(removed);
    revision = eventRevision;
    if (!touched.isEmpty()) {
      listener.accept(touched);
    }
    tellWaiting();
  }

  private void apply(
      CatalogChange change,
      Map<String, CatalogModel> changed,
      Set<String> removed,
      Set<String> touched) {
    if (change instanceof CatalogChange.ModelPut model) {
      put(current(model.model(), changed).with(model.policy()), changed, removed, touched);
    } else if (change instanceof CatalogChange.ModelRemoved gone) {
      changed.remove(gone.model());
      removed.add(gone.model());
      touched.add(gone.model());
    } else if (change instanceof CatalogChange.ModelRenamed renamed) {
      put(
          current(renamed.oldName(), changed).renamed(renamed.newName()),
          changed,
          removed,
          touched);
      changed.remove(renamed.oldName());
      removed.add(renamed.oldName());
      touched.add(renamed.oldName());
    } else if (change instanceof CatalogChange.VersionPut put) {
      CatalogVersion version = put.version();
      put(current(version.key().model(), changed).with(version), changed, removed, touched);
    } else if (change instanceof CatalogChange.VersionRemoved gone) {
      put(
          current(gone.key().model(), changed).without(gone.key().version()),
          changed,
          removed,
          touched);
    }
  }

  private CatalogModel current(String name, Map<String, CatalogModel> changed) {
    CatalogModel pending = changed.get(name);
    if (pending != null) {
      return pending;
    }
    CatalogModel known = models.get(name);
    return known != null ? known : CatalogModel.of(name, List.of());
  }

  private static void put(
      CatalogModel model,
      Map<String, CatalogModel> changed,
      Set<String> removed,
      Set<String> touched) {
    changed.put(model.name(), model);
    removed.remove(model.name());
    touched.add(model.name());
  }

  /** Takes note that nothing happened up to a revision. */
  public synchronized void advance(long heartbeatRevision) {
    if (isKnown() && heartbeatRevision > revision) {
      revision = heartbeatRevision;
      tellWaiting();
    }
  }

  /**
   * Returns a model.
   *
   * @throws RegistryNotReadyException if the registry was never heard
   * @throws ModelNotFoundException if there is none of that name
   */
  public CatalogModel get(String name) {
    CatalogModel model = models.get(name);
    if (model == null) {
      requireKnown();
      throw new ModelNotFoundException(name, ClosestNames.of(name, models.keySet()));
    }
    return model;
  }

  /** Finds a model. */
  public Optional<CatalogModel> find(String name) {
    return Optional.ofNullable(models.get(name));
  }

  /** Returns the models that have a traffic rule, followed or not. */
  public List<CatalogModel> modelsWithRules() {
    return models.values().stream().filter(model -> !model.policy().rules().isEmpty()).toList();
  }

  /** Finds a version. */
  public Optional<CatalogVersion> find(VersionKey key) {
    return find(key.model()).flatMap(model -> model.find(key.version()));
  }

  /** Returns the digests of all versions' packages. */
  public Set<String> packageDigests() {
    return models.values().stream()
        .flatMap(model -> model.versions().stream())
        .map(CatalogVersion::packageDigest)
        .collect(Collectors.toSet());
  }

  /**
   * Returns all names, ascending.
   *
   * @throws RegistryNotReadyException if the registry was never heard
   */
  public List<String> names() {
    requireKnown();
    return models.keySet().stream().sorted().toList();
  }

  private void requireKnown() {
    if (!isKnown()) {
      throw new RegistryNotReadyException();
    }
  }
}
