package dev.slipway.registry.actor;

/**
 * Marks a create call, so that a retry finds what the first call made.
 *
 * @param method which RPC the id belongs to
 * @param requestId the caller's id
 * @param fingerprint digest of the rest of the request
 */
public record IdempotencyKey(String method, String requestId, String fingerprint) {}
