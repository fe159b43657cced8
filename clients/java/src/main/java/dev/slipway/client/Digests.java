package dev.slipway.client;

import com.google.protobuf.ByteString;
import dev.slipway.artifact.v1.ManifestEntry;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.zip.CRC32C;

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

  /** Returns the CRC-32C of bytes, as the artifact service sends it along. */
  static int crc32c(ByteString data) {
    CRC32C crc = new CRC32C();
    data.asReadOnlyByteBufferList().forEach(crc::update);
    return (int) crc.getValue();
  }

  /** Adds entries of a manifest, in order, to the digest of the whole. */
  static void addEntries(MessageDigest digest, List<ManifestEntry> entries) {
    for (ManifestEntry entry : entries) {
      String line = entry.getSha256() + ' ' + entry.getSizeBytes() + ' ' + entry.getPath() + '\n';
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
  }
}
