package dev.slipway.client;

import com.google.protobuf.ByteString;
import dev.slipway.artifact.v1.ManifestEntry;
import dev.slipway.artifact.v1.UploadSpec;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Pattern;
import java.util.zip.CRC32C;

/** Computes SHA-256, and of manifests as {@code slipway.artifact.v1.Manifest} says. Stateless. */
final class Digests {
  private static final int COPY_BYTES = 256 << 10;
  private static final Pattern HEX = Pattern.compile("[0-9a-f]{64}");

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

  static boolean isSha256(String text) {
    return HEX.matcher(text).matches();
  }

  /** Returns the digest of a file. */
  static String sha256(Path file) throws IOException {
    MessageDigest digest = newSha256();
    byte[] buffer = new byte[COPY_BYTES];
    try (InputStream in = Files.newInputStream(file)) {
      for (int n = in.read(buffer); n >= 0; n = in.read(buffer)) {
        digest.update(buffer, 0, n);
      }
    }
    return hex(digest);
  }

  /** Returns the digest of a manifest whose entries are all there, in order. */
  static String manifest(List<ManifestEntry> entries) {
    MessageDigest digest = newSha256();
    addEntries(digest, entries);
    return hex(digest);
  }

  /** Adds entries of a manifest, in order, to the digest of the whole. */
  static void addEntries(MessageDigest digest, List<ManifestEntry> entries) {
    for (ManifestEntry entry : entries) {
      String line = entry.getSha256() + ' ' + entry.getSizeBytes() + ' ' + entry.getPath() + '\n';
      digest.update(line.getBytes(StandardCharsets.UTF_8));
    }
  }

  /** Returns a name for an upload that is the same for the same file and path, in any process. */
  static String nameOf(UploadSpec spec) {
    MessageDigest digest = newSha256();
    digest.update(
        (spec.getSha256() + ' ' + spec.getSizeBytes() + ' ' + spec.getPath())
            .getBytes(StandardCharsets.UTF_8));
    return hex(digest);
  }
}
