package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Content;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Is what the rows said of some content at one moment.
 *
 * @param content the content, unless it is unknown, suspect or just being removed
 * @param suspect whether there may be bytes that are not those of the digest: they have to be
 *     replaced before the content is bound
 * @param removing whether it is just being removed, or its removal was cut off
 * @param removals how often content had begun to be removed by then
 */
public record ContentLookup(
    Optional<Content> content, boolean suspect, boolean removing, long removals) {
  /**
   * Returns content whose bytes were made sure of after this look-up, or replaced where they were
   * suspect, ready to be bound.
   *
   * @param isStored asks the store of bytes again; called only when content was removed meanwhile,
   *     inside a transaction
   */
  public StoredContent stored(Content made, Predicate<Content> isStored) {
    return new StoredContent(made, removals, suspect, isStored);
  }
}
