package dev.slipway.client;

/**
 * Says what was uploaded of a folder.
 *
 * @param files how many files
 * @param bytes sum of their sizes
 */
public record UploadedFolder(long files, long bytes) {}
