package dev.slipway.serving.inference;

import java.util.List;
import java.util.NavigableMap;
import java.util.TreeMap;

/**
 * The rows of one request that cannot be predicted, gathered on its way. Used by one thread at a
 * time.
 */
public final class RowFaults {
  private final NavigableMap<Long, RowFault> byRow = new TreeMap<>();

  /** Takes note of a fault; of several of one row the first counts. */
  public void add(long row, String field, RuntimeException failure) {
    byRow.putIfAbsent(row, new RowFault(row, field, failure));
  }

  boolean has(long row) {
    return byRow.containsKey(row);
  }

  int size() {
    return byRow.size();
  }

  /** Returns the faults, ascending by row. */
  List<RowFault> list() {
    return List.copyOf(byRow.values());
  }
}
