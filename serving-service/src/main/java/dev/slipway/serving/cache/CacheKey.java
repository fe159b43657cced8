package dev.slipway.serving.cache;

/**
 * What an answer is found by: the SHA-256 of all that it depends on, so that no two inputs share
 * one.
 */
public record CacheKey(long first, long second, long third, long fourth) {}
