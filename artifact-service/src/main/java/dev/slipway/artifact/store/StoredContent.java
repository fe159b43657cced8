package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Content;
import java.util.function.Predicate;

/**
 * Is content whose bytes the store has had since a moment; they may have been removed after it.
 *
 * @param content digest and size
 * @param removals how often content had begun to be removed before the bytes were made sure of
 * @param anew whether the bytes were stored now, whatever was there under their digest before
 * @param isStored asks the store of bytes again
 */
public record StoredContent(
    Content content, long removals, boolean anew, Predicate<Content> isStored) {}
