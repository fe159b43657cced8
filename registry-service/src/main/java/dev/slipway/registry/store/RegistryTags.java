package dev.slipway.registry.store;

import dev.slipway.runtime.search.Operator;
import dev.slipway.runtime.search.sql.KeyedRows;
import dev.slipway.runtime.search.sql.SqlText;

/**
 * Compares tags of models and versions as MLflow's clients expect: things without the tag match
 * nothing, except that {@code !=} on a key of MLflow's own matches them. Clients of MLflow 3 hide
 * prompts with {@code tags.`mlflow.prompt.is_prompt` != 'true'}, and what never was a prompt has no
 * such tag.
 */
final class RegistryTags {
  private static final String RESERVED = "mlflow.";

  private RegistryTags() {}

  static void compare(SqlText out, KeyedRows tags, String key, Operator operator, String text) {
    if (operator == Operator.NOT_EQUAL && key.startsWith(RESERVED)) {
      tags.compareText(out.sql("NOT "), key, Operator.EQUAL, text);
    } else {
      tags.compareText(out, key, operator, text);
    }
  }
}
