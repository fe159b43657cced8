package dev.slipway.cli.client;

import dev.slipway.registry.v1.ResolveVersionRequest;
import dev.slipway.registry.v1.Stage;
import dev.slipway.serving.v1.VersionSelector;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * Names a version of a model as people write it: {@code digits} for the one in Production, {@code
 * digits/3}, {@code digits@staging}, {@code digits@latest}, or an alias, {@code digits@champion}.
 *
 * @param model registered model name
 * @param selector which version; without a choice the one in Production
 */
public record ModelSpec(String model, VersionSelector selector) {
  /** Is how people may write it, for the help of a command. */
  public static final String FORMS =
      "MODEL, MODEL/VERSION, MODEL@STAGE, MODEL@ALIAS or MODEL@latest";

  private static final Pattern FORM =
      Pattern.compile("(?<model>[^/@]+)(/(?<version>[1-9][0-9]{0,17})|@(?<name>.+))?");

  /**
   * Returns which version a stage's name or {@code latest}, in any case, or else an alias means.
   */
  public static VersionSelector named(String name) {
    VersionSelector.Builder selector = VersionSelector.newBuilder();
    if (name.equalsIgnoreCase("latest")) {
      return selector.setLatest(true).build();
    }
    return StageName.find(name)
        .map(stage -> selector.setStage(stage).build())
        .orElseGet(() -> selector.setAlias(name).build());
  }

  /** Returns whether it says which version, and not the model alone. */
  public boolean namesVersion() {
    return selector.getChoiceCase() != VersionSelector.ChoiceCase.CHOICE_NOT_SET;
  }

  /** Returns the question to the registry, which version that is. */
  public ResolveVersionRequest toRequest() {
    ResolveVersionRequest.Builder request = ResolveVersionRequest.newBuilder().setName(model);
    switch (selector.getChoiceCase()) {
      case VERSION -> request.setVersion(selector.getVersion());
      case STAGE -> request.setStage(selector.getStage());
      case ALIAS -> request.setAlias(selector.getAlias());
      case LATEST -> request.setLatest(true);
      case CHOICE_NOT_SET -> request.setStage(Stage.STAGE_PRODUCTION);
    }
    return request.build();
  }

  /** Reads it from a command line. */
  public static final class Converter implements ITypeConverter<ModelSpec> {
    @Override
    public ModelSpec convert(String text) {
      Matcher form = FORM.matcher(text);
      if (!form.matches()) {
        throw new TypeConversionException("'" + text + "' names no model: give " + FORMS);
      }
      String model = form.group("model");
      if (form.group("version") != null) {
        long number = Long.parseLong(form.group("version"));
        return new ModelSpec(model, VersionSelector.newBuilder().setVersion(number).build());
      }
      String name = form.group("name");
      return new ModelSpec(
          model, name == null ? VersionSelector.getDefaultInstance() : named(name));
    }
  }
}
