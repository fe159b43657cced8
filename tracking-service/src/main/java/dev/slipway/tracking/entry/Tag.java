package dev.slipway.tracking.entry;

import java.util.Objects;

/**
 * Is a free label; setting a key again replaces its value.
 *
 * @param key by the rule of {@link EntryKey}
 * @param value any text, possibly empty
 */
public record Tag(String key, String value) {
  /** The most characters of a tag's value on a run or a logged model. */
  public static final int MAX_VALUE_CHARS = 8000;

  /** The most characters of a tag's value on an experiment. */
  public static final int MAX_EXPERIMENT_VALUE_CHARS = 5000;

  /** The most tags of one request. */
  public static final int MAX_PER_REQUEST = 100;

  /** The tag that mirrors a run's name. */
  public static final String RUN_NAME = "mlflow.runName";

  /** The tag from which a run takes its user when none is given. */
  public static final String USER = "mlflow.user";

  /** Rejects nulls. */
  public Tag {
    Objects.requireNonNull(key);
    Objects.requireNonNull(value);
  }
}
