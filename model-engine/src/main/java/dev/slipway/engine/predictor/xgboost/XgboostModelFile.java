package dev.slipway.engine.predictor.xgboost;

import dev.slipway.engine.error.ModelPackageException;
import dev.slipway.engine.error.UnsupportedModelException;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A model file in UBJSON or JSON, made readable for the engine's XGBoost 3.0.
 *
 * <p>Since 3.1 XGBoost writes the intercept {@code base_score} as a list, one value per class or
 * target. 3.0 reads such a list as zero without a word and answers wrong numbers. So a list of one
 * value is rewritten as that value, and one of several is taken out of the file and applied by
 * {@link Intercept}.
 *
 * <p>Format: XGBoost's <a
 * href="https://xgboost.readthedocs.io/en/stable/tutorials/saving_model.html">model IO</a>. The
 * keys looked for come after the trees, so the last occurrence is theirs and never part of a name
 * that a user chose.
 */
final class XgboostModelFile {

  /** The newest format that was compared with the Python library of the same version. */
  private static final int NEWEST_MAJOR = 3;

  private static final int NEWEST_MINOR = 2;

  private static final int TAIL_BYTES = 1 << 20;

  /** Matches in text of one character per byte; UBJSON has an 8-byte length before every string. */
  private enum Format {
    JSON(
        "\"base_score\"\\s*:\\s*\"([^\"]*)\"",
        "\"version\"\\s*:\\s*\\[\\s*(\\d+)\\s*,\\s*(\\d+)",
        "\"name\"\\s*:\\s*\"([a-z]+:[a-z0-9_]+)\""),
    UBJSON(
        "base_scoreSL.{8}([-+0-9.,eE\\[\\]]*)",
        "version\\[#L.{8}i(.)i(.)", "nameSL.{8}([a-z]+:[a-z0-9_]+)");

    private final Pattern baseScore;
    private final Pattern version;
    private final Pattern objective;

    Format(String baseScore, String version, String objective) {
      this.baseScore = Pattern.compile(baseScore, Pattern.DOTALL);
      this.version = Pattern.compile(version, Pattern.DOTALL);
      this.objective = Pattern.compile(objective, Pattern.DOTALL);
    }
  }

  private final Format format;
  private final byte[] content;
  private final Optional<Intercept> intercept;

  private XgboostModelFile(Format format, byte[] content, Optional<Intercept> intercept) {
    this.format = format;
    this.content = content;
    this.intercept = intercept;
  }

  /**
   * Reads a file.
   *
   * @param name its name, for messages
   * @throws ModelPackageException if it is neither format
   * @throws UnsupportedModelException if a newer XGBoost wrote it, or its intercept cannot be given
   *     to the engine
   */
  static XgboostModelFile parse(byte[] bytes, String name) {
    if (bytes.length < 2 || bytes[0] != '{') {
      throw new ModelPackageException(
          name
              + " is not an XGBoost model in UBJSON or JSON: save it again with a current XGBoost"
              + " as model.ubj");
    }
    Format format = bytes[1] == '"' || bytes[1] <= ' ' ? Format.JSON : Format.UBJSON;
    int start = Math.max(0, bytes.length - TAIL_BYTES);
    String tail = new String(bytes, start, bytes.length - start, StandardCharsets.ISO_8859_1);
    Matcher score = last(format.baseScore, tail);
    if (score == null && start > 0) {
      start = 0;
      tail = new String(bytes, StandardCharsets.ISO_8859_1);
      score = last(format.baseScore, tail);
    }
    checkVersion(format, tail, name);
    if (score == null || !score.group(1).startsWith("[")) {
      return new XgboostModelFile(format, bytes, Optional.empty());
    }
    String[] values = score.group(1).replaceAll("[\\[\\]\\s]", "").split(",", -1);
    if (values.length == 1) {
      return new XgboostModelFile(
          format, replace(bytes, format, start, score, values[0]), Optional.empty());
    }
    Matcher objective = last(format.objective, tail);
    if (objective == null || !Intercept.supports(objective.group(1))) {
      throw new UnsupportedModelException(
          name
              + " has one intercept per output, which XGBoost 3.0 cannot apply to its objective "
              + (objective == null ? "" : objective.group(1))
              + ": train it with base_score set to one number");
    }
    float[] intercept = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      intercept[i] = number(values[i], name);
    }
    return new XgboostModelFile(
        format,
        replace(bytes, format, start, score, "0E0"),
        Optional.of(new Intercept(intercept, objective.group(1))));
  }

  private static Matcher last(Pattern pattern, String text) {
    Matcher matcher = pattern.matcher(text);
    int position = -1;
    while (matcher.find()) {
      position = matcher.start();
    }
    return position >= 0 && matcher.find(position) ? matcher : null;
  }

  private static void checkVersion(Format format, String tail, String name) {
    Matcher version = last(format.version, tail);
    if (version == null) {
      return;
    }
    boolean text = format == Format.JSON;
    int major = text ? Integer.parseInt(version.group(1)) : version.group(1).charAt(0);
    int minor = text ? Integer.parseInt(version.group(2)) : version.group(2).charAt(0);
    if (major > NEWEST_MAJOR || (major == NEWEST_MAJOR && minor > NEWEST_MINOR)) {
      throw new UnsupportedModelException(
          name
              + " was written by XGBoost "
              + major
              + "."
              + minor
              + "; models up to "
              + NEWEST_MAJOR
              + "."
              + NEWEST_MINOR
              + " are read: save it with such a version, or convert it to ONNX");
    }
  }

  private static float number(String text, String name) {
    try {
      return Float.parseFloat(text);
    } catch (NumberFormatException e) {
      throw new ModelPackageException(
          name + " has the intercept " + text + ", which is not a number", e);
    }
  }

  private static byte[] replace(
      byte[] bytes, Format format, int start, Matcher found, String value) {
    int from = start + found.start(1);
    int to = start + found.end(1);
    ByteArrayOutputStream out = new ByteArrayOutputStream(bytes.length);
    if (format == Format.UBJSON) {
      out.write(bytes, 0, from - Long.BYTES);
      out.writeBytes(ByteBuffer.allocate(Long.BYTES).putLong(value.length()).array());
    } else {
      out.write(bytes, 0, from);
    }
    out.writeBytes(value.getBytes(StandardCharsets.US_ASCII));
    out.write(bytes, to, bytes.length - to);
    return out.toByteArray();
  }

  /** Returns what the engine is to load. */
  byte[] content() {
    return content;
  }

  /** Returns engine and format in the protocol's convention. */
  String platform() {
    return format == Format.JSON ? "xgboost_json" : "xgboost_ubj";
  }

  /** Returns the intercept that the engine was not given. */
  Optional<Intercept> intercept() {
    return intercept;
  }
}
