package dev.slipway.client;

import dev.slipway.artifact.v1.ManifestEntry;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/** Computes SHA-256, and of manifests as {@code slipway.artifact.v1.Manifest} says. Stateless. */
final class Digests {
  private Digests() {}

  static MessageDigest newSha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  static String hex(MessageDigest accumulated) {
    return HexFormat.of().formatHex(accumulated.digest());
  }

  /** Returns the digest of a manifest whose entries are all there, in order. */
  static String manifest(List<ManifestEntry> entries) {
    MessageDigest digest = newSha256();
    for (ManifestEntry entry : entries) {
      String line = entry.getSha256() + ' ' + entry.getSizeBytes() + ' ' + entry.getPath() + '\n';
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
    return hex(digest);
  }
}
