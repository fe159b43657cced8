package dev.slipway.serving.model;

import dev.slipway.runtime.error.ServiceException;
import dev.slipway.serving.catalog.VersionKey;
import java.time.Instant;
import java.util.Optional;

/**
 * A version on this server at one moment.
 *
 * @param key which one
 * @param state where in its life it is; FAILED only when nothing of it is loaded
 * @param residence why it is kept; absent when it is not loaded
 * @param loaded the version in memory, if it is
 * @param failure why the last load failed, if it did
 */
public record ModelStatus(
    VersionKey key,
    ModelState state,
    Optional<Residence> residence,
    Optional<LoadedModel> loaded,
    Optional<Failure> failure) {

  /**
   * Why a load failed.
   *
   * @param cause the failure
   * @param time when
   */
  public record Failure(ServiceException cause, Instant time) {}

  static ModelStatus available(VersionKey key) {
    return new ModelStatus(
        key, ModelState.AVAILABLE, Optional.empty(), Optional.empty(), Optional.empty());
  }
}
