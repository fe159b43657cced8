package dev.slipway.gateway.artifacts;

import java.net.URLConnection;
import java.util.Locale;
import java.util.Set;

/**
 * Says as what files are handed out: by their names alone, never by what an uploader said, and as
 * MLflow's server says it.
 */
final class MediaTypes {
  private static final String TEXT = "text/plain";
  private static final String UNKNOWN = "application/octet-stream";

  private static final Set<String> TEXT_ENDINGS =
      Set.of(
          "txt",
          "log",
          "err",
          "cfg",
          "conf",
          "cnf",
          "cf",
          "ini",
          "properties",
          "prop",
          "hocon",
          "toml",
          "yaml",
          "yml",
          "xml",
          "json",
          "js",
          "py",
          "py3",
          "csv",
          "tsv",
          "md",
          "rst");

  private static final Set<String> TEXT_NAMES = Set.of("MLmodel", "mlproject");

  private MediaTypes() {}

  /** Returns the media type of a file. */
  static String ofName(String name) {
    String ending = name.substring(name.lastIndexOf('.') + 1).toLowerCase(Locale.ROOT);
    if (TEXT_NAMES.contains(name) || (name.contains(".") && TEXT_ENDINGS.contains(ending))) {
      return TEXT;
    }
    String guess = URLConnection.guessContentTypeFromName(name);
    return guess == null ? UNKNOWN : guess;
  }
}
