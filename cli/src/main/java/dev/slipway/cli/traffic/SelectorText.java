package dev.slipway.cli.traffic;

import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.v1.VersionSelector;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads which version is meant, as the version slot of Open Inference: digits are a number, then a
 * stage or {@code latest} in any case, else an alias.
 */
final class SelectorText implements ITypeConverter<VersionSelector> {
  private static final Map<String, Stage> STAGES =
      Map.of(
          "none", Stage.STAGE_NONE,
          "staging", Stage.STAGE_STAGING,
          "production", Stage.STAGE_PRODUCTION,
          "archived", Stage.STAGE_ARCHIVED);

  @Override
  public VersionSelector convert(String text) {
    VersionSelector.Builder selector = VersionSelector.newBuilder();
    String lower = text.toLowerCase(Locale.ROOT);
    if (text.isEmpty()) {
      throw new TypeConversionException("give a version, an alias, a stage or latest");
    } else if (text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      try {
        selector.setVersion(Long.parseLong(text));
      } catch (NumberFormatException e) {
        throw new TypeConversionException("no version has the number " + text);
      }
    } else if (lower.equals("latest")) {
      selector.setLatest(true);
    } else if (STAGES.containsKey(lower)) {
      selector.setStage(STAGES.get(lower));
    } else {
      selector.setAlias(text);
    }
    return selector.build();
  }

  /** Writes a selector for people. */
  static String write(VersionSelector selector) {
    return switch (selector.getChoiceCase()) {
      case VERSION -> "version " + selector.getVersion();
      case ALIAS -> "alias " + selector.getAlias();
      case LATEST -> "the latest version";
      case STAGE -> "the version in " + RuleText.stage(selector.getStage());
      case CHOICE_NOT_SET -> "no version";
    };
  }
}
