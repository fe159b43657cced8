package dev.slipway.artifact.asset;

import java.nio.charset.StandardCharsets;
import java.util.Collections;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Is what a push says about a version. Immutable.
 *
 * @param author who pushed it; may be empty
 * @param description what is new in it; may be empty
 * @param metadata facts about it, sorted by key
 */
public record AssetNotes(String author, String description, SortedMap<String, String> metadata) {
  /** Most characters of an author. */
  public static final int MAX_AUTHOR_CHARS = 255;

  /** Most characters of a description. */
  public static final int MAX_DESCRIPTION_CHARS = 5000;

  /** Most facts. */
  public static final int MAX_METADATA = 100;

  /** Most characters of the key of a fact. */
  public static final int MAX_KEY_CHARS = 250;

  /** Most characters of the value of a fact. */
  public static final int MAX_VALUE_CHARS = 5000;

  /** Copies the facts. */
  public AssetNotes {
    metadata = Collections.unmodifiableSortedMap(new TreeMap<>(metadata));
  }

  /** Returns notes with facts in any order. */
  public static AssetNotes of(String author, String description, Map<String, String> metadata) {
    return new AssetNotes(author, description, new TreeMap<>(metadata));
  }

  /** Returns the size of all text in UTF-8, 3 MB at most. */
  public int textBytes() {
    long bytes = utf8Length(author) + utf8Length(description);
    for (Map.Entry<String, String> fact : metadata.entrySet()) {
      bytes += utf8Length(fact.getKey()) + utf8Length(fact.getValue());
    }
    return (int) bytes;
  }

  private static long utf8Length(String text) {
    return text.getBytes(StandardCharsets.UTF_8).length;
  }
}
