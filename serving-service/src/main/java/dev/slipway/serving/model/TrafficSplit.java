package dev.slipway.serving.model;

import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Divides requests by a share. A key has a place between 0 and 1, which is the same on every
 * server, after every restart, and for every share: those below the share are taken, so that only
 * the keys between an old share and a new one change sides. The place depends on model and stage,
 * or the same callers would be the first to try every canary.
 */
final class TrafficSplit {
  private TrafficSplit() {}

  /**
   * Tells whether a request is taken.
   *
   * @param key whom it is from; empty to decide by chance
   * @param share 0 for none to 1 for all
   */
  static boolean takes(RulesInForce.RuleKey rule, String key, double share) {
    double place = key.isEmpty() ? ThreadLocalRandom.current().nextDouble() : place(rule, key);
    return place < share;
  }

  /** Returns the first 53 bits of the SHA-256 of model, stage and key, as a number below 1. */
  private static double place(RulesInForce.RuleKey rule, String key) {
    try {
      MessageDigest sha = MessageDigest.getInstance("SHA-256");
      // A name holds no zero: no two pairs of name and key read alike.
      String text = rule.model() + '\0' + rule.stage().text() + '\0' + key;
      byte[] hash = sha.digest(text.getBytes(StandardCharsets.UTF_8));
      long bits = 0;
      for (int i = 0; i < Long.BYTES; i++) {
        bits = (bits << Byte.SIZE) | (hash[i] & 0xff);
      }
      return (bits >>> 11) * 0x1p-53;
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java has SHA-256", e);
    }
  }
}
