package dev.slipway.cli.batch;

import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;

/**
 * Tells whether a file is the one that it was.
 *
 * @param sizeBytes its length
 * @param modifiedMillis when it was changed last
 * @param headSha256 digest of its first mebibyte
 */
record InputIdentity(long sizeBytes, long modifiedMillis, String headSha256) {
  private static final int HEAD_BYTES = 1 << 20;

  /** Looks at a file. */
  static InputIdentity of(Path file) throws IOException {
    try (InputStream in = Files.newInputStream(file)) {
      MessageDigest sha256 = MessageDigest.getInstance("SHA-256");
      return new InputIdentity(
          Files.size(file),
          Files.getLastModifiedTime(file).toMillis(),
          HexFormat.of().formatHex(sha256.digest(in.readNBytes(HEAD_BYTES))));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
