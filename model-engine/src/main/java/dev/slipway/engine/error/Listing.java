package dev.slipway.engine.error;

import java.util.List;

/** Writes what requests and engines name into messages, which travel in headers and stay short. */
public final class Listing {
  private static final int MAX_ITEMS = 20;
  private static final int MAX_LENGTH = 100;

  private Listing() {}

  /** Returns the first 20 items, each cut to 100 characters, and how many more there are. */
  public static String of(List<?> items) {
    String first = items.stream().limit(MAX_ITEMS).map(Listing::shortened).toList().toString();
    int more = items.size() - MAX_ITEMS;
    return more <= 0 ? first : first + " and " + more + " more";
  }

  /** Returns the text of an item, cut to 100 characters. */
  public static String shortened(Object item) {
    String text = item.toString();
    return text.length() <= MAX_LENGTH ? text : text.substring(0, MAX_LENGTH) + "...";
  }
}
