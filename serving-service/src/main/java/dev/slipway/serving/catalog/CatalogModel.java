package dev.slipway.serving.catalog;

import dev.slipway.runtime.error.ServiceException;
import java.util.Collection;
import java.util.Collections;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

/** One model with how it is served and its versions, indexed for look-up. Immutable. */
public final class CatalogModel {
  private final String name;
  private final ServingPolicy policy;
  private final NavigableMap<Long, CatalogVersion> versions;
  private final Map<Stage, CatalogVersion> byStage = new EnumMap<>(Stage.class);
  private final Map<String, CatalogVersion> byAlias = new HashMap<>();
  private final Optional<CatalogVersion> latest;

  private CatalogModel(
      String name, ServingPolicy policy, NavigableMap<Long, CatalogVersion> versions) {
    this.name = name;
    this.policy = policy;
    this.versions = Collections.unmodifiableNavigableMap(versions);
    CatalogVersion highest = null;
    for (CatalogVersion version : versions.values()) {
      // Ascending, so the highest number of a stage stays.
      byStage.put(version.stage(), version);
      version.aliases().forEach(alias -> byAlias.put(alias, version));
      if (version.readiness() == CatalogVersion.Readiness.READY) {
        highest = version;
      }
    }
    this.latest = Optional.ofNullable(highest);
  }

  /** Returns a model with these versions, all of which bear its name, and no policy of its own. */
  public static CatalogModel of(String name, Collection<CatalogVersion> versions) {
    return of(name, ServingPolicy.NONE, versions);
  }

  /** Returns a model with this policy and versions, all of which bear its name. */
  public static CatalogModel of(
      String name, ServingPolicy policy, Collection<CatalogVersion> versions) {
    NavigableMap<Long, CatalogVersion> sorted = new TreeMap<>();
    versions.forEach(version -> sorted.put(version.key().version(), version));
    return new CatalogModel(name, policy, sorted);
  }

  /** Returns the model's name. */
  public String name() {
    return name;
  }

  /** Returns how it is served. */
  public ServingPolicy policy() {
    return policy;
  }

  /** Returns the versions, ascending by number. */
  public Collection<CatalogVersion> versions() {
    return versions.values();
  }

  /** Finds a version by number. */
  public Optional<CatalogVersion> find(long version) {
    return Optional.ofNullable(versions.get(version));
  }

  /** Finds the version in a stage; of several the one with the highest number. */
  public Optional<CatalogVersion> find(Stage stage) {
    return Optional.ofNullable(byStage.get(stage));
  }

  /** Finds the version that an alias points to. */
  public Optional<CatalogVersion> findByAlias(String alias) {
    return Optional.ofNullable(byAlias.get(alias));
  }

  /** Finds the version that a selector means. */
  public Optional<CatalogVersion> find(Selector selector) {
    if (selector instanceof Selector.InStage inStage) {
      return find(inStage.stage());
    }
    if (selector instanceof Selector.Numbered numbered) {
      return find(numbered.version());
    }
    return selector instanceof Selector.Aliased aliased ? findByAlias(aliased.alias()) : latest;
  }

  /** Finds the ready version with the highest number. */
  public Optional<CatalogVersion> findLatest() {
    return latest;
  }

  /**
   * Finds the version that a selector means.
   *
   * @throws VersionNotFoundException if there is none with the number, or none at all
   * @throws AliasNotFoundException if there is no such alias
   * @throws StageEmptyException if no version is in the stage
   */
  public CatalogVersion get(Selector selector) {
    return find(selector).orElseThrow(() -> notFound(selector));
  }

  private ServiceException notFound(Selector selector) {
    if (selector instanceof Selector.InStage inStage) {
      return new StageEmptyException(this, inStage.stage());
    }
    if (selector instanceof Selector.Numbered numbered) {
      return new VersionNotFoundException(this, numbered.version());
    }
    return selector instanceof Selector.Aliased aliased
        ? new AliasNotFoundException(this, aliased.alias())
        : new VersionNotFoundException(this);
  }

  CatalogModel with(ServingPolicy newPolicy) {
    return new CatalogModel(name, newPolicy, versions);
  }

  CatalogModel with(CatalogVersion version) {
    NavigableMap<Long, CatalogVersion> changed = new TreeMap<>(versions);
    changed.put(version.key().version(), version);
    return new CatalogModel(name, policy, changed);
  }

  CatalogModel without(long version) {
    NavigableMap<Long, CatalogVersion> changed = new TreeMap<>(versions);
    changed.remove(version);
    return new CatalogModel(name, policy, changed);
  }

  CatalogModel renamed(String newName) {
    return of(
        newName,
        policy,
        versions.values().stream().map(version -> version.renamed(newName)).toList());
  }

  /** Says in words what there is: {@code versions 1 (None), 2 (Staging)}. */
  String inventory() {
    if (versions.isEmpty()) {
      return "it has no version";
    }
    StringBuilder text = new StringBuilder("it has ");
    int shown = 0;
    for (CatalogVersion version : versions.descendingMap().values()) {
      if (shown == 5) {
        text.append(" and ").append(versions.size() - shown).append(" more");
        break;
      }
      text.append(shown == 0 ? "version " : ", version ").append(version.key().version());
      text.append(" (").append(version.stage().text()).append(')');
      shown++;
    }
    return text.toString();
  }
}
