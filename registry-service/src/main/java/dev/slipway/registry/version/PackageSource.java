package dev.slipway.registry.version;

import dev.slipway.registry.model.ModelName;
import dev.slipway.runtime.error.InvalidValueException;
import java.net.URI;
import java.net.URISyntaxException;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Says where a package is, as a caller names it. */
public sealed interface PackageSource {
  /** Reason of the violation by a source on the caller's machine. */
  String LOCAL_PATH = "SOURCE_LOCAL_PATH";

  /** Reason of the violation by a source that may lead out of where it seems to be. */
  String UNSAFE = "SOURCE_UNSAFE";

  /** The tag of what MLflow keeps as a version though it is the text of a prompt. */
  String PROMPT_TAG = "mlflow.prompt.is_prompt";

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

  /** Is the package that a logged model of the tracking service keeps. */
  record LoggedModel(String text, LoggedModelId id) implements PackageSource {}

  /** Is somewhere that this suite does not reach, or what stands for the source of a prompt. */
  record Elsewhere(String text) implements PackageSource {}

  /**
   * Reads the source of a version with some tags: a prompt has no files, and any text stands for
   * its source.
   *
   * @throws IllegalArgumentException if it is malformed or its path is not safe
   */
  static PackageSource of(String text, Map<String, String> tags) {
    return Boolean.parseBoolean(tags.get(PROMPT_TAG)) ? ofPrompt(text) : parse(text);
  }

  private static PackageSource ofPrompt(String text) {
    SourceForms.checkText(text);
    if (SourceForms.isLocal(text)) {
      throw SourceForms.local();
    }
    return new Elsewhere(text);
  }

  /**
   * Reads a source.
   *
   * @throws IllegalArgumentException if it is malformed or its path is not safe
   */
  static PackageSource parse(String text) {
    SourceForms.checkText(text);
    if (SourceForms.isLocal(text)) {
      throw SourceForms.local();
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
      case "models" -> model(text, SourceForms.withoutAuthority(rest));
      default -> elsewhere(text);
    };
  }

  private static RunFolder runFolder(String text, String rest) {
    int slash = rest.indexOf('/');
    String runId = slash < 0 ? rest : rest.substring(0, slash);
    try {
      return new RunFolder(
          text, new RunId(runId), SourceForms.safePath(slash < 0 ? "" : rest.substring(slash + 1)));
    } catch (InvalidValueException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException("must be runs:/<run_id>/<path>; " + e.getMessage(), e);
    }
  }

  private static PackageSource model(String text, String rest) {
    if (LoggedModelId.isLoggedModelId(rest)) {
      return new LoggedModel(text, new LoggedModelId(rest));
    }
    Matcher form = SourceForms.MODEL_VERSION.matcher(rest);
    if (!form.matches()) {
      throw new IllegalArgumentException(
          "must be models:/<name>/<version> or models:/<id of a logged model>");
    }
    return new OtherVersion(
        text, new ModelName(form.group(1)), new VersionNumber(Long.parseLong(form.group(2))));
  }

  private static Elsewhere elsewhere(String text) {
    String decoded = SourceForms.decode(text);
    if (decoded.indexOf('\0') >= 0 || decoded.matches("(.*[/\\\\])?\\.\\.?([/\\\\].*)?")) {
      throw SourceForms.unsafe("must not contain . or .. segments, nor NUL");
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

    private static final Pattern LOCAL =
        Pattern.compile("/.*|[A-Za-z]:.*|file:.*", Pattern.DOTALL | Pattern.CASE_INSENSITIVE);

    private SourceForms() {}

    private static void checkText(String text) {
      if (text.isBlank()) {
        throw InvalidValueException.missing();
      }
      if (text.length() > MAX_LENGTH) {
        throw InvalidValueException.tooLong(text.length(), MAX_LENGTH);
      }
    }

    private static boolean isLocal(String text) {
      return LOCAL.matcher(text).matches();
    }

    private static InvalidValueException local() {
      return new InvalidValueException(
          LOCAL_PATH, "is on the caller's machine; upload it to the artifact service first");
    }

    private static InvalidValueException unsafe(String problem) {
      return new InvalidValueException(UNSAFE, problem);
    }

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
        throw unsafe("must be a relative path");
      }
      if (decoded.chars().anyMatch(c -> c == '\\' || c == '#' || Character.isISOControl(c))) {
        throw unsafe("must not contain a backslash, # or control characters");
      }
      for (String segment : decoded.split("/", -1)) {
        if (segment.isEmpty() || segment.equals(".") || segment.equals("..")) {
          throw unsafe("must not have empty, . or .. segments");
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
      throw unsafe("is percent-encoded too many times");
    }
  }
}
