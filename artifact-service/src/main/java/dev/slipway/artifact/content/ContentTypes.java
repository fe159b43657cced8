package dev.slipway.artifact.content;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Pattern;

/**
 * Tells media types from names and from first bytes, so that a browser knows what to show. Names as
 * MLflow's server reads them: all that is text to a person is {@code text/plain}. Stateless.
 */
public final class ContentTypes {
  /** What bytes are of which nothing is known. */
  public static final String UNKNOWN = "application/octet-stream";

  /** How many first bytes {@link #ofBytes} looks at. */
  public static final int HEAD_BYTES = 512;

  private static final String TEXT = "text/plain";
  private static final Map<String, String> BY_EXTENSION =
      Map.ofEntries(
          Map.entry("txt", TEXT),
          Map.entry("log", TEXT),
          Map.entry("err", TEXT),
          Map.entry("cfg", TEXT),
          Map.entry("conf", TEXT),
          Map.entry("cnf", TEXT),
          Map.entry("cf", TEXT),
          Map.entry("ini", TEXT),
          Map.entry("properties", TEXT),
          Map.entry("prop", TEXT),
          Map.entry("hocon", TEXT),
          Map.entry("toml", TEXT),
          Map.entry("yaml", TEXT),
          Map.entry("yml", TEXT),
          Map.entry("xml", TEXT),
          Map.entry("json", TEXT),
          Map.entry("js", TEXT),
          Map.entry("py", TEXT),
          Map.entry("py3", TEXT),
          Map.entry("csv", TEXT),
          Map.entry("tsv", TEXT),
          Map.entry("md", TEXT),
          Map.entry("rst", TEXT),
          Map.entry("html", "text/html"),
          Map.entry("htm", "text/html"),
          Map.entry("png", "image/png"),
          Map.entry("jpg", "image/jpeg"),
          Map.entry("jpeg", "image/jpeg"),
          Map.entry("gif", "image/gif"),
          Map.entry("webp", "image/webp"),
          Map.entry("bmp", "image/bmp"),
          Map.entry("svg", "image/svg+xml"),
          Map.entry("pdf", "application/pdf"),
          Map.entry("zip", "application/zip"),
          Map.entry("gz", "application/gzip"),
          Map.entry("tar", "application/x-tar"),
          Map.entry("wav", "audio/wav"),
          Map.entry("mp3", "audio/mpeg"),
          Map.entry("mp4", "video/mp4"),
          Map.entry("parquet", "application/vnd.apache.parquet"),
          Map.entry("onnx", UNKNOWN),
          Map.entry("pkl", UNKNOWN),
          Map.entry("bin", UNKNOWN),
          Map.entry("ubj", UNKNOWN));
  private static final Map<String, String> BY_NAME =
      Map.of("mlmodel", TEXT, "mlproject", TEXT, "dockerfile", TEXT, "makefile", TEXT);
  // First bytes in hexadecimal digits.
  private static final Map<Pattern, String> BY_MAGIC =
      Map.of(
          Pattern.compile("89504e470d0a1a0a"), "image/png",
          Pattern.compile("ffd8ff"), "image/jpeg",
          Pattern.compile("474946383[79]61"), "image/gif",
          // "RIFF", the size, "WEBP".
          Pattern.compile("52494646.{8}57454250"), "image/webp",
          // "BM" alone begins many a text; behind the size come four zeros.
          Pattern.compile("424d.{8}00000000"), "image/bmp",
          Pattern.compile("255044462d"), "application/pdf",
          Pattern.compile("504b0304"), "application/zip",
          Pattern.compile("1f8b"), "application/gzip",
          Pattern.compile("50415231"), "application/vnd.apache.parquet");

  private ContentTypes() {}

  /** Returns what the name of a file says; empty when it says nothing. */
  public static Optional<String> ofName(String name) {
    String lower = name.toLowerCase(Locale.ROOT);
    String byName = BY_NAME.get(lower);
    if (byName != null) {
      return Optional.of(byName);
    }
    int dot = lower.lastIndexOf('.');
    return dot < 0
        ? Optional.empty()
        : Optional.ofNullable(BY_EXTENSION.get(lower.substring(dot + 1)));
  }

  /** Returns what the first bytes of a file say; never empty. */
  public static String ofBytes(byte[] head) {
    String hex = HexFormat.of().formatHex(head, 0, Math.min(head.length, HEAD_BYTES));
    for (Map.Entry<Pattern, String> magic : BY_MAGIC.entrySet()) {
      if (magic.getKey().matcher(hex).lookingAt()) {
        return magic.getValue();
      }
    }
    return isText(head) ? TEXT : UNKNOWN;
  }

  private static boolean isText(byte[] head) {
    CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder();
    CharBuffer text = CharBuffer.allocate(head.length);
    // Not the end of input: a character may be cut by the end of the head.
    CoderResult result = decoder.decode(ByteBuffer.wrap(head), text, false);
    if (result.isError() || head.length == 0) {
      return false;
    }
    return text.flip().chars().noneMatch(c -> c < ' ' && c != '\t' && c != '\n' && c != '\r');
  }
}
