package dev.slipway.client;

import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Is a spec of an asset taken apart, {@code name[:version][[part]]}, as {@code
 * slipway.artifact.v1.Asset} has it. What a name or version may be is for the service to say, as is
 * what more there is to know of a part than that it lies inside.
 *
 * @param text the whole
 * @param name the asset
 * @param version complete, partial or empty
 * @param part file or folder inside; empty for the whole
 */
record AssetSpec(String text, String name, String version, String part) {
  private static final Pattern FORM =
      Pattern.compile("([^:\\[\\]]+)(?::([^:\\[\\]]+))?(?:\\[(.+)])?", Pattern.DOTALL);
  private static final Pattern COMPLETE =
      Pattern.compile("\\d{1,9}\\.\\d{1,9}|\\d{4}-\\d\\d-\\d\\dT\\d\\d-\\d\\d-\\d\\dZ");

  /**
   * Reads a spec.
   *
   * @throws IllegalArgumentException if the text is none
   */
  static AssetSpec parse(String text) {
    Matcher form = FORM.matcher(text);
    if (!form.matches()) {
      throw new IllegalArgumentException(text + " is no asset: write name[:version][[part]]");
    }
    String part = orEmpty(form.group(3));
    if (!part.isEmpty() && !isInside(part)) {
      throw new IllegalArgumentException(
          text + ": a part is a relative path without empty segments, . or ..");
    }
    return new AssetSpec(text, form.group(1), orEmpty(form.group(2)), part);
  }

  private static boolean isInside(String part) {
    return part.chars().noneMatch(c -> c < ' ' || c == '\\')
        && List.of(part.split("/", -1)).stream()
            .noneMatch(segment -> segment.isEmpty() || segment.equals(".") || segment.equals(".."));
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }

  /** Returns whether it means the same version forever. */
  boolean isComplete() {
    return COMPLETE.matcher(version).matches();
  }
}
