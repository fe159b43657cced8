package dev.slipway.artifact.maintenance;

import dev.slipway.artifact.content.Content;

/**
 * Is content and what is to be done with it.
 *
 * @param content digest and size
 * @param verdict what is to be done
 */
public record JudgedContent(Content content, Verdict verdict) {}
