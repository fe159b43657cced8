package dev.slipway.artifact.upload;

import java.time.Instant;
import java.util.Optional;

/**
 * Is an upload whose bytes go straight to the object store. Immutable.
 *
 * @param id its name
 * @param spec what it is to become; its upload id is {@code id}
 * @param plan its parts
 * @param storeUploadId the store's own name of it; empty before it is begun there
 * @param expireTime when it is over unless it is used before
 */
public record PresignedUpload(
    UploadId id,
    UploadSpec spec,
    PartPlan plan,
    Optional<String> storeUploadId,
    Instant expireTime) {

  /** Returns whether it is over: whoever asks for it is told that it is not known. */
  public boolean isExpired(Instant now) {
    return !expireTime.isAfter(now);
  }
}
