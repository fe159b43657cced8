package dev.slipway.tracking.store;

import dev.slipway.runtime.database.Database;
import dev.slipway.tracking.store.MetricDao.NameRow;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/** Gives metric names their short numbers, and remembers those in use. Thread-safe. */
final class MetricNames {
  /** Bounds the memory that callers who invent names without end can take. */
  private static final int MAX_CACHED = 200_000;

  private final Database database;
  private final Map<String, Integer> cache = new ConcurrentHashMap<>();

  MetricNames(Database database) {
    this.database = database;
  }

  boolean isKnown(String name) {
    return cache.containsKey(name);
  }

  /** Returns the number of a name that some point has, if there is any. */
  Optional<Integer> find(String name) {
    return Optional.ofNullable(findAll(List.of(name)).get(name));
  }

  /** Returns the numbers of those names that some point has. */
  Map<String, Integer> findAll(Collection<String> names) {
    Map<String, Integer> found = new HashMap<>();
    Set<String> missing = known(names, found);
    if (!missing.isEmpty()) {
      String[] wanted = missing.toArray(String[]::new);
      for (NameRow row : database.read(handle -> handle.attach(MetricDao.class).names(wanted))) {
        remember(row);
        found.put(row.name(), row.id());
      }
    }
    return found;
  }

  /** Adds the names in memory to those found, and returns the others. */
  private Set<String> known(Collection<String> names, Map<String, Integer> found) {
    Set<String> missing = new HashSet<>();
    for (String name : names) {
      Integer id = cache.get(name);
      if (id == null) {
        missing.add(name);
      } else {
        found.put(name, id);
      }
    }
    return missing;
  }

  /** Returns the numbers of all names, giving numbers to those that have none yet. */
  Map<String, Integer> resolve(Collection<String> names) {
    Map<String, Integer> resolved = findAll(names);
    Set<String> missing = new HashSet<>(names);
    missing.removeAll(resolved.keySet());
    if (!missing.isEmpty()) {
      for (NameRow row : create(missing)) {
        remember(row);
        resolved.put(row.name(), row.id());
      }
    }
    return resolved;
  }

  private List<NameRow> create(Set<String> names) {
    List<String> sorted = names.stream().sorted().toList();
    String[] wanted = sorted.toArray(String[]::new);
    return database.write(
        handle -> {
          MetricDao dao = handle.attach(MetricDao.class);
          dao.insertNames(sorted);
          return dao.names(wanted);
        });
  }

  private void remember(NameRow row) {
    if (cache.size() >= MAX_CACHED) {
      cache.clear();
    }
    cache.put(row.name(), row.id());
  }
}
