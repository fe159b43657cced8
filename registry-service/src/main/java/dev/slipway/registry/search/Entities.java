package dev.slipway.registry.search;

import dev.slipway.runtime.search.Identifier;
import java.util.Locale;

/** Knows the words that stand before the dot of an identifier: the same for models and versions. */
final class Entities {
  private Entities() {}

  /**
   * Returns whether an identifier means a tag and not an attribute.
   *
   * @param things what is searched, for the message
   * @throws IllegalArgumentException if it means neither
   */
  static boolean isTag(Identifier identifier, String things) {
    String entity = identifier.entity().orElse("attribute").toLowerCase(Locale.ROOT);
    return switch (entity) {
      case "tag", "tags" -> true;
      case "attribute", "attributes" -> false;
      default -> throw identifier.unknownEntity(things + "; there are tags and attributes");
    };
  }
}
