package dev.slipway.cli.registry;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** Writes parts of messages as people read them. Stateless. */
public final class Words {
  private Words() {}

  /** Returns the constant of an enum in words, without the prefix that all of them share. */
  public static String of(Enum<?> constant, String prefix) {
    String name = constant.name();
    return (name.startsWith(prefix) ? name.substring(prefix.length()) : name)
        .toLowerCase(Locale.ROOT)
        .replace('_', ' ');
  }

  /** Returns tags as they are given on a command line, ordered by key. */
  static List<String> tags(Map<String, String> tags) {
    return new TreeMap<>(tags)
        .entrySet().stream().map(tag -> tag.getKey() + "=" + tag.getValue()).toList();
  }

  /** Returns the first line of a longer text, with a mark if there is more. */
  static String firstLine(String text) {
    String all = text.strip();
    int end = all.indexOf('\n');
    return end < 0 ? all : all.substring(0, end).strip() + " …";
  }
}
