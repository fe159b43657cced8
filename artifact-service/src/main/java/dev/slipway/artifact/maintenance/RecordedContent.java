package dev.slipway.artifact.maintenance;

import dev.slipway.artifact.content.Content;

/**
 * Is content that a row names.
 *
 * @param content digest and size
 * @param inUse whether anything refers to it
 */
public record RecordedContent(Content content, boolean inUse) {}
