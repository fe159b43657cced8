package dev.slipway.tracking.store;

import dev.slipway.tracking.experiment.ExperimentId;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;

/**
 * Computes what params and tags are looked up by: values are longer than indexes take. Whoever
 * looks up compares key and value too, as two entries may share a hash.
 */
public final class EntryHash {
  private EntryHash() {}

  /** Returns 64 bits of the SHA-256 of an experiment's number, a key and a value. */
  public static long of(ExperimentId experiment, String key, String value) {
    MessageDigest digest;
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every JDK has SHA-256", e);
    }
    byte[] keyBytes = key.getBytes(StandardCharsets.UTF_8);
    digest.update(
        ByteBuffer.allocate(Long.BYTES + Integer.BYTES)
            .putLong(experiment.number())
            .putInt(keyBytes.length)
            .flip());
    digest.update(keyBytes);
    return ByteBuffer.wrap(digest.digest(value.getBytes(StandardCharsets.UTF_8))).getLong();
  }
}
