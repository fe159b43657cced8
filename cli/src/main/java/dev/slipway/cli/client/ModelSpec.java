package dev.slipway.cli.client;

import dev.slipway.registry.v1.ResolveVersionRequest;
import dev.slipway.registry.v1.Stage;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A version of a model as people name it: {@code MODEL}, {@code MODEL/NUMBER}, {@code MODEL@STAGE}
 * or {@code MODEL@ALIAS}. A model alone means the version in Production.
 *
 * @param model registered model name
 * @param version number, stage, alias or {@code latest}; {@code Production} when none was given
 */
public record ModelSpec(String model, String version) {
  private static final Pattern FORM = Pattern.compile("([^/@]+)(?:/([0-9]{1,18})|@([^/@]+))?");

  /**
   * Reads what somebody has typed.
   *
   * @throws IllegalArgumentException if it is none of the forms
   */
  public static ModelSpec parse(String text) {
    Matcher matcher = FORM.matcher(text);
    if (!matcher.matches() || (matcher.group(2) != null && Long.parseLong(matcher.group(2)) < 1)) {
      throw new IllegalArgumentException(
          "\"" + text + "\" is no model; write MODEL, MODEL/NUMBER, MODEL@STAGE or MODEL@ALIAS");
    }
    String number = matcher.group(2);
    String label = matcher.group(3);
    return new ModelSpec(
        matcher.group(1), number != null ? number : label != null ? label : "Production");
  }

  /** Returns the question to the registry, which version that is. */
  public ResolveVersionRequest toRequest() {
    ResolveVersionRequest.Builder request = ResolveVersionRequest.newBuilder().setName(model);
    if (version.chars().allMatch(Character::isDigit)) {
      return request.setVersion(Long.parseLong(version)).build();
    }
    return switch (version.toLowerCase(java.util.Locale.ROOT)) {
      case "none" -> request.setStage(Stage.STAGE_NONE).build();
      case "staging" -> request.setStage(Stage.STAGE_STAGING).build();
      case "production" -> request.setStage(Stage.STAGE_PRODUCTION).build();
      case "archived" -> request.setStage(Stage.STAGE_ARCHIVED).build();
      case "latest" -> request.setLatest(true).build();
      default -> request.setAlias(version).build();
    };
  }
}
