package dev.slipway.runtime.paging;

import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.zip.CRC32C;

/**
 * Is an opaque continuation of a list: the sort keys of the last item seen, bound to the query that
 * it came from.
 *
 * <p>Continuing from keys and not from an offset keeps pages right while items come and go (<a
 * href="https://google.aip.dev/158">AIP-158</a>). The text form is URL-safe base64 of: version
 * byte, CRC-32C of the query's fingerprint, key count, keys in modified UTF-8, CRC-32C of all
 * before. The checksums catch truncation, typing errors and mixed-up queries; they are no
 * protection against forgery, and a forged token gives no more than a page that the caller could
 * have asked for. Immutable.
 */
public final class PageToken {
  private static final byte VERSION = 1;
  private static final int MAX_TEXT = 64 * 1024;
  private static final int MAX_KEYS = 255;

  /** Of up to three bytes each, four characters of text form for three bytes. */
  private static final int MAX_KEY_CHARS = MAX_TEXT / 4 - 1024;

  static final String NOT_OURS = "is not a page token of this list; start again without one";

  private final List<String> keys;

  private PageToken(List<String> keys) {
    this.keys = List.copyOf(keys);
  }

  /** Returns the sort keys of the last item of the previous page, in sort order. */
  public List<String> keys() {
    return keys;
  }

  /**
   * Returns the text form of a token.
   *
   * @throws IllegalArgumentException if the keys are so long that {@link #decode} would refuse the
   *     token: sort by the start of a long text, not by all of it
   */
  public static String encode(String fingerprint, List<String> keys) {
    if (keys.size() > MAX_KEYS || keys.stream().mapToInt(String::length).sum() > MAX_KEY_CHARS) {
      throw new IllegalArgumentException("too many or too long keys for a page token");
    }
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeByte(VERSION);
      out.writeInt(crc(fingerprint.getBytes(StandardCharsets.UTF_8)));
      out.writeByte(keys.size());
      for (String key : keys) {
        out.writeUTF(key);
      }
      out.writeInt(crc(bytes.toByteArray()));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes.toByteArray());
  }

  /**
   * Reads the text form.
   *
   * @throws IllegalArgumentException if the text is damaged, or belongs to another query
   */
  public static PageToken decode(String text, String fingerprint) {
    byte[] bytes = bytes(text);
    List<String> keys = new ArrayList<>();
    int queryCrc;
    try (DataInputStream in = new DataInputStream(new ByteArrayInputStream(bytes))) {
      if (in.readByte() != VERSION) {
        throw new IllegalArgumentException(NOT_OURS);
      }
      queryCrc = in.readInt();
      int count = in.readUnsignedByte();
      for (int i = 0; i < count; i++) {
        keys.add(in.readUTF());
      }
      int bodyLength = bytes.length - in.available();
      if (in.readInt() != crc(Arrays.copyOf(bytes, bodyLength)) || in.available() != 0) {
        throw new IllegalArgumentException(NOT_OURS);
      }
    } catch (IOException e) {
      throw new IllegalArgumentException(NOT_OURS, e);
    }
    if (keys.stream().anyMatch(key -> key.indexOf('\0') >= 0)) {
      // No text that we store holds it, and PostgreSQL refuses it.
      throw new IllegalArgumentException(NOT_OURS);
    }
    if (queryCrc != crc(fingerprint.getBytes(StandardCharsets.UTF_8))) {
      throw new IllegalArgumentException(
          "belongs to another query; keep filter, order and view unchanged while paging");
    }
    return new PageToken(keys);
  }

  private static byte[] bytes(String text) {
    if (text.length() > MAX_TEXT) {
      throw new IllegalArgumentException(NOT_OURS);
    }
    try {
      return Base64.getUrlDecoder().decode(text);
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(NOT_OURS, e);
    }
  }

  private static int crc(byte[] bytes) {
    CRC32C crc = new CRC32C();
    crc.update(bytes);
    return (int) crc.getValue();
  }
}
