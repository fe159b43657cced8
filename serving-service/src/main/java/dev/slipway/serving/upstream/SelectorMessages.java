package dev.slipway.serving.upstream;

import dev.slipway.runtime.error.Violations;
import dev.slipway.serving.catalog.Selector;
import dev.slipway.serving.catalog.Stage;
import dev.slipway.serving.v1.VersionSelector;
import java.util.Optional;

/** Turns messages that select a version, and stages, into catalog values and back. */
public final class SelectorMessages {
  private SelectorMessages() {}

  /**
   * Reads a selector, noting what is wrong with it; one that is unset means Production.
   *
   * @param field path of the selector in its request
   */
  public static Selector read(String field, VersionSelector message, Violations violations) {
    return switch (message.getChoiceCase()) {
      case CHOICE_NOT_SET -> Selector.PRODUCTION;
      case VERSION ->
          violations
              .<Long, Selector>parse(
                  field + ".version", message.getVersion(), Selector.Numbered::new)
              .orElse(Selector.PRODUCTION);
      case ALIAS ->
          violations
              .<String, Selector>parse(field + ".alias", message.getAlias(), Selector.Aliased::new)
              .orElse(Selector.PRODUCTION);
      case LATEST -> {
        if (!message.getLatest()) {
          violations.add(field + ".latest", "must be true when given");
        }
        yield new Selector.Latest();
      }
      case STAGE -> {
        Optional<Stage> stage = stage(message.getStage());
        if (stage.isEmpty()) {
          violations.add(field + ".stage", "must be None, Staging, Production or Archived");
        }
        yield new Selector.InStage(stage.orElse(Stage.PRODUCTION));
      }
    };
  }

  static VersionSelector write(Selector selector) {
    VersionSelector.Builder message = VersionSelector.newBuilder();
    if (selector instanceof Selector.InStage inStage) {
      message.setStage(stage(inStage.stage()));
    } else if (selector instanceof Selector.Numbered numbered) {
      message.setVersion(numbered.version());
    } else if (selector instanceof Selector.Aliased aliased) {
      message.setAlias(aliased.alias());
    } else {
      message.setLatest(true);
    }
    return message.build();
  }

  /** Reads a stage; empty for one that is unset or unknown. */
  static Optional<Stage> stage(dev.slipway.registry.v1.Stage stage) {
    return switch (stage) {
      case STAGE_NONE -> Optional.of(Stage.NONE);
      case STAGE_STAGING -> Optional.of(Stage.STAGING);
      case STAGE_PRODUCTION -> Optional.of(Stage.PRODUCTION);
      case STAGE_ARCHIVED -> Optional.of(Stage.ARCHIVED);
      case STAGE_UNSPECIFIED, UNRECOGNIZED -> Optional.empty();
    };
  }

  /** Reads the stage that a traffic rule is for, noting what is wrong; unset means Production. */
  public static Stage servedStage(
      String field, dev.slipway.registry.v1.Stage stage, Violations violations) {
    return switch (stage) {
      case STAGE_UNSPECIFIED, STAGE_PRODUCTION -> Stage.PRODUCTION;
      case STAGE_STAGING -> Stage.STAGING;
      case STAGE_NONE, STAGE_ARCHIVED, UNRECOGNIZED -> {
        violations.add(field, "must be Staging or Production");
        yield Stage.PRODUCTION;
      }
    };
  }

  /** Writes a stage. */
  public static dev.slipway.registry.v1.Stage stage(Stage stage) {
    return switch (stage) {
      case NONE -> dev.slipway.registry.v1.Stage.STAGE_NONE;
      case STAGING -> dev.slipway.registry.v1.Stage.STAGE_STAGING;
      case PRODUCTION -> dev.slipway.registry.v1.Stage.STAGE_PRODUCTION;
      case ARCHIVED -> dev.slipway.registry.v1.Stage.STAGE_ARCHIVED;
    };
  }
}
