package dev.slipway.registry.search;

import dev.slipway.registry.search.RegistrySearch.Column;
import dev.slipway.registry.search.RegistrySearch.SortKey;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * Is the search language over one kind of thing: which attributes it has and how it is sorted.
 * Immutable.
 */
public final class SearchLanguage {
  /** Searches registered models. */
  public static final SearchLanguage MODELS =
      new SearchLanguage(
          "models",
          Map.of("name", Attribute.Kind.NAME),
          Map.of(
              "name", Column.NAME,
              "last_updated_timestamp", Column.LAST_UPDATED_TIMESTAMP,
              "timestamp", Column.LAST_UPDATED_TIMESTAMP),
          List.of(),
          List.of(new SortKey(Column.NAME, true)));

  /** Searches versions. */
  public static final SearchLanguage VERSIONS =
      new SearchLanguage(
          "versions",
          Map.of(
              "name", Attribute.Kind.NAME,
              "run_id", Attribute.Kind.RUN_ID,
              "source_path", Attribute.Kind.SOURCE_PATH,
              "version_number", Attribute.Kind.VERSION_NUMBER),
          Map.of(
              "name", Column.NAME,
              "version_number", Column.VERSION_NUMBER,
              "creation_timestamp", Column.CREATION_TIMESTAMP,
              "last_updated_timestamp", Column.LAST_UPDATED_TIMESTAMP),
          List.of(new SortKey(Column.LAST_UPDATED_TIMESTAMP, false)),
          List.of(new SortKey(Column.NAME, true), new SortKey(Column.VERSION_NUMBER, false)));

  /** The most characters of a filter. */
  public static final int MAX_FILTER_LENGTH = 4096;

  private static final int MAX_ORDER_KEYS = 4;

  private final String things;
  private final Map<String, Attribute.Kind> attributes;
  private final Map<String, Column> columns;
  private final List<SortKey> defaultOrder;
  private final List<SortKey> tieBreak;

  private SearchLanguage(
      String things,
      Map<String, Attribute.Kind> attributes,
      Map<String, Column> columns,
      List<SortKey> defaultOrder,
      List<SortKey> tieBreak) {
    this.things = things;
    this.attributes = attributes;
    this.columns = columns;
    this.defaultOrder = defaultOrder;
    this.tieBreak = tieBreak;
  }

  Map<String, Attribute.Kind> attributes() {
    return attributes;
  }

  /**
   * Reads a filter; an empty one means everything.
   *
   * @throws IllegalArgumentException if it does not follow the grammar; the message names the
   *     position
   */
  public Condition parseFilter(String text) {
    return text.isEmpty() ? new Condition.And(List.of()) : new FilterParser(this, text).parse();
  }

  /**
   * Reads sort keys and completes them to an order without ties.
   *
   * @throws IllegalArgumentException if a key is unknown or malformed
   */
  public List<SortKey> parseOrder(List<String> texts) {
    if (texts.size() > MAX_ORDER_KEYS) {
      throw new IllegalArgumentException("has more than " + MAX_ORDER_KEYS + " keys");
    }
    Map<Column, SortKey> keys = new LinkedHashMap<>();
    texts.forEach(text -> put(keys, parseKey(text)));
    if (texts.isEmpty()) {
      defaultOrder.forEach(key -> put(keys, key));
    }
    tieBreak.forEach(key -> put(keys, key));
    return new ArrayList<>(keys.values());
  }

  /** Returns what is searched, in plural. */
  @Override
  public String toString() {
    return things;
  }

  private static void put(Map<Column, SortKey> keys, SortKey key) {
    keys.putIfAbsent(key.column(), key);
  }

  private SortKey parseKey(String text) {
    String[] words = text.strip().split("\\s+", -1);
    Column column = columns.get(words[0]);
    if (column == null) {
      throw new IllegalArgumentException(
          "has the unknown key \""
              + words[0]
              + "\"; one of "
              + columns.keySet().stream().sorted().toList()
              + " is expected");
    }
    String direction = words.length == 1 ? "ASC" : words[1].toUpperCase(Locale.ROOT);
    if (words.length > 2 || !(direction.equals("ASC") || direction.equals("DESC"))) {
      throw new IllegalArgumentException("must be a key, optionally with ASC or DESC");
    }
    return new SortKey(column, direction.equals("ASC"));
  }
}
