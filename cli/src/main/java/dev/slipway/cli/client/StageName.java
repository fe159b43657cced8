package dev.slipway.cli.client;

import dev.slipway.registry.v1.Stage;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads and writes stages as people name them: None, Staging, Production, Archived. Stateless. */
public final class StageName implements ITypeConverter<Stage> {
  private static final Map<String, Stage> STAGES =
      Map.of(
          "none", Stage.STAGE_NONE,
          "staging", Stage.STAGE_STAGING,
          "production", Stage.STAGE_PRODUCTION,
          "archived", Stage.STAGE_ARCHIVED);

  /** Returns the stage of a name in any case. */
  public static Optional<Stage> find(String name) {
    return Optional.ofNullable(STAGES.get(name.toLowerCase(Locale.ROOT)));
  }

  /** Returns the name of a stage. */
  public static String of(Stage stage) {
    return switch (stage) {
      case STAGE_STAGING -> "Staging";
      case STAGE_PRODUCTION -> "Production";
      case STAGE_ARCHIVED -> "Archived";
      case STAGE_NONE, STAGE_UNSPECIFIED, UNRECOGNIZED -> "None";
    };
  }

  @Override
  public Stage convert(String text) {
    return find(text)
        .orElseThrow(
            () ->
                new TypeConversionException(
                    "'" + text + "' is no stage: none, staging, production or archived"));
  }
}
