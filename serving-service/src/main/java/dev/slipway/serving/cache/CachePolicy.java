package dev.slipway.serving.cache;

import java.time.Duration;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * How answers of one model are kept.
 *
 * @param byRow whether each row is an answer of its own; otherwise each request is
 * @param maxBytes share of the cache that the model may fill; empty for all
 * @param timeToLive how long an answer may be used again; empty for ever
 */
public record CachePolicy(boolean byRow, OptionalLong maxBytes, Optional<Duration> timeToLive) {}
