package dev.slipway.artifact.asset;

/**
 * Marks a push, so that a retry finds what the first made.
 *
 * @param id chosen by the caller
 * @param fingerprint digest of the rest of the request, 64 hexadecimal digits
 */
public record PushRequest(String id, String fingerprint) {}
