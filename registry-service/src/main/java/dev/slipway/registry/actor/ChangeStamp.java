package dev.slipway.registry.actor;

import java.time.Instant;

/**
 * Says when and by whom a thing was created and last changed.
 *
 * @param revision registry revision of the last change
 */
public record ChangeStamp(
    Instant createdAt, String createdBy, Instant updatedAt, String updatedBy, long revision) {}
