package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import dev.slipway.runtime.error.InvalidValueException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says where a package is, as a caller names it. */
public sealed interface PackageSource {
  /** The most characters of a source. */
  int MAX_LENGTH = 2048;

  /** Returns the text that the caller gave. */
  String text();

  /** Is a folder of the artifact service. */
  record ArtifactFolder(String text, String path) implements PackageSource {
    /** Checks that a folder is named. */
    public ArtifactFolder {
      if (path.isEmpty()) {
        throw new IllegalArgumentException("must name a folder below the root");
      }
    }
  }

  /** Is a folder of a run's artifacts; an empty path means all of them. */
  record RunFolder(String text, RunId runId, String path) implements PackageSource {}

  /** Is the package of another version. */
  record OtherVersion(String text, ModelName name, VersionNumber version)
      implements PackageSource {}

  /** Is somewhere that this suite does not reach. */
  record Elsewhere(String text) implements PackageSource {}

  /**
   * Reads a source.
   *
   * @throws IllegalArgumentException if it is malformed or its path is not safe
   */
  static PackageSource parse(String text) {
    if (text.isBlank()) {
      throw InvalidValueException.missing();
    }
    if (text.length() > MAX_LENGTH) {
      throw new IllegalArgumentException("has more than " + MAX_LENGTH + " characters");
    }
    Matcher uri = SourceForms.SCHEME.matcher(text);
    if (!uri.matches()) {
      return new ArtifactFolder(text, SourceForms.safePath(text));
    }
    String rest = uri.group("rest");
    return switch (uri.group("scheme")) {
      case "mlflow-artifacts" ->
          new ArtifactFolder(text, SourceForms.safePath(SourceForms.withoutAuthority(rest)));
      case "runs" -> runFolder(text, SourceForms.withoutAuthority(rest));
      case "models" -> otherVersion(text, SourceForms.withoutAuthority(rest));
      case "file" ->
          throw new IllegalArgumentException(
              "is a file on the caller's machine; upload it to the artifact service first");
      default -> elsewhere(text);
    };
  }

  private static RunFolder runFolder(String text, String rest) {
    int slash = rest.indexOf('/');
    String runId = slash < 0 ? rest : rest.substring(0, slash);
    try {
      return new RunFolder(
          text, new RunId(runId), SourceForms.safePath(slash < 0 ? "" : rest.substring(slash + 1)));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("must be runs:/<run_id>/<path>; " + e.getMessage(), e);
    }
  }

  private static OtherVersion otherVersion(String text, String rest) {
    Matcher form = SourceForms.MODEL_VERSION.matcher(rest);
    if (!form.matches()) {
      throw new IllegalArgumentException("must be models:/<name>/<version>");
    }
    return new OtherVersion(
        text, new ModelName(form.group(1)), new VersionNumber(Long.parseLong(form.group(2))));
  }

  private static Elsewhere elsewhere(String text) {
    String decoded = SourceForms.decode(text);
    if (decoded.indexOf('\0') >= 0 || decoded.matches("(.*[/\\\\])?\\.\\.?([/\\\\].*)?")) {
      throw new IllegalArgumentException("must not contain . or .. segments, nor NUL");
    }
    try {
      return new Elsewhere(new URI(text).toString());
    } catch (URISyntaxException e) {
      throw new IllegalArgumentException("is not a URI: " + e.getMessage(), e);
    }
  }

  /** Holds what the forms of a source share. */
  final class SourceForms {
    private static final int MAX_DECODINGS = 10;
    private static final Pattern SCHEME =
        Pattern.compile("(?<scheme>[A-Za-z][A-Za-z0-9+.-]+):(?<rest>.*)", Pattern.DOTALL);
    private static final Pattern MODEL_VERSION = Pattern.compile("([^/]+)/([1-9][0-9]{0,17})");

    private SourceForms() {}

    private static String withoutAuthority(String rest) {
      if (rest.startsWith("//") && !rest.startsWith("///")) {
        throw new IllegalArgumentException("must not name a host");
      }
      return rest.startsWith("///")
          ? rest.substring(3)
          : rest.startsWith("/") ? rest.substring(1) : rest;
    }

    private static String safePath(String raw) {
      String path = raw.endsWith("/") ? raw.substring(0, raw.length() - 1) : raw;
      String decoded = decode(path);
      if (decoded.isEmpty()) {
        return path;
      }
      if (decoded.startsWith("/") || decoded.matches("[A-Za-z]:.*")) {
        throw new IllegalArgumentException("must be a relative path");
      }
      if (decoded.chars().anyMatch(c -> c == '\\' || c == '#' || Character.isISOControl(c))) {
        throw new IllegalArgumentException("must not contain a backslash, # or control characters");
      }
      for (String segment : decoded.split("/", -1)) {
        if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
          throw new IllegalArgumentException("must not have empty, . or .. segments");
        }
      }
      return path;
    }

    private static String decode(String text) {
      String current = text;
      for (int i = 0; i < MAX_DECODINGS; i++) {
        String next;
        try {
          next = URLDecoder.decode(current.replace("+", "%2B"), StandardCharsets.UTF_8);
        } catch (IllegalArgumentException e) {
          return current;
        }
        if (next.equals(current)) {
          return current;
        }
        current = next;
      }
      throw new IllegalArgumentException("is percent-encoded too many times");
    }
  }
}
