package dev.slipway.serving.model;

import dev.slipway.serving.catalog.Stage;
import java.util.Optional;

/**
 * Matches stages of models by the models' names.
 *
 * @param name which models
 * @param stage the only stage that matches; empty for all
 */
public record StagePattern(NamePattern name, Optional<Stage> stage) {
  /** Matches every stage of every model. */
  public static final StagePattern ALL = parse("*");

  /**
   * Reads a pattern of names, or one of names followed by {@code @staging} or {@code @production}
   * in any letter case. After any other {@code @} it is part of the name.
   */
  public static StagePattern parse(String text) {
    int at = text.lastIndexOf('@');
    Optional<Stage> stage = at < 0 ? Optional.empty() : Stage.findByText(text.substring(at + 1));
    return stage.filter(Stage::isServed).isPresent()
        ? new StagePattern(new NamePattern(text.substring(0, at)), stage)
        : new StagePattern(new NamePattern(text), Optional.empty());
  }

  /** Tells whether a model's stage matches. */
  public boolean matches(String model, Stage other) {
    return stage.map(other::equals).orElse(true) && name.matches(model);
  }
}
