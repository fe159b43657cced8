package dev.slipway.artifact.content;

/**
 * Is one file of a manifest.
 *
 * @param path path relative to what the snapshot was taken of
 * @param content its bytes
 */
public record ManifestEntry(ArtifactPath path, Content content) {}
