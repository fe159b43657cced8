package dev.slipway.client;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Is a spec of an asset taken apart, {@code name[:version][[part]]}, as {@code
 * slipway.artifact.v1.Asset} has it. What a name, version or part may be is for the service to say.
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
    return new AssetSpec(text, form.group(1), orEmpty(form.group(2)), orEmpty(form.group(3)));
  }

  private static String orEmpty(String text) {
    return text == null ? "" : text;
  }

  /** Returns whether it means the same version forever. */
  boolean isComplete() {
    return COMPLETE.matcher(version).matches();
  }
}
