package dev.slipway.cli.traffic;

import dev.slipway.cli.client.ModelSpec;
import dev.slipway.cli.client.StageName;
import dev.slipway.serving.v1.VersionSelector;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Reads which version is meant, as the version slot of Open Inference: digits are a number, then a
 * stage or {@code latest} in any case, else an alias.
 */
final class SelectorText implements ITypeConverter<VersionSelector> {
  @Override
  public VersionSelector convert(String text) {
    if (text.isEmpty()) {
      throw new TypeConversionException("give a version, an alias, a stage or latest");
    }
    if (!text.chars().allMatch(c -> c >= '0' && c <= '9')) {
      return ModelSpec.named(text);
    }
    try {
      return VersionSelector.newBuilder().setVersion(Long.parseLong(text)).build();
    } catch (NumberFormatException e) {
      throw new TypeConversionException("no version has the number " + text);
    }
  }

  /** Writes a selector for people. */
  static String write(VersionSelector selector) {
    return switch (selector.getChoiceCase()) {
      case VERSION -> "version " + selector.getVersion();
      case ALIAS -> "alias " + selector.getAlias();
      case LATEST -> "the latest version";
      case STAGE -> "the version in " + StageName.of(selector.getStage());
      case CHOICE_NOT_SET -> "no version";
    };
  }
}
