package dev.slipway.artifact.store;

import dev.slipway.artifact.content.Sha256;
import dev.slipway.artifact.upload.PartPlan;
import dev.slipway.artifact.upload.PresignedUpload;
import dev.slipway.artifact.upload.UploadId;
import dev.slipway.artifact.upload.UploadSpec;
import dev.slipway.runtime.database.Database;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Optional;

/** Keeps the rows of presigned uploads. Every method is atomic. Thread-safe. */
public final class PresignedUploadStore {
  private final Database database;

  /** Creates the store on a migrated database. */
  public PresignedUploadStore(Database database) {
    this.database = database;
  }

  /** Returns an upload, also one that has expired and is not swept yet. */
  public Optional<PresignedUpload> find(UploadId id) {
    return database.read(handle -> handle.attach(PresignedUploadDao.class).find(id.value()));
  }

  /** Adds an upload, or returns the one of this name that is there. */
  public PresignedUpload findOrInsert(
      UploadId id, UploadSpec spec, PartPlan plan, Instant expireTime) {
    return Races.write(
        database,
        handle -> {
          PresignedUploadDao dao = handle.attach(PresignedUploadDao.class);
          Optional<PresignedUpload> present = dao.find(id.value());
          if (present.isPresent()) {
            return present.get();
          }
          dao.insert(
              id.value(),
              spec.path().utf8(),
              spec.sizeBytes().isPresent() ? spec.sizeBytes().getAsLong() : null,
              spec.sha256().map(Sha256::hex).orElse(null),
              spec.contentType().orElse(null),
              spec.createOnly(),
              plan.partSizeBytes(),
              plan.partCount(),
              utc(expireTime));
          return dao.find(id.value()).orElseThrow();
        });
  }

  /** Notes the store's own name of an upload; returns false when it has one or is gone. */
  public boolean begin(UploadId id, String storeUploadId) {
    return database.write(
            handle -> handle.attach(PresignedUploadDao.class).begin(id.value(), storeUploadId))
        == 1;
  }

  /**
   * Lets an upload live on, never shorter than before; returns false when it has expired by now or
   * is gone.
   */
  public boolean extend(UploadId id, Instant now, Instant expireTime) {
    return database.write(
            handle ->
                handle
                    .attach(PresignedUploadDao.class)
                    .extend(id.value(), utc(now), utc(expireTime)))
        == 1;
  }

  /** Makes an upload refer to content; returns false when it is gone or was begun anew. */
  public boolean refer(UploadId id, String storeUploadId, Sha256 sha256) {
    return database.write(
            handle ->
                handle
                    .attach(PresignedUploadDao.class)
                    .refer(id.value(), storeUploadId, sha256.hex()))
        == 1;
  }

  /**
   * Removes an upload; does nothing when it is gone or was begun anew.
   *
   * @param storeUploadId the store's name that it had
   */
  public void delete(UploadId id, Optional<String> storeUploadId) {
    int unused =
        database.write(
            handle ->
                handle
                    .attach(PresignedUploadDao.class)
                    .delete(id.value(), storeUploadId.orElse(null)));
  }

  /** Returns how many uploads have expired. */
  public int countExpired(Instant now) {
    return database.read(handle -> handle.attach(PresignedUploadDao.class).countExpired(utc(now)));
  }

  /**
   * Returns uploads that have expired, the oldest first.
   *
   * @param after the last of the page before; empty: from the first
   */
  public List<PresignedUpload> listExpired(
      Instant now, Optional<PresignedUpload> after, int limit) {
    return database.read(
        handle ->
            handle
                .attach(PresignedUploadDao.class)
                .listExpired(
                    utc(now),
                    utc(after.map(PresignedUpload::expireTime).orElse(Instant.EPOCH)),
                    after.map(upload -> upload.id().value()).orElse(""),
                    limit));
  }

  private static OffsetDateTime utc(Instant instant) {
    return OffsetDateTime.ofInstant(instant, ZoneOffset.UTC);
  }
}
