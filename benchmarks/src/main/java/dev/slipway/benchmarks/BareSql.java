package dev.slipway.benchmarks;

import java.util.List;

/** Is a statement with its values. */
record BareSql(String text, List<Object> values) {
  BareSql(String text, Object... values) {
    this(text, List.of(values));
  }

  /** Copies the values. */
  BareSql {
    values = List.copyOf(values);
  }
}
