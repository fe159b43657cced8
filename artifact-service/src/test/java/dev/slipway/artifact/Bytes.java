package dev.slipway.artifact;

import dev.slipway.artifact.content.Content;
import dev.slipway.artifact.content.Sha256;
import java.security.MessageDigest;
import java.util.Random;

/** Makes content for tests. */
public final class Bytes {
  private Bytes() {}

  /** Returns bytes that are the same for the same seed. */
  public static byte[] random(long seed, int size) {
    byte[] bytes = new byte[size];
    new Random(seed).nextBytes(bytes);
    return bytes;
  }

  /** Returns the name of bytes. */
  public static Content content(byte[] bytes) {
    MessageDigest digest = Sha256.newDigest();
    digest.update(bytes);
    return new Content(Sha256.of(digest), bytes.length);
  }
}
